package policy

import (
	"fmt"
	"math"
	"net/netip"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// share is what part of all addresses of its version a range is; 0 for a private one.
type share struct {
	prefix netip.Prefix
	part   float64
}

// The widest ranges that are a network's own: more is anybody's.
const (
	widest4 = 1.0 / (1 << 16)
	widest6 = 1.0 / (1 << 32)
)

func (s share) isWide() bool { return s.part > s.widest() }

func (s share) widest() float64 {
	if s.prefix.Addr().Is4() {
		return widest4
	}
	return widest6
}

// private are the ranges that aren't routed on the Internet.
//
// Source: IANA's registries of special-purpose addresses.
var private = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"),
}

// shareOf reads a range of addresses; an IPv6 range of mapped IPv4 addresses is theirs.
func shareOf(text string) (s share, isRange bool) {
	prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
	if err != nil {
		return share{}, false
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	s = share{prefix.Masked(), math.Pow(2, -float64(prefix.Bits()))}
	for _, own := range private {
		if own.Bits() <= prefix.Bits() && own.Contains(prefix.Addr()) {
			s.part = 0
		}
	}
	return s, true
}

// source is from where or whereto a rule of a network allows traffic.
type source struct {
	resource, property string
	// group is the security group or network ACL of the rule, as a reference.
	group string
	// shares are its ranges, and fault what can't be decided of them.
	shares []share
	fault  string
}

// readSource reads the ranges of a rule. A reference to a resource's attribute, such as
// a VPC's range, isn't wide.
func readSource(t cfn.Template, rule any) (shares []share, fault string) {
	if _, isObject := rule.(map[string]any); !isObject {
		return nil, show(rule) + " can't be decided: write the rule"
	}
	for _, property := range []string{"CidrIp", "CidrIpv6", "CidrBlock", "Ipv6CidrBlock"} {
		value := cfn.At(rule, property)
		text, isText := cfn.Scalar(value)
		s, isRange := shareOf(text)
		switch {
		case value == nil:
		case isRange:
			shares = append(shares, s)
		case !isText || cfn.IsUndecided(text) || !cfn.HasReference(text):
			fault = fmt.Sprintf("%s %s can't be decided: name a security group or a range", property, show(value))
		}
	}
	for _, property := range []string{"SourcePrefixListId", "DestinationPrefixListId"} {
		if list := cfn.At(rule, property); list != nil {
			entries, isOwn := prefixList(t, list)
			shares = append(shares, entries...)
			if !isOwn {
				fault = fmt.Sprintf("%s %s isn't in the template: name a security group or a range", property, show(list))
			}
		}
	}
	return shares, fault
}

// prefixList returns the ranges of a prefix list of the template.
func prefixList(t cfn.Template, list any) (shares []share, isOwn bool) {
	for _, r := range t.OfType("AWS::EC2::PrefixList") {
		if !is(list, cfn.Reference(r.ID), cfn.Reference(r.ID+".PrefixListId")) {
			continue
		}
		for _, entry := range flat(r.Properties["Entries"]) {
			text, _ := cfn.At(entry, "Cidr").(string)
			s, isRange := shareOf(text)
			if !isRange {
				return nil, false
			}
			shares = append(shares, s)
		}
		return shares, len(shares) > 0
	}
	return nil, false
}

// openSources returns the sources that can't be decided, and those that are too wide
// together with the others of their group.
func openSources(sources []source) []Violation {
	type version struct {
		group string
		is4   bool
	}
	sums, counted := map[version]float64{}, map[string]bool{}
	for _, from := range sources {
		for _, s := range from.shares {
			if name := from.group + s.prefix.String(); !counted[name] {
				counted[name] = true
				sums[version{from.group, s.prefix.Addr().Is4()}] += s.part
			}
		}
	}
	var found []Violation
	for _, from := range sources {
		if from.fault != "" {
			found = append(found, Violation{Resource: from.resource, Property: from.property, Fault: from.fault})
		}
		for _, s := range from.shares {
			if s.part > 0 && sums[version{from.group, s.prefix.Addr().Is4()}] > s.widest() {
				found = append(found, Violation{
					Resource: from.resource, Property: from.property,
					Fault: fmt.Sprintf("open to %v, with the group's other ranges to more than one network has: name a security group or a range", s.prefix),
				})
			}
		}
	}
	return found
}
