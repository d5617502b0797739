package templatediff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// networkFindings returns the openings that come or go: rules of security
// groups, listeners and public routes.
func networkFindings(before, after Template) []Finding {
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
func openings(t Template) map[string]bool {
	all := map[string]bool{}
	for id, resource := range t.Resources {
		p := resource.Properties()
		switch resource.Type() {
		case "AWS::EC2::SecurityGroup":
			for _, rule := range listOf(p["SecurityGroupIngress"]) {
				addRule(all, id, "in", rule)
			}
			for _, rule := range listOf(p["SecurityGroupEgress"]) {
				addRule(all, id, "out", rule)
			}
		case "AWS::EC2::SecurityGroupIngress":
			addRule(all, group(p["GroupId"]), "in", p)
		case "AWS::EC2::SecurityGroupEgress":
			addRule(all, group(p["GroupId"]), "out", p)
		case "AWS::ElasticLoadBalancingV2::Listener":
			all[fmt.Sprintf("listener %s %s of %s", show(p["Protocol"]), show(p["Port"]), show(p["LoadBalancerArn"]))] = false
		case "AWS::ApiGatewayV2::Route":
			authorization := "no authorization"
			if kind := show(p["AuthorizationType"]); kind != none && kind != "NONE" {
				authorization = "authorization " + kind
			}
			all[fmt.Sprintf("route %s of %s, %s", show(p["RouteKey"]), show(p["ApiId"]), authorization)] = false
		}
	}
	return all
}

// group returns the logical ID of a rule's security group.
func group(value any) string {
	return strings.TrimSuffix(show(value), ".GroupId")
}

func addRule(all map[string]bool, id, direction string, value any) {
	rule, isObject := value.(map[string]any)
	if !isObject {
		return
	}
	peer := none
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
		text += fmt.Sprintf(" (%s)", show(description))
	}
	all[text] = direction == "in" && (peer == "0.0.0.0/0" || peer == "::/0")
}

func ports(rule map[string]any) string {
	protocol, from, to := show(rule["IpProtocol"]), show(rule["FromPort"]), show(rule["ToPort"])
	switch {
	case protocol == "-1":
		return "everything"
	case from == to:
		return protocol + " " + from
	}
	return protocol + " " + from + "–" + to
}

// toldProperties are told as access or as openings, by type.
var toldProperties = map[string][]string{
	"AWS::IAM::Role":                        {"ManagedPolicyArns"},
	"AWS::EC2::SecurityGroup":               {"SecurityGroupIngress", "SecurityGroupEgress"},
	"AWS::EC2::SecurityGroupIngress":        {"CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId", "IpProtocol", "FromPort", "ToPort", "Description", "GroupId"},
	"AWS::EC2::SecurityGroupEgress":         {"CidrIp", "CidrIpv6", "DestinationSecurityGroupId", "DestinationPrefixListId", "IpProtocol", "FromPort", "ToPort", "Description", "GroupId"},
	"AWS::ElasticLoadBalancingV2::Listener": {"Protocol", "Port", "LoadBalancerArn"},
	"AWS::ApiGatewayV2::Route":              {"RouteKey", "ApiId", "AuthorizationType"},
}

// isTold says whether a property is told as access or as an opening.
func isTold(c change) bool {
	return len(c.steps) > 0 && slices.Contains(toldProperties[c.kind], c.steps[0])
}
