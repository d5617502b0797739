// Package reachability computes from a stack's deployed resources what reaches what: by
// security groups, network ACLs, routes, gateways and endpoints, as a VPC decides. So a
// rule that is dropped from the template, or widened, is seen without an AWS account.
//
// AWS's own Reachability Analyzer runs in an account only. The Go libraries luhring/reach
// and np-guard/vpc-network-config-analyzer know EC2 instances, but no Fargate service, load
// balancer or VPC link, and the latter no routes of AWS.
//
// It covers IPv4 in one VPC, which is all that the stack has: Read refuses subnets with
// IPv6 addresses. Routes to the internet count as such if their destination is 0.0.0.0/0.
//
// Sources: the guide of Amazon VPC, security groups, network ACLs, route tables, NAT
// gateways and internet gateways; the guide of AWS PrivateLink, gateway endpoints.
package reachability

import (
	"fmt"
	"net/netip"
	"strings"
)

// Protocols of a connection, as security groups name them.
const (
	TCP = "tcp"
	UDP = "udp"
)

// HTTPSPort is where AWS's services and Benchling listen.
const HTTPSPort = 443

// Internet is everything with a public address.
var Internet = Node{Name: "internet"}

// Node is what opens connections, or takes them.
type Node struct {
	// Name is "load balancer", "VPC link", "internet", a service's, or "sqs" and the like
	// for an endpoint.
	Name string
	// Groups are its security groups, and Subnets where its network interfaces are: a task
	// is in one of them, the others in all.
	Groups, Subnets []string
	// Ports are where it takes connections, empty for nowhere.
	Ports []int32
	// PublicIP says that its network interfaces have public addresses.
	PublicIP bool
	// prefixList has the public addresses of a gateway endpoint's service, empty for
	// every other node.
	prefixList string
	// unknown is what the stack didn't make, whose groups aren't asked.
	unknown bool
}

// Network is what decides about a stack's connections.
type Network struct {
	VpcLink, LoadBalancer Node
	// Services are the stack's tasks, by the name of the first container.
	Services map[string]Node
	// Endpoints are the VPC's, by service: "s3". Interface endpoints without private DNS
	// are left out, for no client finds them.
	Endpoints map[string]Node

	groups map[string]group
	// defaultGroup is the ID of the VPC's.
	defaultGroup string
	subnets      map[string]subnet
	nats         map[string]natGateway
	// gateways are the internet gateways, with the VPC each is attached to.
	gateways map[string]string
}

// flow is what the first packet of a connection is sent to. Ports count for TCP and UDP.
type flow struct {
	protocol  string
	low, high int32
}

func (f flow) String() string {
	switch {
	case f.protocol != TCP && f.protocol != UDP:
		return f.protocol
	case f.low == f.high:
		return fmt.Sprintf("%s %d", f.protocol, f.low)
	}
	return fmt.Sprintf("%s %d-%d", f.protocol, f.low, f.high)
}

// extent says of which addresses, and which placements, something must be true.
type extent int

const (
	// whole: of each of them, so that a connection can be relied upon.
	whole extent = iota
	// part: of at least one, so that a connection can't be ruled out.
	part
)

// covers says whether a block has the addresses of another, or some of them.
func (e extent) covers(block, addresses netip.Prefix) bool {
	if e == part {
		return block.Overlaps(addresses)
	}
	return block.Bits() <= addresses.Bits() && block.Contains(addresses.Addr())
}

// Allows says whether a connection from one node to a port of another is possible
// wherever their network interfaces are, and by what, or what refuses it. Protocol is
// TCP, UDP or another by the name or the number that security groups have for it.
// Responses need no rule of a security group, but one of network ACLs.
func (n *Network) Allows(from, to Node, protocol string, port int32) (bool, string) {
	return n.connects(from, to, flow{protocol, port, port}, whole)
}

// connects is Allows, for all placements of the nodes or for one.
func (n *Network) connects(from, to Node, f flow, e extent) (bool, string) {
	allowed, reason := false, "no subnets"
	for _, source := range n.placements(from) {
		for _, target := range n.placements(to) {
			allowed, reason = n.passes(from, to, source, target, f, e)
			if allowed == (e == part) {
				return allowed, n.told(from, to, f, reason)
			}
		}
	}
	return allowed, n.told(from, to, f, reason)
}

func (n *Network) told(from, to Node, f flow, reason string) string {
	return fmt.Sprintf("%s to %s, %s: %s", from.Name, to.Name, f, reason)
}

// placements returns the subnets in which a node can be; one without addresses stands
// for outside.
func (n *Network) placements(node Node) []subnet {
	if len(node.Subnets) == 0 {
		return []subnet{{}}
	}
	var found []subnet
	for _, id := range node.Subnets {
		found = append(found, n.subnets[id])
	}
	return found
}

// passes says whether a connection between two subnets is possible, and by what, or what
// refuses it first.
func (n *Network) passes(from, to Node, source, target subnet, f flow, e extent) (bool, string) {
	var by []string
	for _, step := range []func() (bool, string){
		func() (bool, string) { return n.lets(egress, from, peer{to, target}, f, e) },
		func() (bool, string) { return n.routes(from, to, source, target) },
		func() (bool, string) { return n.filters(to, source, target, f, e) },
		func() (bool, string) { return n.lets(ingress, to, peer{from, source}, f, e) },
	} {
		ok, reason := step()
		if !ok {
			return false, reason
		}
		if reason != "" {
			by = append(by, reason)
		}
	}
	return true, strings.Join(by, "; ")
}
