package policy

import (
	"fmt"

	"benchlingwebhook/internal/cfn"
)

// everywhere are the ranges of all addresses.
var everywhere = []any{"0.0.0.0/0", "::/0"}

func notOpen(t cfn.Template) []Violation {
	var found []Violation
	add := func(id, property string, rule any) {
		for _, address := range everywhere {
			if cfn.At(rule, "CidrIp") == address || cfn.At(rule, "CidrIpv6") == address {
				found = append(found, Violation{Resource: id, Property: property, Fault: fmt.Sprintf("open to %v: name a security group or a range", address)})
			}
		}
	}
	for _, r := range t.OfType("AWS::EC2::SecurityGroup") {
		for i, rule := range cfn.List(r.Properties["SecurityGroupIngress"]) {
			add(r.ID, fmt.Sprintf("SecurityGroupIngress[%d]", i), rule)
		}
	}
	for _, r := range t.OfType("AWS::EC2::SecurityGroupIngress") {
		add(r.ID, "CidrIp", any(r.Properties))
	}
	return found
}

func isInternal(r cfn.Resource) []Violation {
	found := wants(r, "Scheme", "set internal", "internal")
	if attribute(r, "routing.http.drop_invalid_header_fields.enabled") == "true" {
		return found
	}
	return append(found, fault("LoadBalancerAttributes", "routing.http.drop_invalid_header_fields.enabled is not true: set it")...)
}

// attribute returns the value of a load balancer's attribute, or nil.
func attribute(r cfn.Resource, key string) any {
	for _, attribute := range cfn.List(r.Properties["LoadBalancerAttributes"]) {
		if cfn.At(attribute, "Key") == key {
			return cfn.At(attribute, "Value")
		}
	}
	return nil
}

// hasAuthorization names a violation after the route, which is what an
// acknowledgement opens.
func hasAuthorization(r cfn.Resource) []Violation {
	found := wants(r, "AuthorizationType", "set AWS_IAM", "AWS_IAM", "JWT", "CUSTOM")
	for i := range found {
		found[i].Subject, _ = r.Properties["RouteKey"].(string)
	}
	return found
}

// recommendedTLS are the security policies that Security Hub's ELB.17 takes.
var recommendedTLS = []any{
	"ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
}

// encryptsInside demands TLS of load balancers' listeners and of what comes to
// them by a VPC link.
func encryptsInside(t cfn.Template) []Violation {
	listeners := each("AWS::ElasticLoadBalancingV2::Listener", func(r cfn.Resource) []Violation {
		if found := wants(r, "Protocol", "set HTTPS", "HTTPS"); found != nil {
			return found
		}
		return wants(r, "SslPolicy", "choose ELBSecurityPolicy-TLS13-1-2-Res-2021-06 or a stricter one", recommendedTLS...)
	})
	integrations := each("AWS::ApiGatewayV2::Integration", func(r cfn.Resource) []Violation {
		if r.Properties["ConnectionType"] == "VPC_LINK" && cfn.At(r.Properties, "TlsConfig", "ServerNameToVerify") == nil {
			return fault("TlsConfig.ServerNameToVerify", "not set: name the certificate's host")
		}
		return nil
	})
	return append(listeners(t), integrations(t)...)
}
