package review

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// opening is one way into something, or out of it.
type opening struct {
	// text is what a reader sees, and key what makes two openings the same.
	text, key string
	id, kind  string
	// rule is a security group's; nil for listeners and routes.
	rule *groupRule
	// authorized says that a route asks who calls.
	authorized bool
}

// groupRule is a rule of a security group.
type groupRule struct {
	group, direction, protocol string
	from, to                   float64
	peer                       string
}

// networkFindings returns the openings that come or go: rules of security
// groups, listeners and routes.
func networkFindings(before, after cfn.Template) []Finding {
	old, now := differing(before, after)
	if len(openings(old))+len(openings(now)) == 0 {
		return nil
	}
	was, is := openings(before), openings(after)
	var found []Finding
	for _, key := range slices.Sorted(maps.Keys(is)) {
		o := is[key]
		if _, same := was[key]; same {
			continue
		}
		verb := "opened"
		danger := o.rule != nil && o.rule.isWide() || o.isFreed(was)
		if o.rule != nil && coveredByRule(was, *o.rule) {
			verb, danger = "narrowed", false
		}
		found = append(found, Finding{Section: Network, Danger: danger, Text: verb + ": " + o.text, Resource: o.id, Type: o.kind})
	}
	for _, key := range slices.Sorted(maps.Keys(was)) {
		o := was[key]
		if _, same := is[key]; same {
			continue
		}
		section, danger := Network, o.isCut(is, after)
		if danger {
			section = Outage
		}
		found = append(found, Finding{Section: section, Danger: danger, Text: "closed: " + o.text, Resource: o.id, Type: o.kind})
	}
	return found
}

// isFreed says whether a route asked who calls, and doesn't any more.
func (o opening) isFreed(was map[string]opening) bool {
	if o.rule != nil || o.authorized || !strings.HasPrefix(o.key, "route ") {
		return false
	}
	old, had := was[strings.Replace(o.key, ", no authorization", ", authorized", 1)]
	return had && old.authorized
}

// isCut says whether nothing else lets through what a rule did, between parts of
// the template that stay, or out of it.
func (o opening) isCut(is map[string]opening, after cfn.Template) bool {
	if o.rule == nil || coveredByRule(is, *o.rule) || after.Resources[o.rule.group].Type == "" {
		return false
	}
	_, isNetwork := prefix(o.rule.peer)
	for _, other := range is {
		if other.rule == nil || other.rule.group != o.rule.group || other.rule.direction != o.rule.direction {
			continue
		}
		// Another port between the two, or a narrower way of the same kind, is what
		// takes its place.
		if !isNetwork && other.rule.peer == o.rule.peer || isNetwork && o.rule.covers(*other.rule, false) {
			return false
		}
	}
	_, stays := after.Resources[o.rule.peer]
	return stays || isNetwork && o.rule.direction == "out"
}

func coveredByRule(openings map[string]opening, r groupRule) bool {
	for _, other := range openings {
		if other.rule != nil && *other.rule != r && other.rule.covers(r, true) {
			return true
		}
	}
	return false
}

// covers says whether a rule lets through all that the other does; peers are
// compared where that is asked for.
func (r groupRule) covers(other groupRule, peers bool) bool {
	if r.group != other.group || r.direction != other.direction {
		return false
	}
	if r.protocol != "-1" && (r.protocol != other.protocol || r.from > other.from || r.to < other.to) {
		return false
	}
	if !peers || r.peer == other.peer {
		return true
	}
	wide, isNetwork := prefix(r.peer)
	narrow, isToo := prefix(other.peer)
	return isNetwork && isToo && wide.Bits() <= narrow.Bits() && wide.Contains(narrow.Addr())
}

// isWide says whether a rule opens a port to much of the internet, or all ports out
// to it. Out to HTTPS anywhere is how a task reaches AWS.
func (r groupRule) isWide() bool {
	https := r.protocol == "tcp" && r.from == 443 && r.to == 443
	return isWide(r.peer) && (r.direction == "in" || !https)
}

// widest are the shortest prefixes of public networks that are a partner's, and not
// a part of the internet.
const widestIPv4, widestIPv6 = 16, 32

// isWide says whether a network is much of the internet. What can't be read is.
func isWide(cidr string) bool {
	network, is := prefix(cidr)
	if !is {
		return strings.ContainsAny(cidr, "/") && !strings.Contains(cidr, "{") && cidr != cfn.None && strings.Trim(cidr, "0123456789abcdefABCDEF.:/") == ""
	}
	if network.Addr().Is4() {
		return network.Bits() <= widestIPv4 && !(network.Addr().IsPrivate() && network.Bits() >= 8)
	}
	return network.Bits() <= widestIPv6 && !(network.Addr().IsPrivate() && network.Bits() >= 7)
}

