package reachability

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"gotest.tools/v3/assert"
)

// template is a template in memory, its resources by logical ID.
type template map[string]map[string]any

// find returns the only logical ID that begins so.
func (in template) find(prefix string) string {
	var found []string
	for id := range in {
		if strings.HasPrefix(id, prefix) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		panic(fmt.Sprintf("%d resources %s, not 1", len(found), prefix))
	}
	return found[0]
}

func (in template) drop(prefix string) { delete(in, in.find(prefix)) }

func (in template) properties(prefix string) map[string]any {
	return in[in.find(prefix)]["Properties"].(map[string]any)
}

// nowhere is the rule by which the CDK lets nothing out of a group: without any, AWS
// would let out everything.
var nowhere = []any{map[string]any{"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}}

// awsvpc returns where a service's tasks run.
func (in template) awsvpc(service string) map[string]any {
	return in.properties(service)["NetworkConfiguration"].(map[string]any)["AwsvpcConfiguration"].(map[string]any)
}

func ref(id string) any { return map[string]any{"Ref": id} }

// Security groups of the dev shape, and how the logical IDs of rules begin.
const (
	link     = "IngressVpcLinkGroup27112F2C"
	balancer = "IngressLoadBalancerGroup19622DF7"
	web      = "WebhookGroupEBA49837"
	worker   = "WorkerGroupA0D555FB"

	intoWeb   = "WebhookGroupfromBenchling"
	outOfLink = "IngressVpcLinkGrouptoBenchling"
)

// mutations are changes of the dev shape, with all that they turn: connections that were
// possible and aren't, or the other way, and what is open then that isn't due.
var mutations = []struct {
	name    string
	change  func(template)
	turned  []string
	exposed []string
}{
	{name: "HTTPS out of web dropped", turned: []string{"web to internet, tcp 443"}, change: func(in template) {
		in.properties(web)["SecurityGroupEgress"] = nowhere
	}},
	{name: "all rules out of web dropped", turned: []string{"web to internet, tcp 22", "web to internet, tcp 5432", "web to internet, tcp 80"}, exposed: []string{
		"web to others in the VPC, icmp", "web to others in the VPC, tcp 0-442", "web to others in the VPC, tcp 444-65535", "web to others in the VPC, udp 0-65535",
		"web to internet, icmp", "web to internet, tcp 0-442", "web to internet, tcp 444-65535", "web to internet, udp 0-65535",
	}, change: func(in template) {
		delete(in.properties(web), "SecurityGroupEgress")
		in.properties(worker)["SecurityGroupEgress"] = append(slices.Clone(nowhere), in.properties(worker)["SecurityGroupEgress"].([]any)...)
	}},
	{name: "load balancer into web dropped", turned: []string{"load balancer to web, tcp 5000"}, change: func(in template) { in.drop(intoWeb) }},
	{name: "into web at another port", turned: []string{"load balancer to web, tcp 5000"}, change: func(in template) {
		in.properties(intoWeb)["FromPort"], in.properties(intoWeb)["ToPort"] = 8080, 8080
	}},
	{name: "web at another port", exposed: []string{"load balancer to web, tcp 5000"}, change: func(in template) {
		in.properties("WebhookServiceC")["LoadBalancers"].([]any)[0].(map[string]any)["ContainerPort"] = 8080
	}},
	{name: "into web from everywhere", turned: []string{"others in the VPC to web, tcp 5000"}, exposed: []string{"others in the VPC to web, tcp 5000"}, change: func(in template) {
		delete(in.properties(intoWeb), "SourceSecurityGroupId")
		in.properties(intoWeb)["CidrIp"] = "0.0.0.0/0"
	}},
	{name: "into web from some of the VPC", exposed: []string{"others in the VPC to web, tcp 5000-5001"}, change: func(in template) {
		in["Extra"] = map[string]any{"Type": "AWS::EC2::SecurityGroupIngress", "Properties": map[string]any{
			"GroupId": in.properties(intoWeb)["GroupId"], "IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5001, "CidrIp": "10.0.0.64/32",
		}}
	}},
	{name: "web into worker", turned: []string{"web to worker, tcp 443"}, exposed: []string{"web to worker, tcp 443"}, change: func(in template) {
		in["Extra"] = map[string]any{"Type": "AWS::EC2::SecurityGroupIngress", "Properties": map[string]any{
			"GroupId": ref(worker), "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": ref(web),
		}}
	}},
	{name: "worker in the default group", turned: []string{
		"worker to internet, tcp 22", "worker to internet, tcp 5432", "worker to internet, tcp 80", "worker to worker, tcp 443",
	}, exposed: []string{
		"worker to worker, icmp", "worker to worker, tcp 0-65535", "worker to worker, udp 0-65535",
		"worker to others in the VPC, icmp", "worker to others in the VPC, tcp 0-442", "worker to others in the VPC, tcp 444-65535", "worker to others in the VPC, udp 0-65535",
		"worker to internet, icmp", "worker to internet, tcp 0-442", "worker to internet, tcp 444-65535", "worker to internet, udp 0-65535",
	}, change: func(in template) {
		delete(in.awsvpc("WorkerService3"), "SecurityGroups")
		in.properties(web)["SecurityGroupEgress"] = append(slices.Clone(nowhere), in.properties(web)["SecurityGroupEgress"].([]any)...)
	}},
	{name: "route to NAT dropped", turned: []string{"web to internet, tcp 443", "worker to internet, tcp 443"}, change: func(in template) {
		in.drop("NetworkPrivateSubnet2DefaultRoute")
	}},
	{name: "NAT without its own route", turned: []string{"web to internet, tcp 443", "worker to internet, tcp 443"}, change: func(in template) {
		in.drop("NetworkPublicSubnet1DefaultRoute")
	}},
	{name: "internet gateway not attached", turned: []string{"web to internet, tcp 443", "worker to internet, tcp 443"}, change: func(in template) {
		in.drop("NetworkVPCGW")
	}},
	{name: "worker without a route", turned: []string{"worker to internet, tcp 443"}, change: func(in template) {
		vpc := in.properties("NetworkPrivateSubnet1Subnet")["VpcId"]
		in["Isolated"] = map[string]any{"Type": "AWS::EC2::Subnet", "Properties": map[string]any{"VpcId": vpc, "CidrBlock": "10.0.64.0/24"}}
		in.awsvpc("WorkerService3")["Subnets"] = []any{ref("Isolated")}
	}},
	{name: "worker in public subnets", turned: []string{"worker to internet, tcp 443"}, change: func(in template) {
		in.awsvpc("WorkerService3")["Subnets"] = []any{ref(in.find("NetworkPublicSubnet1Subnet"))}
	}},
	{name: "nothing out of the VPC link", turned: []string{"VPC link to load balancer, tcp 80"}, change: func(in template) {
		in.drop(outOfLink)
		in.properties(link)["SecurityGroupEgress"] = nowhere
	}},
	{name: "load balancer opened to the internet", turned: []string{"internet to load balancer, tcp 80"}, exposed: []string{
		"others in the VPC to load balancer, tcp 80", "internet to load balancer, tcp 80",
	}, change: func(in template) {
		front := in.properties("IngressLoadBalancerAE")
		front["Scheme"], front["Subnets"] = "internet-facing", []any{ref(in.find("NetworkPublicSubnet1Subnet")), ref(in.find("NetworkPublicSubnet2Subnet"))}
		in["Extra"] = map[string]any{"Type": "AWS::EC2::SecurityGroupIngress", "Properties": map[string]any{
			"GroupId": ref(balancer), "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0",
		}}
	}},
}

// changed returns a template with a change.
func changed(t *testing.T, text string, change func(template)) string {
	t.Helper()
	var whole map[string]any
	var parsed struct{ Resources template }
	assert.NilError(t, json.Unmarshal([]byte(text), &whole))
	assert.NilError(t, json.Unmarshal([]byte(text), &parsed))
	change(parsed.Resources)
	for _, resource := range parsed.Resources {
		dropMissing(resource, parsed.Resources)
	}
	whole["Resources"] = parsed.Resources
	mutated, err := json.Marshal(whole)
	assert.NilError(t, err)
	return string(mutated)
}

// dropMissing takes resources that aren't there from those on which one depends.
func dropMissing(resource map[string]any, all template) {
	if list, is := resource["DependsOn"].([]any); is {
		resource["DependsOn"] = slices.DeleteFunc(list, func(id any) bool { return all[id.(string)] == nil })
	}
}

// mutationsAreSeen deploys every mutation: it turns what it says, and nothing else.
func mutationsAreSeen(t *testing.T, config aws.Config, port int32) {
	for i, it := range mutations {
		t.Run(it.name, func(t *testing.T) {
			n := deployed(t, config, fmt.Sprintf("mutation-%d", i), changed(t, shape(t, config, "dev"), it.change))
			var turned, exposed, reasons []string
			for _, q := range questions(n, 80, port) {
				allowed, reason := n.Allows(q.from, q.to, TCP, q.port)
				if allowed != q.allowed {
					turned, reasons = append(turned, q.String()), append(reasons, reason)
				}
			}
			slices.Sort(turned)
			assert.DeepEqual(t, turned, it.turned)
			for _, x := range n.Exposed() {
				exposed = append(exposed, x.String())
			}
			assert.DeepEqual(t, exposed, it.exposed)
			t.Log(strings.Join(reasons, "\n"))
		})
	}
}
