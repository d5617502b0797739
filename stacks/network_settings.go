package stacks

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"benchlingwebhook/constructs"
)

// zones reads the zones of a new VPC.
func zones(value any) ([]string, error) {
	names, err := zonesOfOneRegion(value, "the zones of the new VPC, such as [\"us-east-1b\", \"us-east-1c\"]")
	if err != nil {
		return nil, err
	}
	if len(names) != constructs.Zones {
		return nil, fmt.Errorf("%d zones; name %d", len(names), constructs.Zones)
	}
	return names, nil
}

// zonesOfOneRegion reads zones, each once; a zone is called after its region.
func zonesOfOneRegion(value any, remedy string) ([]string, error) {
	names, err := allMatching(value, zoneName, remedy)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if region := names[0][:len(names[0])-1]; name[:len(name)-1] != region {
			return nil, fmt.Errorf("%q is not in %s as %q is; use %s", name, region, names[0], remedy)
		}
	}
	return names, nil
}

// addressRanges reads ranges of IPv4 addresses, as WAF takes them.
func addressRanges(value any) ([]string, error) {
	const remedy = "a list of IPv4 ranges, such as [\"203.0.113.0/24\", \"198.51.100.7/32\"]"
	values, isList := value.([]any)
	if !isList || len(values) == 0 {
		return nil, fmt.Errorf("%s is not a list of ranges; use %s", show(value), remedy)
	}
	ranges := make([]string, len(values))
	for i, value := range values {
		text, _ := value.(string)
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil || !prefix.Addr().Is4():
			return nil, fmt.Errorf("%s does not fit; use %s", show(value), remedy)
		case prefix.Bits() == 0:
			return nil, fmt.Errorf("%s is every address; leave allowedAddresses out for that", show(value))
		case prefix != prefix.Masked():
			return nil, fmt.Errorf("%s has bits below its mask; write %q", show(value), prefix.Masked())
		case slices.Contains(ranges[:i], text):
			return nil, fmt.Errorf("%q is there twice; use each once", text)
		}
		ranges[i] = text
	}
	return ranges, nil
}

// existingVpc reads {"id": …, "privateSubnetIds": […], "availabilityZones": […]}.
func existingVpc(value any) (*constructs.ExistingVpc, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s is not an object; write {\"id\": …, \"privateSubnetIds\": […], \"availabilityZones\": […]}", show(value))
	}
	problems := unknown(object, "id", "privateSubnetIds", "availabilityZones")
	id, err := matching(object["id"], vpcID, "a VPC's id, such as \"vpc-0123abcd\"")
	problems = append(problems, prefixed(".id", err))
	subnets, err := allMatching(object["privateSubnetIds"], subnetID, "the ids of private subnets, such as [\"subnet-0123abcd\", …]")
	problems = append(problems, prefixed(".privateSubnetIds", err))
	zones, err := zonesOfOneRegion(object["availabilityZones"], "the subnets' zones in the same order, such as [\"eu-west-1a\", …]")
	problems = append(problems, prefixed(".availabilityZones", err))
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if len(subnets) != len(zones) || len(subnets) < 2 {
		return nil, fmt.Errorf("%d private subnets in %d zones; the load balancer needs at least two subnets, each in a zone of its own, one zone for each", len(subnets), len(zones))
	}
	return &constructs.ExistingVpc{ID: id, PrivateSubnetIDs: subnets, AvailabilityZones: zones}, nil
}

// domain reads {"name": …, "certificateArn": …}.
func domain(value any) (*constructs.Domain, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s is not an object; write {\"name\": …, \"certificateArn\": …}", show(value))
	}
	problems := unknown(object, "name", "certificateArn")
	name, err := matching(object["name"], hostName, "a host name in lower case without https://, such as \"webhooks.example.com\"")
	problems = append(problems, prefixed(".name", err))
	certificate, err := matching(object["certificateArn"], certificateArn, "the ARN of a certificate in the stack's region, such as \"arn:aws:acm:eu-west-1:123456789012:certificate/…\"")
	problems = append(problems, prefixed(".certificateArn", err))
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &constructs.Domain{Name: name, CertificateArn: certificate}, nil
}
