package reachability

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// direction is that of a security group's rule.
type direction string

const (
	ingress direction = "ingress"
	egress  direction = "egress"
)

// allProtocols is a rule's protocol, and a network ACL entry's, that stands for every one.
const allProtocols = "-1"

// group is a security group.
type group struct {
	// name is the ID with the description.
	name  string
	rules map[direction][]rule
}

// rule lets a protocol through to a range of ports, from or to one of its peers.
type rule struct {
	protocol string
	// low and high are -1 for all ports.
	low, high int32
	blocks    []netip.Prefix
	// groups are security groups, whose members are the peers.
	groups []string
	// lists are prefix lists.
	lists []string
}

func (r rule) String() string {
	peers := slices.Concat(r.groups, r.lists)
	for _, it := range r.blocks {
		peers = append(peers, it.String())
	}
	ports := flow{r.protocol, r.low, r.high}.String()
	switch {
	case r.protocol == allProtocols:
		ports = "all"
	case r.low == -1:
		ports = r.protocol
	}
	return ports + " " + strings.Join(peers, " ")
}

// has says whether a rule is about all of a flow.
func (r rule) has(f flow) bool {
	if r.protocol == allProtocols {
		return true
	}
	ports := f.protocol == TCP || f.protocol == UDP
	return r.protocol == f.protocol && (!ports || r.low == -1 || r.low <= f.low && f.high <= r.high)
}

// peer is the node at the other end of a connection, in one of its subnets.
type peer struct {
	Node
	in subnet
}

// among says whether a node is one of a rule's peers, by all of its addresses in a subnet
// or by some.
func (r rule) among(p peer, e extent) bool {
	if slices.ContainsFunc(r.groups, func(id string) bool { return slices.Contains(p.Groups, id) }) {
		return true
	}
	if p.prefixList != "" && slices.Contains(r.lists, p.prefixList) {
		return true
	}
	return slices.ContainsFunc(r.blocks, func(block netip.Prefix) bool {
		if p.in.id == "" {
			return block == everywhere || e == part && public(block)
		}
		return e.covers(block, p.in.block)
	})
}

// everywhere is the block of all addresses.
var everywhere = netip.MustParsePrefix("0.0.0.0/0")

// reserved are the blocks without public addresses. Source: IANA's registry of special
// IPv4 addresses.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("224.0.0.0/3"),
}

// public says whether a block has public addresses.
func public(block netip.Prefix) bool {
	return !slices.ContainsFunc(reserved, func(it netip.Prefix) bool { return whole.covers(it, block) })
}

// lets says whether a node's security groups let a connection out or in, and which rule.
func (n *Network) lets(way direction, node Node, p peer, f flow, e extent) (bool, string) {
	if node.unknown || len(node.Subnets) == 0 {
		return true, ""
	}
	var names []string
	for _, id := range node.Groups {
		g := n.groups[id]
		names = append(names, g.name)
		for _, r := range g.rules[way] {
			if r.has(f) && r.among(p, e) {
				return true, fmt.Sprintf("%s of %s: %s", way, g.name, r)
			}
		}
	}
	return false, fmt.Sprintf("no %s rule of %s", way, strings.Join(names, ", "))
}
