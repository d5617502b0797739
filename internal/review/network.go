package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// networkFindings returns the openings that come or go: rules of security
// groups, listeners and public routes.
func networkFindings(before, after cfn.Template) []Finding {
	was, is := openings(before), openings(after)
	var found []Finding
	for _, opening := range slices.Sorted(maps.Keys(is)) {
		if _, same := was[opening]; !same {
			found = append(found, Finding{Section: Network, Danger: is[opening], Text: "opened: " + opening})
		}
	}
	for _, opening := range slices.Sorted(maps.Keys(was)) {
		if _, same := is[opening]; !same {
			found = append(found, Finding{Section: Network, Text: "closed: " + opening})
		}
	}
	return found
}

// openings returns a template's openings, and of each whether anyone may come
// in by it.
func openings(t cfn.Template) map[string]bool {
	all := map[string]bool{}
	for id, resource := range t.Resources {
		p := resource.Properties
		switch resource.Type {
		case "AWS::EC2::SecurityGroup":
			for _, rule := range cfn.List(p["SecurityGroupIngress"]) {
				addRule(all, id, "in", rule)
			}
			for _, rule := range cfn.List(p["SecurityGroupEgress"]) {
				addRule(all, id, "out", rule)
			}
		case "AWS::EC2::SecurityGroupIngress":
			addRule(all, group(p["GroupId"]), "in", p)
		case "AWS::EC2::SecurityGroupEgress":
			addRule(all, group(p["GroupId"]), "out", p)
		case "AWS::ElasticLoadBalancingV2::Listener":
			all[fmt.Sprintf("listener %s %s of %s", cfn.Text(p["Protocol"]), cfn.Text(p["Port"]), cfn.Text(p["LoadBalancerArn"]))] = false
		case "AWS::ApiGatewayV2::Route":
			authorization := "no authorization"
			if kind := cfn.Text(p["AuthorizationType"]); kind != cfn.None && kind != "NONE" {
				authorization = "authorization " + kind
			}
			all[fmt.Sprintf("route %s of %s, %s", cfn.Text(p["RouteKey"]), cfn.Text(p["ApiId"]), authorization)] = false
		}
	}
	return all
}

// group returns the logical ID of a rule's security group.
func group(value any) string {
	return strings.TrimSuffix(cfn.Text(value), ".GroupId")
}

func addRule(all map[string]bool, id, direction string, value any) {
	rule, isObject := value.(map[string]any)
	if !isObject {
		return
	}
	peer := cfn.None
	for _, property := range []string{
		"CidrIp", "CidrIpv6", "SourceSecurityGroupId", "DestinationSecurityGroupId", "SourcePrefixListId", "DestinationPrefixListId",
	} {
		if v, set := rule[property]; set {
			peer = group(v)
		}
	}
	toOrFrom := map[string]string{"in": "from", "out": "to"}[direction]
	text := fmt.Sprintf("%s: %s %s %s %s", id, direction, ports(rule), toOrFrom, peer)
	if description, set := rule["Description"]; set {
		text += fmt.Sprintf(" (%s)", cfn.Text(description))
	}
	all[text] = direction == "in" && (peer == "0.0.0.0/0" || peer == "::/0")
}

func ports(rule map[string]any) string {
	protocol, from, to := cfn.Text(rule["IpProtocol"]), cfn.Text(rule["FromPort"]), cfn.Text(rule["ToPort"])
	switch {
	case protocol == "-1":
		return "everything"
	case from == to:
		return protocol + " " + from
	}
	return protocol + " " + from + "–" + to
}

// reportedProperties are reported as access or as openings, by type.
var reportedProperties = map[string][]string{
	"AWS::IAM::Role":                        {"ManagedPolicyArns"},
	"AWS::EC2::SecurityGroup":               {"SecurityGroupIngress", "SecurityGroupEgress"},
	"AWS::EC2::SecurityGroupIngress":        {"CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId", "IpProtocol", "FromPort", "ToPort", "Description", "GroupId"},
	"AWS::EC2::SecurityGroupEgress":         {"CidrIp", "CidrIpv6", "DestinationSecurityGroupId", "DestinationPrefixListId", "IpProtocol", "FromPort", "ToPort", "Description", "GroupId"},
	"AWS::ElasticLoadBalancingV2::Listener": {"Protocol", "Port", "LoadBalancerArn"},
	"AWS::ApiGatewayV2::Route":              {"RouteKey", "ApiId", "AuthorizationType"},
}

// isReported says whether a property is reported as access or as an opening.
func isReported(c change) bool {
	return len(c.steps) > 0 && slices.Contains(reportedProperties[c.kind], c.steps[0])
}
