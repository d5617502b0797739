package scale

import (
	"fmt"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// counts are what makes a bill's lines of a template, in the bill's order.
var counts = []func(cfn.Template) ([]Line, error){hourly, tasks, insights, metrics, polling, logs}

// unit is how many units of a price a resource is in a month.
type unit struct {
	what, price string
	units       float64
	setting     string
}

// priced are the types that cost by being there. A type without units is counted by
// its properties, in the functions of counts.
var priced = map[string][]unit{
	"AWS::EC2::NatGateway":                       {{"NAT gateways", "nat-hour", hoursInMonth, "`natGateways`, `vpc`"}},
	"AWS::EC2::EIP":                              {{"Public IPv4 addresses", "public-ipv4", hoursInMonth, "`natGateways`, `vpc`"}},
	"AWS::ElasticLoadBalancingV2::LoadBalancer":  {{"Load balancer", "load-balancer", hoursInMonth, ""}},
	"AWS::CloudWatch::Dashboard":                 {{"Dashboard", "dashboard", 1, "`dashboard`"}},
	"AWS::CloudWatch::CompositeAlarm":            {{"Composite alarm", "composite-alarm", 1, "`alarmEmail`, `alarmTopicArn`"}},
	"AWS::SecretsManager::Secret":                {{"Secret", "secret", 1, ""}},
	"AWS::EC2::VPCEndpoint":                      nil,
	"AWS::ECS::TaskDefinition":                   nil,
	"AWS::ECS::Cluster":                          nil,
	"AWS::CloudWatch::Alarm":                     nil,
	"AWS::ApplicationAutoScaling::ScalingPolicy": nil,
	"AWS::ApiGatewayV2::Stage":                   nil,
	"AWS::Logs::LogGroup":                        nil,
}

// hourly counts what costs the same whatever its properties, and interface
// endpoints by zone. Gateway endpoints cost nothing.
func hourly(template cfn.Template) ([]Line, error) {
	var lines []Line
	for _, kind := range []string{"AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::SecretsManager::Secret", "AWS::CloudWatch::Dashboard", "AWS::CloudWatch::CompositeAlarm"} {
		n := float64(len(template.OfType(kind)))
		for _, u := range priced[kind] {
			lines = append(lines, Line{u.what, u.price, n * u.units, u.setting})
		}
	}
	zones := 0
	for _, r := range template.OfType("AWS::EC2::VPCEndpoint") {
		if r.Properties["VpcEndpointType"] == "Interface" {
			zones += len(cfn.List(r.Properties["SubnetIds"]))
		}
	}
	return append(lines, Line{"Interface endpoints", "interface-endpoint", float64(zones) * hoursInMonth, "`interfaceEndpoints`"}), nil
}

// Size is what a task has, and how many there are of a service.
type Size struct {
	// CPU is in vCPU, Memory in GB.
	CPU, Memory float64
	// Least and Most are what scaling keeps to.
	Least, Most int
	// Architecture is "x86" or "arm", as prices name it.
	Architecture string
	// Share is the part of the time in which tasks run.
	Share float64
}

// Hour returns the dollars of one task and hour.
func (s Size) Hour(prices Prices) float64 {
	return s.CPU*prices.Of("fargate-"+s.Architecture+"-vcpu") + s.Memory*prices.Of("fargate-"+s.Architecture+"-gb")
}

// atRest returns how many tasks run at rest, as a mean over the time.
func (s Size) atRest() float64 { return float64(s.Least) * s.Share }

// The services, by the beginnings of their resources' logical IDs.
const (
	web    = "Webhook"
	worker = "Worker"
)

// SizeOf returns the size of a service's tasks.
func SizeOf(template cfn.Template, service string) (Size, error) {
	var definition struct {
		Cpu, Memory     int `json:",string"`
		RuntimePlatform struct{ CpuArchitecture string }
	}
	var target struct {
		MinCapacity, MaxCapacity int
		ScheduledActions         []scheduledAction
	}
	for kind, into := range map[string]any{"AWS::ECS::TaskDefinition": &definition, "AWS::ApplicationAutoScaling::ScalableTarget": &target} {
		r, err := only(template, kind, service)
		if err == nil {
			err = r.Decode(into)
		}
		if err != nil {
			return Size{}, err
		}
	}
	architecture, known := map[string]string{"X86_64": "x86", "ARM64": "arm"}[definition.RuntimePlatform.CpuArchitecture]
	if !known {
		return Size{}, fmt.Errorf("%s: no price for the architecture %q: add it to internal/scale", service, definition.RuntimePlatform.CpuArchitecture)
	}
	share, err := shareOf(target.ScheduledActions)
	if err != nil {
		return Size{}, fmt.Errorf("%s: %w", service, err)
	}
	return Size{float64(definition.Cpu) / 1024, float64(definition.Memory) / 1024, target.MinCapacity, target.MaxCapacity, architecture, share}, nil
}

// spot says whether a service's tasks are on Fargate Spot.
func spot(template cfn.Template, service string) (bool, error) {
	r, err := only(template, "AWS::ECS::Service", service)
	if err != nil {
		return false, err
	}
	var properties struct {
		CapacityProviderStrategy []struct{ CapacityProvider string }
	}
	if err := r.Decode(&properties); err != nil {
		return false, err
	}
	for _, one := range properties.CapacityProviderStrategy {
		if one.CapacityProvider == "FARGATE_SPOT" {
			return true, nil
		}
	}
	return false, nil
}

// only returns the only resource of a type whose logical ID begins with a prefix.
func only(template cfn.Template, kind, prefix string) (cfn.Resource, error) {
	var found []cfn.Resource
	for _, r := range template.OfType(kind) {
		if strings.HasPrefix(r.ID, prefix) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return cfn.Resource{}, fmt.Errorf("%d resources of the type %s begin with %q: name one", len(found), kind, prefix)
	}
	return found[0], nil
}

// tasks counts those that scaling always keeps.
func tasks(template cfn.Template) ([]Line, error) {
	var lines []Line
	for _, it := range []struct{ service, what, setting string }{
		{web, "Web tasks", "`cpu`, `memory`, `desiredCount`, `architecture`"},
		{worker, "Worker tasks", "`workerCpu`, `workerMemory`, `workerMinCount`, `workerSpot`, `workerHours`, `architecture`"},
	} {
		size, err := SizeOf(template, it.service)
		if err != nil {
			return nil, err
		}
		what := it.what
		if onSpot, err := spot(template, it.service); err != nil {
			return nil, err
		} else if onSpot {
			what += ", at most: without Spot's discount"
		}
		hours := size.atRest() * hoursInMonth
		lines = append(lines,
			Line{what, "fargate-" + size.Architecture + "-vcpu", hours * size.CPU, it.setting},
			Line{what, "fargate-" + size.Architecture + "-gb", hours * size.Memory, it.setting})
	}
	return lines, nil
}
