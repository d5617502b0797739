package reachability

import (
	"net/netip"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// open are the entries of a VPC's default network ACL.
var open = []entry{
	{100, ingress, allProtocols, -1, -1, everywhere, true},
	{100, egress, allProtocols, -1, -1, everywhere, true},
}

// before returns the default entries with one that decides before them.
func before(first entry) []entry { return append([]entry{first}, open...) }

// small returns a network of one task, which reaches the internet through NAT and a peer
// in a subnet of its own: the task sends to anywhere, the peer takes 443 from the task.
func small() *Network {
	block := netip.MustParsePrefix
	return &Network{
		LoadBalancer: Node{Name: "peer", Groups: []string{"sg-peer"}, Subnets: []string{"subnet-peer"}},
		Services:     map[string]Node{"task": {Name: "task", Groups: []string{"sg-task"}, Subnets: []string{"subnet-task"}}},
		groups: map[string]group{
			"sg-task": {"sg-task", map[direction][]rule{egress: {{protocol: allProtocols, low: -1, high: -1, blocks: []netip.Prefix{everywhere}}}}},
			"sg-peer": {"sg-peer", map[direction][]rule{ingress: {{protocol: TCP, low: 443, high: 443, groups: []string{"sg-task"}}}}},
		},
		subnets: map[string]subnet{
			"subnet-task":   {"subnet-task", "vpc-1", block("10.0.0.0/24"), []route{{block: everywhere, target: "nat-1", active: true}}, open},
			"subnet-peer":   {"subnet-peer", "vpc-1", block("10.0.1.0/24"), nil, open},
			"subnet-public": {"subnet-public", "vpc-1", block("10.0.2.0/24"), []route{{block: everywhere, target: "igw-1", active: true}}, open},
		},
		nats:     map[string]natGateway{"nat-1": {"subnet-public", true}},
		gateways: map[string]string{"igw-1": "vpc-1"},
	}
}

// TestReasons changes a network, and holds what refuses a connection then, to the
// internet or to the peer. Groups let responses pass without a rule, network ACLs don't.
func TestReasons(t *testing.T) {
	set := func(id string, change func(*subnet)) func(*Network) {
		return func(n *Network) {
			s := n.subnets[id]
			change(&s)
			n.subnets[id] = s
		}
	}
	entries := func(id string, first entry) func(*Network) {
		return set(id, func(s *subnet) { s.entries = before(first) })
	}
	far := netip.MustParsePrefix("10.0.1.128/25")
	for _, c := range []struct {
		name     string
		change   func(*Network)
		internet string
		peer     string
	}{
		{name: "nothing changed", change: func(*Network) {}},
		{
			name: "NAT gateway deleted", change: func(n *Network) { n.nats["nat-1"] = natGateway{"subnet-public", false} },
			internet: "task to internet, tcp 443: nat-1 of subnet-task is no public NAT gateway that is available",
		},
		{
			name: "black hole", change: set("subnet-task", func(s *subnet) { s.routes = []route{{block: everywhere, target: "nat-1"}} }),
			internet: "task to internet, tcp 443: no route to the internet in subnet-task",
		},
		{
			name: "public subnet without address", change: set("subnet-task", func(s *subnet) { s.routes = []route{{block: everywhere, target: "igw-1", active: true}} }),
			internet: "task to internet, tcp 443: task has no public address, and subnet-task no route to NAT",
		},
		{
			name: "gateway of another VPC", change: func(n *Network) { n.gateways["igw-1"] = "vpc-2" },
			internet: "task to internet, tcp 443: subnet-task to nat-1, igw-1 of subnet-public is no internet gateway of the VPC",
		},
		{
			name: "another VPC", change: set("subnet-peer", func(s *subnet) { s.vpc = "vpc-2" }),
			peer: "task to peer, tcp 443: subnet-task and subnet-peer are in different VPCs",
		},
		{
			name: "requests denied", change: entries("subnet-task", entry{1, egress, TCP, 443, 443, everywhere, false}),
			internet: "task to internet, tcp 443: network ACL of subnet-task: egress of tcp 443, 0.0.0.0/0",
			peer:     "task to peer, tcp 443: network ACL of subnet-task: egress of tcp 443, 10.0.1.0/24",
		},
		{
			name: "responses denied", change: entries("subnet-task", entry{1, ingress, TCP, 32768, 65535, everywhere, false}),
			internet: "task to internet, tcp 443: network ACL of subnet-task: ingress of tcp 1024-65535, 0.0.0.0/0",
			peer:     "task to peer, tcp 443: network ACL of subnet-task: ingress of tcp 1024-65535, 10.0.1.0/24",
		},
		{
			name: "responses denied to NAT", change: entries("subnet-public", entry{1, ingress, allProtocols, -1, -1, netip.MustParsePrefix("8.0.0.0/8"), false}),
			internet: "task to internet, tcp 443: network ACL of subnet-public: ingress of tcp 1024-65535, 0.0.0.0/0",
		},
		{
			name: "denied to some of the peer's addresses", change: entries("subnet-task", entry{1, egress, TCP, 443, 443, far, false}),
			internet: "task to internet, tcp 443: network ACL of subnet-task: egress of tcp 443, 0.0.0.0/0",
			peer:     "task to peer, tcp 443: network ACL of subnet-task: egress of tcp 443, 10.0.1.0/24",
		},
		{name: "another protocol denied", change: entries("subnet-task", entry{1, egress, UDP, 443, 443, everywhere, false})},
		{name: "another port denied", change: entries("subnet-task", entry{1, egress, TCP, 22, 22, everywhere, false})},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := small()
			c.change(n)
			for _, asked := range []struct {
				to      Node
				refused string
			}{{Internet, c.internet}, {n.LoadBalancer, c.peer}} {
				allowed, reason := n.Allows(n.Services["task"], asked.to, TCP, HTTPSPort)
				assert.Equal(t, allowed, asked.refused == "", reason)
				if !allowed {
					assert.Equal(t, reason, asked.refused)
				}
			}
		})
	}
}