func prefix(cidr string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(cidr)
	return network.Masked(), err == nil
}

// openings returns a template's openings.
func openings(t cfn.Template) map[string]opening {
	all := map[string]opening{}
	add := func(o opening) { all[o.key] = o }
	named := map[string]bool{}
	for _, rule := range t.OfType("AWS::EC2::SecurityGroupEgress") {
		named[group(rule.Properties["GroupId"])] = true
	}
	for id, r := range t.Resources {
		for _, p := range r.Variants() {
			switch r.Type {
			case "AWS::EC2::SecurityGroup":
				for _, rule := range objects(p["SecurityGroupIngress"]) {
					add(ruleOpening(r, id, "in", rule))
				}
				for _, rule := range objects(p["SecurityGroupEgress"]) {
					add(ruleOpening(r, id, "out", rule))
				}
				// The rule that lets everything out goes with the first of another.
				if _, set := p["SecurityGroupEgress"]; !set && !named[id] {
					add(ruleOpening(r, id, "out", map[string]any{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": "as nothing else is said"}))
				}
			case "AWS::EC2::SecurityGroupIngress":
				add(ruleOpening(r, group(p["GroupId"]), "in", p))
			case "AWS::EC2::SecurityGroupEgress":
				add(ruleOpening(r, group(p["GroupId"]), "out", p))
			case "AWS::ElasticLoadBalancingV2::Listener":
				text := fmt.Sprintf("listener %s %s of %s", cfn.Text(p["Protocol"]), cfn.Text(p["Port"]), cfn.Text(p["LoadBalancerArn"]))
				add(opening{text: text, key: text, id: id, kind: r.Type})
			case "AWS::ApiGatewayV2::Route":
				add(routeOpening(r, p))
			}
		}
	}
	return all
}

func routeOpening(r cfn.Resource, p map[string]any) opening {
	text := fmt.Sprintf("route %s of %s", cfn.Text(p["RouteKey"]), cfn.Text(p["ApiId"]))
	o := opening{id: r.ID, kind: r.Type, key: text + ", no authorization", text: text + ", no authorization"}
	if kind := cfn.Text(p["AuthorizationType"]); kind != cfn.None && kind != "NONE" {
		o.authorized, o.key, o.text = true, text+", authorized", text+", authorization "+kind
	}
	return o
}

// group returns the logical ID of a rule's security group.
func group(value any) string {
	return strings.TrimSuffix(cfn.Text(value), ".GroupId")
}

func ruleOpening(r cfn.Resource, id, direction string, rule map[string]any) opening {
	peer := cfn.None
	for _, property := range []string{
		"CidrIp", "CidrIpv6", "SourceSecurityGroupId", "DestinationSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId", "DestinationPrefixListId",
	} {
		if v, set := rule[property]; set {
			peer = group(v)
		}
	}
	key := fmt.Sprintf("%s: %s %s %s %s", id, direction, ports(rule), map[string]string{"in": "from", "out": "to"}[direction], peer)
	text := key
	if description, set := rule["Description"]; set {
		text += fmt.Sprintf(" (%s)", cfn.Text(description))
	}
	if r.ID != id {
		text += " [" + r.ID + "]"
	}
	return opening{text: text, key: key, id: r.ID, kind: r.Type, rule: &groupRule{
		group: id, direction: direction, protocol: protocol(rule), peer: peer,
		from: number(rule["FromPort"], math.Inf(-1)), to: number(rule["ToPort"], math.Inf(1)),
	}}
}

// protocol returns a rule's protocol by its name.
func protocol(rule map[string]any) string {
	name := strings.ToLower(cfn.Text(rule["IpProtocol"]))
	if known, is := map[string]string{"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}[name]; is {
		return known
	}
	return name
}

func ports(rule map[string]any) string {
	protocol, from, to := protocol(rule), cfn.Text(rule["FromPort"]), cfn.Text(rule["ToPort"])
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
	"AWS::EC2::SecurityGroupIngress":        {"CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourcePrefixListId", "IpProtocol", "FromPort", "ToPort", "GroupId"},
	"AWS::EC2::SecurityGroupEgress":         {"CidrIp", "CidrIpv6", "DestinationSecurityGroupId", "DestinationPrefixListId", "IpProtocol", "FromPort", "ToPort", "GroupId"},
	"AWS::ElasticLoadBalancingV2::Listener": {"Protocol", "Port", "LoadBalancerArn"},
	"AWS::ApiGatewayV2::Route":              {"RouteKey", "ApiId", "AuthorizationType"},
}
