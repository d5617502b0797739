package fargate

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// span is what a figure may be, both ends included.
type span struct{ least, most int32 }

// Seconds, or attempts, that a definition may set.
// Source: ECS API reference, ContainerDefinition and HealthCheck.
var (
	// stopSeconds are Fargate's, startSeconds as well.
	stopSeconds  = span{2, 120}
	startSeconds = span{2, 120}

	healthInterval    = span{5, 300}
	healthTimeout     = span{2, 60}
	healthRetries     = span{1, 10}
	healthStartPeriod = span{0, 300}
	ports             = span{1, 65535}
)

// beyond returns a fault where a figure is given and isn't within a span.
func (s span) beyond(value *int32, name string) []string {
	outside := value != nil && (*value < s.least || *value > s.most)
	return where(outside, "%s %d isn't from %d to %d", name, aws.ToInt32(value), s.least, s.most)
}

// figures are the rules of times, health checks and ports.
//
// Source: ECS API reference, ContainerDefinition, HealthCheck and PortMapping.
var figures = []rule{
	{"stopTimeout", "take seconds that Fargate grants", inEach(func(c types.ContainerDefinition) []string {
		return stopSeconds.beyond(c.StopTimeout, "stopTimeout")
	})},
	{"startTimeout", "take seconds that Fargate grants", inEach(func(c types.ContainerDefinition) []string {
		return startSeconds.beyond(c.StartTimeout, "startTimeout")
	})},
	{"health check's figures", "take a figure that ECS does", inEach(func(c types.ContainerDefinition) []string {
		check := c.HealthCheck
		if check == nil {
			return nil
		}
		return slices.Concat(
			healthInterval.beyond(check.Interval, "healthCheck.interval"),
			healthTimeout.beyond(check.Timeout, "healthCheck.timeout"),
			healthRetries.beyond(check.Retries, "healthCheck.retries"),
			healthStartPeriod.beyond(check.StartPeriod, "healthCheck.startPeriod"),
		)
	})},
	// NONE, alone, turns the check off, as Docker has it.
	{"health check's command", "begin with CMD or CMD-SHELL, then what to run", inEach(func(c types.ContainerDefinition) []string {
		if c.HealthCheck == nil {
			return nil
		}
		command := c.HealthCheck.Command
		runs := len(command) > 1 && (command[0] == "CMD" || command[0] == "CMD-SHELL")
		return where(!runs && !slices.Equal(command, []string{"NONE"}), "healthCheck.command %q", command)
	})},
	{"hostPort", "leave it out: with awsvpc it is the containerPort", inEach(func(c types.ContainerDefinition) []string {
		var found []string
		for _, m := range c.PortMappings {
			found = append(found, where(m.HostPort != nil && *m.HostPort != aws.ToInt32(m.ContainerPort),
				"hostPort %d with containerPort %d", aws.ToInt32(m.HostPort), aws.ToInt32(m.ContainerPort))...)
		}
		return found
	})},
	{"containerPort", "give each container a port of its own: they share one network", func(d types.TaskDefinition) []string {
		var found, seen []string
		for _, m := range mappings(d) {
			found = append(found, ports.beyond(m.ContainerPort, "containerPort")...)
			port := exposed(m)
			found = append(found, where(slices.Contains(seen, port), "containerPort %d twice", aws.ToInt32(m.ContainerPort))...)
			seen = append(seen, port)
		}
		return found
	}},
	{"protocol", "use tcp or udp", inEach(func(c types.ContainerDefinition) []string {
		var found []string
		for _, m := range c.PortMappings {
			known := m.Protocol == "" || m.Protocol == types.TransportProtocolTcp || m.Protocol == types.TransportProtocolUdp
			found = append(found, where(!known, "protocol %q", m.Protocol)...)
		}
		return found
	})},
}
