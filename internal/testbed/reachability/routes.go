package reachability

import (
	"fmt"
	"net/netip"
	"strings"
)

// subnet is a subnet with its route table and its network ACL; the zero value stands for
// outside.
type subnet struct {
	id, vpc string
	block   netip.Prefix
	routes  []route
	// entries are those of the network ACL, by rule number.
	entries []entry
}

// route leads what is sent to a block, or to the addresses of a prefix list, to a
// gateway, which a target names: "nat-", "igw-", "vpce-" with what follows.
type route struct {
	block        netip.Prefix
	list, target string
	// active is false for a black hole.
	active bool
}

// natGateway is a NAT gateway; usable is false unless it is available and public.
type natGateway struct {
	subnet string
	usable bool
}

// leads returns a subnet's active route that is chosen, or false.
func (s subnet) leads(chosen func(route) bool) (route, bool) {
	for _, it := range s.routes {
		if it.active && chosen(it) {
			return it, true
		}
	}
	return route{}, false
}

// outwards is the route to the internet.
func outwards(r route) bool { return r.block == everywhere }

// routes says whether routes lead from one subnet to another, or out of the VPC or into it.
func (n *Network) routes(from, to Node, source, target subnet) (bool, string) {
	switch {
	case source.id == "" && target.id == "":
		return false, "not of the VPC"
	case source.id == "":
		return n.entrance(to, target)
	case target.id == "":
		return n.exit(from, to, source)
	case source.vpc != target.vpc:
		return false, fmt.Sprintf("%s and %s are in different VPCs", source.id, target.id)
	}
	return true, ""
}

// entrance says whether the internet reaches a node in a subnet.
func (n *Network) entrance(to Node, in subnet) (bool, string) {
	if !to.PublicIP {
		return false, to.Name + " has no public address"
	}
	return n.gateway(in)
}

// gateway says whether a subnet's route to the internet leads to a gateway of its VPC.
func (n *Network) gateway(of subnet) (bool, string) {
	out, found := of.leads(outwards)
	if !found {
		return false, "no route to the internet in " + of.id
	}
	if vpc, known := n.gateways[out.target]; !known || vpc != of.vpc {
		return false, fmt.Sprintf("%s of %s is no internet gateway of the VPC", out.target, of.id)
	}
	return true, of.id + " to " + out.target
}

// exit says whether a node in a subnet reaches the internet, or the public addresses of
// a gateway endpoint's service.
func (n *Network) exit(from, to Node, in subnet) (bool, string) {
	if to.prefixList != "" {
		if way, found := in.leads(func(r route) bool { return r.list == to.prefixList }); found {
			return true, in.id + " to " + way.target
		}
	}
	out, found := in.leads(outwards)
	if found && strings.HasPrefix(out.target, "nat-") {
		nat := n.nats[out.target]
		if !nat.usable {
			return false, fmt.Sprintf("%s of %s is no public NAT gateway that is available", out.target, in.id)
		}
		ok, reason := n.gateway(n.subnets[nat.subnet])
		return ok, in.id + " to " + out.target + ", " + reason
	}
	ok, reason := n.gateway(in)
	if ok && !from.PublicIP {
		return false, fmt.Sprintf("%s has no public address, and %s no route to NAT", from.Name, in.id)
	}
	return ok, reason
}
