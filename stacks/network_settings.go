package stacks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/cdkfile"
)

var networkSettings = []Setting{
	{
		Name: "vpc", Unset: "a new one", Meaning: "An existing VPC, and its private subnets with the zone of each.",
		Cost: "saves a new one's NAT gateways",
		kind: object(func(s *Settings) **constructs.ExistingVpc { return &s.Vpc }, existingVpc, vpcSchema, "`{\"id\": …, \"privateSubnetIds\": […], \"availabilityZones\": […]}`"),
	},
	{
		Name: "availabilityZones", Unset: "the region's first two", Meaning: "The two zones of a new VPC: VPC links and Fargate aren't in every zone, and `make preflight` says which have both.",
		kind: object(func(s *Settings) *[]string { return &s.AvailabilityZones }, zones, zonesSchema, zonesAllowed),
	},
	{
		Name: "natGateways", Meaning: "NAT gateways of a new VPC; with one for each zone, the loss of a zone takes no other's way out.",
		Cost: "{nat-gateway} a month each with its address, and {nat-gb} a GB",
		kind: number(func(s *Settings) *int { return &s.NatGateways }, 1, constructs.Zones),
	},
	{
		Name: "flowLogs", Meaning: "Logs the traffic of a new VPC.",
		Cost: "[by the GB](network.md#what-the-options-cost)",
		kind: onOff(func(s *Settings) *bool { return &s.FlowLogs }),
	},
	{
		Name: "interfaceEndpoints", Meaning: "Keeps calls of ECR, logs, Secrets Manager and SQS within a new VPC.",
		Cost: "{interface-endpoints} a month ([by the hour](network.md#what-the-options-cost))",
		kind: onOff(func(s *Settings) *bool { return &s.InterfaceEndpoints }),
	},
	{
		Name: "allowedAddresses", Unset: "every address", Meaning: "The IPv4 ranges from which webhooks may come, by a web ACL.",
		Cost: "[a web ACL](decisions/0011-a-web-acl-when-asked-for.md)",
		kind: object(func(s *Settings) *[]string { return &s.AllowedAddresses }, addressRanges, rangesSchema, rangesAllowed),
	},
	{
		Name: "webAclArn", Unset: "none", Meaning: "An existing web ACL instead; the caller's IP address is in the header `x-source-address`.",
		kind: fittingText(func(s *Settings) *string { return &s.WebACLArn }, webACLArn.faults, webACLArn.schema(), "the ARN of a regional web ACL, such as \"arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/…\""),
	},
	{
		Name: "domain", Unset: "API Gateway's own", Meaning: "A name of your own for what Benchling calls; point its CNAME at the output `DomainTarget`.",
		kind: object(func(s *Settings) **constructs.Domain { return &s.Domain }, domain, domainSchema, "`{\"name\": …, \"certificateArn\": …}`"),
	},
}

// What is allowed, in words.
const (
	zonesAllowed  = "the zones of the new VPC, such as [\"us-east-1b\", \"us-east-1c\"]"
	rangesAllowed = "a list of IPv4 ranges, such as [\"203.0.113.0/24\", \"198.51.100.7/32\"]"
)

// zones reads the zones of a new VPC.
func zones(value any) ([]string, error) {
	names, err := readZones(value, zonesAllowed)
	if err == nil && len(names) != constructs.Zones {
		err = fmt.Errorf("%d zones; name %d", len(names), constructs.Zones)
	}
	return names, err
}

// readZones reads zones of one region, each once. It returns those that are right
// by themselves, beside an error that joins what is wrong.
func readZones(value any, remedy string) ([]string, error) {
	names, err := allFitting(value, zoneFaults, remedy)
	return names, errors.Join(err, zonesTogether(names))
}

