package reachability

import (
	"fmt"
	"maps"
	"slices"
)

// Exposure is a range of ports of a target that a source reaches. Ports count for TCP
// and UDP.
type Exposure struct {
	From, To, Protocol string
	Low, High          int32
}

// String is such as "others in the VPC to web, tcp 5000".
func (x Exposure) String() string {
	return fmt.Sprintf("%s to %s, %s", x.From, x.To, flow{x.Protocol, x.Low, x.High})
}

// highestPort is the last port of TCP and UDP.
const highestPort = 65535

// Others is everything else in the VPC: it may send what it likes.
func (n *Network) Others() Node {
	return Node{Name: "others in the VPC", Subnets: slices.Sorted(maps.Keys(n.subnets)), unknown: true}
}

// Exposed returns what is open besides the due connections, wherever the nodes' network
// interfaces are: what the stack's nodes reach, and what reaches them. Due are the VPC
// link to the listeners, the load balancer to the services' ports, and HTTPS from tasks to
// everywhere but each other, and to interface endpoints from the whole VPC.
func (n *Network) Exposed() []Exposure {
	own := []Node{n.VpcLink, n.LoadBalancer}
	for _, name := range slices.Sorted(maps.Keys(n.Services)) {
		own = append(own, n.Services[name])
	}
	targets := append(slices.Clone(own), n.Others(), Internet)
	for _, name := range slices.Sorted(maps.Keys(n.Endpoints)) {
		if it := n.Endpoints[name]; it.prefixList == "" {
			targets = append(targets, it)
		}
	}
	var found []Exposure
	for i, from := range append(own, n.Others(), Internet) {
		for j, to := range targets {
			// What neither end is the stack's, it can't open: endpoints have groups of its own.
			if i >= len(own) && j >= len(own) && (to.unknown || to.Name == Internet.Name) {
				continue
			}
			found = append(found, n.exposed(from, to)...)
		}
	}
	return found
}

// exposed returns what is open from one node to another and isn't due.
func (n *Network) exposed(from, to Node) []Exposure {
	var found []Exposure
	for _, protocol := range n.protocols() {
		starts := n.starts(protocol, to)
		for i, low := range starts {
			high := int32(highestPort)
			if i+1 < len(starts) {
				high = starts[i+1] - 1
			}
			f := flow{protocol, low, high}
			if open, _ := n.connects(from, to, f, part); !open || n.due(from, to, f) {
				continue
			}
			if last := len(found) - 1; last >= 0 && found[last].Protocol == protocol && found[last].High == low-1 {
				found[last].High = high
				continue
			}
			found = append(found, Exposure{from.Name, to.Name, protocol, low, high})
		}
	}
	return found
}

// due says whether a connection is one that the service needs.
func (n *Network) due(from, to Node, f flow) bool {
	if f.protocol != TCP || f.low != f.high {
		return false
	}
	_, fromTask := n.Services[from.Name]
	_, toTask := n.Services[to.Name]
	_, toEndpoint := n.Endpoints[to.Name]
	switch {
	case from.Name == n.VpcLink.Name:
		return to.Name == n.LoadBalancer.Name && slices.Contains(to.Ports, f.low)
	case from.Name == n.LoadBalancer.Name:
		return toTask && slices.Contains(to.Ports, f.low)
	case fromTask:
		return f.low == HTTPSPort && (toEndpoint || to.unknown || to.Name == Internet.Name)
	}
	return from.unknown && toEndpoint && f.low == HTTPSPort
}

// protocols returns TCP, UDP and what else rules name.
func (n *Network) protocols() []string {
	found := map[string]bool{TCP: true, UDP: true}
	for _, r := range n.rules() {
		found[r.protocol] = true
	}
	delete(found, allProtocols)
	return slices.Sorted(maps.Keys(found))
}

// rules returns all rules of the security groups.
func (n *Network) rules() []rule {
	var found []rule
	for _, g := range n.groups {
		found = append(found, slices.Concat(g.rules[ingress], g.rules[egress])...)
	}
	return found
}

// starts returns where the ranges of ports begin within which every port has the same
// rules, and is due or not.
func (n *Network) starts(protocol string, to Node) []int32 {
	found := map[int32]bool{0: true}
	if protocol != TCP && protocol != UDP {
		return []int32{0}
	}
	add := func(low, high int32) {
		if low != -1 {
			found[low], found[high+1] = true, true
		}
	}
	for _, r := range n.rules() {
		add(r.low, r.high)
	}
	for _, s := range n.subnets {
		for _, it := range s.entries {
			add(it.low, it.high)
		}
	}
	for _, port := range append(slices.Clone(to.Ports), HTTPSPort) {
		add(port, port)
	}
	delete(found, highestPort+1)
	return slices.Sorted(maps.Keys(found))
}
