package stacks_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/constructs"
)

// onNetworkPage are the shapes whose rules, routes and endpoints docs/network.md
// lists.
var onNetworkPage = []string{"dev", "custom-domain", "guarded"}

// pageTable returns the rows, with their first cells alone, of the table below a
// heading of docs/network.md.
func pageTable(t *testing.T, heading, header string, cells int) []string {
	t.Helper()
	page, err := os.ReadFile("../docs/network.md")
	assert.NilError(t, err)
	_, section, found := strings.Cut(string(page), "\n## "+heading+"\n")
	assert.Assert(t, found, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	_, table, found := strings.Cut(section, "\n| "+header)
	assert.Assert(t, found, "no table with the header %q", header)
	table, _, _ = strings.Cut(table, "\n\n")
	var rows []string
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[2:] {
		rows = append(rows, strings.Join(strings.Split(strings.Trim(line, "| "), " | ")[:cells], " | "))
	}
	slices.Sort(rows)
	return rows
}

// securityGroupRules returns every rule of a template's security groups, as the
// page's rows have them.
func securityGroupRules(t *testing.T, template string) []string {
	t.Helper()
	groups := map[string]string{}
	for id, group := range resources(t, template, "AWS::EC2::SecurityGroup") {
		groups["${"+id+".GroupId}"] = group.Properties["GroupDescription"].(string)
	}
	var rows []string
	row := func(group, way string, rule map[string]any) {
		peer := "the VPC's IP addresses"
		if range_, isText := rule["CidrIp"].(string); isText {
			peer = range_
		}
		for _, name := range []string{"SourceSecurityGroupId", "DestinationSecurityGroupId"} {
			if of, given := rule[name]; given {
				peer = groups[text(t, of)]
			}
		}
		port := fmt.Sprint(rule["FromPort"])
		if rule["ToPort"] != rule["FromPort"] {
			port = fmt.Sprintf("%v to %v", rule["FromPort"], rule["ToPort"])
		}
		rows = append(rows, fmt.Sprintf("%s | %s | %s | %v %s | %v", group, way, peer, rule["IpProtocol"], port, rule["Description"]))
	}
	for way, kind := range map[string]string{"in": "Ingress", "out": "Egress"} {
		for _, group := range resources(t, template, "AWS::EC2::SecurityGroup") {
			rules, _ := group.Properties["SecurityGroup"+kind].([]any)
			for _, rule := range rules {
				row(group.Properties["GroupDescription"].(string), way, rule.(map[string]any))
			}
		}
		for _, rule := range resources(t, template, "AWS::EC2::SecurityGroup"+kind) {
			row(groups[text(t, rule.Properties["GroupId"])], way, rule.Properties)
		}
	}
	return rows
}

func TestNetworkPageListsEverySecurityGroupRule(t *testing.T) {
	rules := map[string]bool{}
	for _, shape := range onNetworkPage {
		for _, row := range securityGroupRules(t, string(golden.Get(t, shape+".template.json"))) {
			rules[row] = true
		}
	}
	assert.DeepEqual(t, pageTable(t, "Security groups", "Group", 5), slices.Sorted(maps.Keys(rules)))
}

func TestNetworkPageListsEveryRoute(t *testing.T) {
	for _, shape := range onNetworkPage {
		template := string(golden.Get(t, shape+".template.json"))
		stage := only(t, template, "AWS::ApiGatewayV2::Stage")
		var rows []string
		for _, route := range resources(t, template, "AWS::ApiGatewayV2::Route") {
			key := route.Properties["RouteKey"].(string)
			who := map[any]string{"NONE": "everyone", "AWS_IAM": "IAM"}[route.Properties["AuthorizationType"]]
			limit := stage["DefaultRouteSettings"].(map[string]any)
			if own, limited := stage["RouteSettings"].(map[string]any)[key]; limited {
				limit = own.(map[string]any)
			}
			rows = append(rows, fmt.Sprintf("`%s` | %s | %v a second, %v at once", key, who, limit["ThrottlingRateLimit"], limit["ThrottlingBurstLimit"]))
		}
		slices.Sort(rows)
		assert.DeepEqual(t, pageTable(t, "Ways in", "Route", 3), rows)
	}
}

func TestNetworkPageListsWhatGatewayEndpointsAllow(t *testing.T) {
	page := map[string]bool{}
	for _, row := range pageTable(t, "Ways out", "Endpoint", 2) {
		endpoint, actions, _ := strings.Cut(row, " | ")
		for _, action := range strings.Split(actions, ", ") {
			page[endpoint+" "+strings.Trim(action, "`")] = true
		}
	}
	for _, shape := range onNetworkPage {
		allowed := map[string]bool{}
		for id, endpoint := range resources(t, string(golden.Get(t, shape+".template.json")), "AWS::EC2::VPCEndpoint") {
			policy, has := endpoint.Properties["PolicyDocument"].(map[string]any)
			if !has {
				continue
			}
			name := "S3"
			if strings.HasPrefix(id, "NetworkDynamoDB") {
				name = "DynamoDB"
			}
			for _, statement := range policy["Statement"].([]any) {
				for _, action := range listOf(t, statement.(map[string]any)["Action"]) {
					allowed[name+" "+action] = true
				}
			}
		}
		assert.DeepEqual(t, page, allowed)
	}
}

// TestNetworkPageGivesThePriceOfInterfaceEndpoints multiplies what the page says.
func TestNetworkPageGivesThePriceOfInterfaceEndpoints(t *testing.T) {
	const hour, hours = 0.01, 730
	endpoints := 0
	for _, endpoint := range resources(t, string(golden.Get(t, "guarded.template.json")), "AWS::EC2::VPCEndpoint") {
		if endpoint.Properties["VpcEndpointType"] == "Interface" {
			endpoints++
		}
	}
	want := fmt.Sprintf("`interfaceEndpoints` | %.2f an hour for each endpoint and zone: %.2f a month for %d endpoints in %d zones",
		hour, hour*hours*float64(endpoints*constructs.Zones), endpoints, constructs.Zones)
	rows := pageTable(t, "What the options cost", "Setting", 2)
	assert.Check(t, slices.ContainsFunc(rows, func(row string) bool { return strings.HasPrefix(row, want) }), "no row %q", want)
}
