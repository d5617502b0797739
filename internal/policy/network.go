package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// rulesOf returns the rules of security groups in one direction, "Ingress" or "Egress",
// of the groups themselves and of resources of their own.
func rulesOf(t cfn.Template, direction string) []source {
	var sources []source
	add := func(id, property, group string, rule any) {
		shares, fault := readSource(t, rule)
		sources = append(sources, source{id, property, group, shares, fault})
	}
	for _, r := range t.OfType(securityGroup) {
		for i, rule := range flat(r.Properties["SecurityGroup"+direction]) {
			add(r.ID, fmt.Sprintf("SecurityGroup%s[%d]", direction, i), r.ID, rule)
		}
	}
	for _, r := range t.OfType(securityGroup + direction) {
		add(r.ID, "Cidr", groupOf(r.Properties["GroupId"]), any(r.Properties))
	}
	return sources
}

// groupOf returns the logical ID of a security group that a property names.
func groupOf(value any) string {
	text, _ := value.(string)
	id, _, _ := strings.Cut(strings.Trim(text, "\uE000\uE001"), ".")
	return id
}

func notOpen(t cfn.Template) []Violation {
	sources := rulesOf(t, "Ingress")
	for _, r := range t.OfType(networkAclEntry) {
		if is(r.Properties["Egress"], "true") || is(r.Properties["RuleAction"], "deny") {
			continue
		}
		shares, fault := readSource(t, any(r.Properties))
		sources = append(sources, source{r.ID, "CidrBlock", show(r.Properties["NetworkAclId"]), shares, fault})
	}
	return openSources(sources)
}

// egressNamed demands that what may go everywhere has one port, and that each security
// group says what goes out.
//
// Source: AWS CloudFormation's guide, AWS::EC2::SecurityGroup: without a rule, all
// traffic goes out.
func egressNamed(t cfn.Template) []Violation {
	var found []Violation
	sources := rulesOf(t, "Egress")
	for _, r := range t.OfType(securityGroup) {
		if !slices.ContainsFunc(sources, func(s source) bool { return s.group == r.ID }) {
			found = append(found, Violation{Resource: r.ID, Property: "SecurityGroupEgress", Fault: "not set, so that everything goes out: name what may"})
		}
	}
	for _, to := range sources {
		rule := any(t.Resources[to.resource].Properties)
		var index int
		if _, err := fmt.Sscanf(to.property, "SecurityGroupEgress[%d]", &index); err == nil {
			rule = flat(cfn.At(rule, "SecurityGroupEgress"))[index]
		}
		wide := to.fault != "" || slices.ContainsFunc(to.shares, share.isWide)
		from, _ := cfn.Scalar(cfn.At(rule, "FromPort"))
		onePort := is(cfn.At(rule, "IpProtocol"), "tcp", "udp", "6", "17") && isAtLeast(from, 1) && is(cfn.At(rule, "ToPort"), from)
		if wide && !onePort {
			found = append(found, Violation{Resource: to.resource, Property: to.property, Fault: "goes everywhere by more than one port: name the port or the destination"})
		}
	}
	return found
}

func isInternal(r cfn.Resource) []Violation {
	return append(wants(r, "Scheme", "set internal", "internal"), attributeIs(r, "routing.http.drop_invalid_header_fields.enabled", "true")...)
}

// attribute returns the value of a load balancer's attribute; nil if there is none,
// several that differ, or one that can't be decided.
func attribute(r cfn.Resource, key string) any {
	var value any
	for _, attribute := range flat(r.Properties["LoadBalancerAttributes"]) {
		if !isNamed(cfn.At(attribute, "Key")) {
			return nil // It may be any.
		}
		if !is(cfn.At(attribute, "Key"), key) {
			continue
		}
		if value != nil && value != cfn.At(attribute, "Value") {
			return nil
		}
		value = cfn.At(attribute, "Value")
	}
	return value
}

func attributeIs(r cfn.Resource, key, wanted string) []Violation {
	if value := attribute(r, key); !is(value, wanted) {
		return fault("LoadBalancerAttributes["+key+"]", show(value)+": set "+wanted)
	}
	return nil
}

