package preflight

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"benchlingwebhook/constructs"
)

// leastZones is how many zones the load balancer needs, and a new VPC has.
const leastZones = constructs.Zones

// readZones returns the region's Availability Zones by their names' order.
func (i *inspection) readZones(ctx context.Context) ([]zone, bool) {
	if _, known := vpcLinkZones[i.Region]; !known {
		i.pass("zones: not checked for VPC links, of which API Gateway's guide says nothing for %s", i.Region)
	}
	response, err := i.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{
		Filters: []types.Filter{{Name: aws.String("zone-type"), Values: []string{"availability-zone"}}},
	})
	if err != nil {
		i.refuseCall("ec2:DescribeAvailabilityZones", err)
		return nil, false
	}
	var zones []zone
	for _, z := range response.AvailabilityZones {
		zones = append(zones, zone{name: aws.ToString(z.ZoneName), id: aws.ToString(z.ZoneId)})
	}
	slices.SortFunc(zones, func(a, b zone) int { return cmp.Compare(a.name, b.name) })
	return zones, true
}

// checkNewVpc asks whether the zones that a new VPC will get have what the stack
// needs.
func (i *inspection) checkNewVpc(ctx context.Context, zones []zone) {
	chosen := i.settings.AvailabilityZones
	if len(chosen) == 0 {
		var err error
		if chosen, err = i.firstZones(ctx, zones); err != nil {
			i.refuseCall("ec2:DescribeSubnets", err)
			return
		}
	}
	var kept, passed, faults []string
	for _, name := range chosen {
		at := slices.IndexFunc(zones, func(z zone) bool { return z.name == name })
		if at < 0 {
			faults = append(faults, name+" is no Availability Zone of this account in "+i.Region)
			continue
		}
		if missing := zones[at].lacks(i.Region); missing != "" {
			faults = append(faults, fmt.Sprintf("%s is %s in this account, where %s", name, zones[at].id, missing))
			continue
		}
		kept, passed = append(kept, name), append(passed, name+" ("+zones[at].id+")")
	}
	if len(chosen) < leastZones {
		faults = append(faults, fmt.Sprintf("CloudFormation would find %d zones, and the load balancer needs %d", len(chosen), leastZones))
	}
	if len(faults) > 0 {
		i.refuse(i.setting("availabilityZones"), strings.Join(faults, ", "), i.otherZones(kept, max(len(chosen), leastZones), zones))
		return
	}
	i.pass("zones: VPC links and Fargate in %s", strings.Join(passed, ", "))
}

// firstZones returns the names that Fn::GetAZs puts first: the zones with a
// default subnet, or all zones where none has one, in alphabetical order.
// Source: CloudFormation Template Reference Guide, "Fn::GetAZs".
func (i *inspection) firstZones(ctx context.Context, zones []zone) ([]string, error) {
	response, err := i.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{
		Filters: []types.Filter{{Name: aws.String("default-for-az"), Values: []string{"true"}}},
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, subnet := range response.Subnets {
		names = append(names, aws.ToString(subnet.AvailabilityZone))
	}
	if len(names) == 0 {
		for _, z := range zones {
			names = append(names, z.name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), leastZones)], nil
}

// otherZones returns the remedy: the zones that may stay and others that work,
// as many as wanted.
func (i *inspection) otherZones(kept []string, wanted int, zones []zone) string {
	for _, z := range zones {
		if len(kept) < wanted && z.lacks(i.Region) == "" && !slices.Contains(kept, z.name) {
			kept = append(kept, z.name)
		}
	}
	if len(kept) < leastZones {
		return fmt.Sprintf("deploy to another region: %d zones of %s have both VPC links and Fargate", len(kept), i.Region)
	}
	slices.Sort(kept)
	// Names of zones always have a JSON form.
	list, _ := json.Marshal(kept)
	return `set "availabilityZones": ` + strings.ReplaceAll(string(list), ",", ", ") + " in cdk.json"
}