// TestAllowedReason holds that a possible connection names what makes it so.
func TestAllowedReason(t *testing.T) {
	n := small()
	_, reason := n.Allows(n.Services["task"], Internet, TCP, HTTPSPort)
	assert.Equal(t, reason, "task to internet, tcp 443: egress of sg-task: all 0.0.0.0/0; subnet-task to nat-1, subnet-public to igw-1")
	_, reason = n.Allows(n.Services["task"], n.LoadBalancer, TCP, HTTPSPort)
	assert.Assert(t, cmp.Contains(reason, "ingress of sg-peer: tcp 443 sg-task"))
	allowed, reason := n.Allows(n.LoadBalancer, n.Services["task"], TCP, HTTPSPort)
	assert.Assert(t, !allowed)
	assert.Equal(t, reason, "peer to task, tcp 443: no egress rule of sg-peer")
}

// TestEntrance holds that the internet reaches what has a public address in a subnet
// with a route to an internet gateway, and a rule that lets it in.
func TestEntrance(t *testing.T) {
	n := small()
	n.groups["sg-door"] = group{"sg-door", map[direction][]rule{ingress: {{protocol: TCP, low: 443, high: 443, blocks: []netip.Prefix{everywhere}}}}}
	door := Node{Name: "door", Groups: []string{"sg-door"}, Subnets: []string{"subnet-public"}, PublicIP: true}
	allowed, reason := n.Allows(Internet, door, TCP, HTTPSPort)
	assert.Assert(t, allowed, reason)
	hidden, inside, closed := door, door, door
	hidden.PublicIP = false
	inside.Subnets = []string{"subnet-peer"}
	closed.Groups = []string{"sg-task"}
	for wanted, node := range map[string]Node{
		"internet to door, tcp 443: door has no public address":              hidden,
		"internet to door, tcp 443: no route to the internet in subnet-peer": inside,
		"internet to door, tcp 443: no ingress rule of sg-task":              closed,
		"internet to internet, tcp 443: not of the VPC":                      Internet,
	} {
		allowed, reason := n.Allows(Internet, node, TCP, HTTPSPort)
		assert.Assert(t, !allowed)
		assert.Equal(t, reason, wanted)
	}
}

// TestWithinSubnet holds that no network ACL is between network interfaces of one subnet.
func TestWithinSubnet(t *testing.T) {
	n := small()
	s := n.subnets["subnet-task"]
	s.entries = nil
	n.subnets["subnet-task"] = s
	n.LoadBalancer.Subnets = []string{"subnet-task"}
	allowed, reason := n.Allows(n.Services["task"], n.LoadBalancer, TCP, HTTPSPort)
	assert.Assert(t, allowed, reason)
}

// TestPublic says which blocks have public addresses.
func TestPublic(t *testing.T) {
	for block, wanted := range map[string]bool{
		"0.0.0.0/0": true, "128.0.0.0/1": true, "8.8.8.8/32": true, "172.0.0.0/8": true,
		"10.0.0.0/8": false, "172.16.0.0/16": false, "192.168.1.0/24": false, "255.255.255.255/32": false,
	} {
		assert.Equal(t, public(netip.MustParsePrefix(block)), wanted, block)
	}
}
