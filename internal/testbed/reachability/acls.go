package reachability

import (
	"fmt"
	"net/netip"
)

// The ports to which responses are sent: those that NAT gateways, load balancers and
// Linux take together. Source: the guide of Amazon VPC, custom network ACLs, ephemeral
// ports.
const (
	lowestEphemeral  = 1024
	highestEphemeral = 65535
)

// entry is one of a network ACL. The first that is about a packet decides.
type entry struct {
	number int32
	way    direction
	// protocol is allProtocols, or a name as security groups have it.
	protocol string
	// low and high are -1 for all ports.
	low, high int32
	block     netip.Prefix
	allow     bool
}

// crossing is what passes a subnet's border, in a direction, from or to addresses.
type crossing struct {
	at        subnet
	way       direction
	addresses netip.Prefix
	flow
}

// filters says whether the network ACLs on the way let a connection and its responses
// through: they keep no state. There is none between network interfaces of one subnet.
func (n *Network) filters(to Node, source, target subnet, f flow, e extent) (bool, string) {
	if source.id == target.id {
		return true, ""
	}
	for _, it := range n.crossings(to, source, target, f) {
		if !it.allowed(e) {
			return false, fmt.Sprintf("network ACL of %s: %s of %s, %s", it.at.id, it.way, it.flow, it.addresses)
		}
	}
	return true, ""
}

// crossings returns the borders that a connection passes, and its responses.
func (n *Network) crossings(to Node, source, target subnet, f flow) []crossing {
	response := flow{f.protocol, lowestEphemeral, highestEphemeral}
	leaves := func(s subnet, far netip.Prefix) []crossing {
		return []crossing{{s, egress, far, f}, {s, ingress, far, response}}
	}
	enters := func(s subnet, far netip.Prefix) []crossing {
		return []crossing{{s, ingress, far, f}, {s, egress, far, response}}
	}
	switch {
	case source.id == "":
		return enters(target, everywhere)
	case target.id != "":
		return append(leaves(source, target.block), enters(target, source.block)...)
	}
	found := leaves(source, everywhere)
	out, _ := source.leads(outwards)
	nat, through := n.nats[out.target]
	if _, direct := source.leads(func(r route) bool { return to.prefixList != "" && r.list == to.prefixList }); through && !direct {
		found = append(found, enters(n.subnets[nat.subnet], source.block)...)
		found = append(found, leaves(n.subnets[nat.subnet], everywhere)...)
	}
	return found
}

// allowed says whether a subnet's network ACL lets a crossing through. An entry about
// some of its packets refuses it whole, but lets it through in part only.
func (c crossing) allowed(e extent) bool {
	for _, it := range c.at.entries {
		if it.way != c.way || it.protocol != allProtocols && it.protocol != c.protocol || !it.block.Overlaps(c.addresses) {
			continue
		}
		ports := it.low != -1 && (c.protocol == TCP || c.protocol == UDP)
		if ports && (it.high < c.low || c.high < it.low) {
			continue
		}
		all := whole.covers(it.block, c.addresses) && (!ports || it.low <= c.low && c.high <= it.high)
		if all || it.allow == (e == part) {
			return it.allow
		}
	}
	return false
}