// addressRanges reads ranges of IPv4 addresses, as WAF takes them.
func addressRanges(value any) ([]string, error) {
	values, isList := value.([]any)
	if !isList || len(values) == 0 {
		return nil, fmt.Errorf("%s is not a list of ranges; use %s", cdkfile.Show(value), rangesAllowed)
	}
	var ranges []string
	var problems []error
	for _, value := range values {
		text, _ := value.(string)
		err := rangeProblem(value)
		if err == nil && slices.Contains(ranges, text) {
			err = fmt.Errorf("%q is there twice; use each once", text)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		ranges = append(ranges, text)
	}
	if len(problems) == 0 && coverEverything(ranges) {
		problems = append(problems, fmt.Errorf("%s are every address together; leave allowedAddresses out for that", cdkfile.Show(ranges)))
	}
	return ranges, errors.Join(problems...)
}

// rangeProblem returns what is wrong with a range of addresses.
func rangeProblem(value any) error {
	text, _ := value.(string)
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !prefix.Addr().Is4():
		if address, err := netip.ParseAddr(text); err == nil && address.Is4() {
			return fmt.Errorf("%s does not fit: it has no mask, which of one address is /32; use %s", cdkfile.Show(value), rangesAllowed)
		}
		return fmt.Errorf("%s does not fit; use %s", cdkfile.Show(value), rangesAllowed)
	case prefix.Bits() == 0:
		return fmt.Errorf("%s is every address; leave allowedAddresses out for that", cdkfile.Show(value))
	case prefix != prefix.Masked():
		return fmt.Errorf("%s has bits below its mask; write %q", cdkfile.Show(value), prefix.Masked())
	}
	return nil
}

// coverEverything says whether the ranges leave no IPv4 address out.
func coverEverything(ranges []string) bool {
	sorted := make([]netip.Prefix, len(ranges))
	for i, text := range ranges {
		sorted[i] = netip.MustParsePrefix(text)
	}
	slices.SortFunc(sorted, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	next := uint64(0)
	for _, one := range sorted {
		bytes := one.Addr().As4()
		first := uint64(binary.BigEndian.Uint32(bytes[:]))
		if first > next {
			return false
		}
		next = max(next, first+1<<(32-one.Bits()))
	}
	return next == 1<<32
}

// existingVpc reads {"id": …, "privateSubnetIds": […], "availabilityZones": […]}.
func existingVpc(value any) (*constructs.ExistingVpc, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s is not an object; write {\"id\": …, \"privateSubnetIds\": […], \"availabilityZones\": […]}", cdkfile.Show(value))
	}
	problems := unknown(object, "id", "privateSubnetIds", "availabilityZones")
	id, err := fitting(object["id"], like(vpcID), "a VPC's id, of 8 or 17 hexadecimal digits in lower case, such as \"vpc-0123abcd\"")
	problems = append(problems, prefixed(".id", err))
	subnets, err := allFitting(object["privateSubnetIds"], like(subnetID), "the ids of private subnets, of 8 or 17 hexadecimal digits in lower case, such as [\"subnet-0123abcd\", …]")
	problems = append(problems, prefixed(".privateSubnetIds", err))
	zones, err := readZones(object["availabilityZones"], "the subnets' zones in the same order, such as [\"eu-west-1a\", …]")
	problems = append(problems, prefixed(".availabilityZones", err))
	vpc := &constructs.ExistingVpc{ID: id, PrivateSubnetIDs: subnets, AvailabilityZones: zones}
	if err := errors.Join(problems...); err != nil {
		return vpc, err
	}
	if len(subnets) != len(zones) || len(subnets) < 2 {
		return vpc, fmt.Errorf("%d private subnets in %d zones; the load balancer needs at least two subnets, each in a zone of its own, one zone for each", len(subnets), len(zones))
	}
	return vpc, nil
}

// domain reads {"name": …, "certificateArn": …}.
func domain(value any) (*constructs.Domain, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s is not an object; write {\"name\": …, \"certificateArn\": …}", cdkfile.Show(value))
	}
	problems := unknown(object, "name", "certificateArn")
	name, err := fitting(object["name"], hostNameFaults, "a host name in lower case without https://, such as \"webhooks.example.com\"")
	problems = append(problems, prefixed(".name", err))
	certificate, err := fitting(object["certificateArn"], certificateArn.faults, "the ARN of a certificate in the stack's region, such as \"arn:aws:acm:eu-west-1:123456789012:certificate/…\"")
	problems = append(problems, prefixed(".certificateArn", err))
	return &constructs.Domain{Name: name, CertificateArn: certificate}, errors.Join(problems...)
}