// hasAuthorization demands a type that asks who calls, and of two the authorizer.
func hasAuthorization(r cfn.Resource) []Violation {
	found := wants(r, "AuthorizationType", "set AWS_IAM", "AWS_IAM", "JWT", "CUSTOM")
	if is(r.Properties["AuthorizationType"], "JWT", "CUSTOM") && !isNamed(r.Properties["AuthorizerId"]) {
		found = append(found, fault("AuthorizerId", show(r.Properties["AuthorizerId"])+": name the authorizer")...)
	}
	return found
}

// writtenRoutes demands that an API's routes are resources: what is imported, and the
// route that a target makes, is past every rule.
func writtenRoutes(r cfn.Resource) []Violation {
	var found []Violation
	for _, property := range []string{"Body", "BodyS3Location", "Target", "RouteKey"} {
		if r.Properties[property] != nil {
			found = append(found, fault(property, "makes routes that the template doesn't show: write AWS::ApiGatewayV2::Route")...)
		}
	}
	return found
}

// recommendedTLS are the security policies that Security Hub's ELB.17 takes.
var recommendedTLS = []string{
	"ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-3-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
}

// listensEncrypted demands TLS of load balancers' listeners.
func listensEncrypted(r cfn.Resource) []Violation {
	if found := wants(r, "Protocol", "set HTTPS", "HTTPS"); found != nil {
		return found
	}
	return wants(r, "SslPolicy", "choose ELBSecurityPolicy-TLS13-1-2-Res-2021-06 or a stricter one", recommendedTLS...)
}

// callsEncrypted demands TLS of what an API calls.
func callsEncrypted(r cfn.Resource) []Violation {
	uri, _ := r.Properties["IntegrationUri"].(string)
	switch {
	case strings.HasPrefix(strings.ToLower(uri), "http:"):
		return fault("IntegrationUri", show(uri)+": use https")
	case r.Properties["ConnectionType"] == nil || is(r.Properties["ConnectionType"], "INTERNET"):
		return nil
	case !isNamed(cfn.At(r.Properties, "TlsConfig", "ServerNameToVerify")):
		return fault("TlsConfig.ServerNameToVerify", show(cfn.At(r.Properties, "TlsConfig", "ServerNameToVerify"))+": name the certificate's host")
	}
	return nil
}

// domainTLS demands TLS 1.2 of an API's own names.
//
// Source: API Gateway's reference, DomainNameConfiguration.
func domainTLS(r cfn.Resource) []Violation {
	var found []Violation
	configurations := flat(r.Properties["DomainNameConfigurations"])
	if len(configurations) == 0 {
		return fault("DomainNameConfigurations", "not set: set SecurityPolicy to TLS_1_2")
	}
	for i, configuration := range configurations {
		found = append(found, below(fmt.Sprintf("DomainNameConfigurations[%d]", i), wantsIn(configuration, "SecurityPolicy", "set TLS_1_2", "TLS_1_2"))...)
	}
	return found
}

// mostRequests is what API Gateway takes in a second from all of an account's APIs
// together: a higher limit is none.
//
// Source: API Gateway's developer guide, account-level quotas.
const mostRequests = 10000

// throttled demands limits of a stage, and of each route that has settings of its own.
func throttled(r cfn.Resource) []Violation {
	var found []Violation
	check := func(place string, settings any) {
		for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
			if value := cfn.At(settings, limit); !isAtLeast(value, 1) || isAtLeast(value, mostRequests) {
				found = append(found, fault(place+"."+limit, show(value)+": set a limit")...)
			}
		}
	}
	check("DefaultRouteSettings", r.Properties["DefaultRouteSettings"])
	if own := r.Properties["RouteSettings"]; own != nil {
		routes, isObject := own.(map[string]any)
		if !isObject {
			return append(found, fault("RouteSettings", show(own)+": name the routes")...)
		}
		for _, name := range slices.Sorted(maps.Keys(routes)) {
			check("RouteSettings["+name+"]", routes[name])
		}
	}
	return found
}
