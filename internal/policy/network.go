package policy

import "fmt"

// everywhere are the ranges of all addresses.
var everywhere = []any{"0.0.0.0/0", "::/0"}

func notOpen(t Template) []Violation {
	var found []Violation
	add := func(id, property string, rule any) {
		for _, address := range everywhere {
			if at(rule, "CidrIp") == address || at(rule, "CidrIpv6") == address {
				found = append(found, Violation{Resource: id, Property: property, Fault: fmt.Sprintf("open to %v: name a security group or a range", address)})
			}
		}
	}
	for _, r := range t.of("AWS::EC2::SecurityGroup") {
		for i, rule := range list(r.Properties["SecurityGroupIngress"]) {
			add(r.id, fmt.Sprintf("SecurityGroupIngress[%d]", i), rule)
		}
	}
	for _, r := range t.of("AWS::EC2::SecurityGroupIngress") {
		add(r.id, "CidrIp", any(r.Properties))
	}
	return found
}

func isInternal(r resource) []Violation {
	found := wants(r, "Scheme", "set internal", "internal")
	for _, attribute := range list(r.Properties["LoadBalancerAttributes"]) {
		if at(attribute, "Key") == "routing.http.drop_invalid_header_fields.enabled" && at(attribute, "Value") == "true" {
			return found
		}
	}
	return append(found, fault("LoadBalancerAttributes", "routing.http.drop_invalid_header_fields.enabled is not true: set it")...)
}
