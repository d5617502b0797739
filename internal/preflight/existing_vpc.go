package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// checkExistingVpc asks whether tasks, load balancer and VPC link can live in
// the subnets that cdk.json names.
func (i *inspection) checkExistingVpc(ctx context.Context, zones []zone) {
	if !i.checkVpcDNS(ctx) {
		return
	}
	i.checkRoutes(ctx, i.checkSubnets(ctx, zones))
}

// dnsOptions are the AWS CLI's options that turn a VPC's attribute on.
var dnsOptions = map[types.VpcAttributeName]string{
	types.VpcAttributeNameEnableDnsSupport:   "--enable-dns-support",
	types.VpcAttributeNameEnableDnsHostnames: "--enable-dns-hostnames",
}

// checkVpcDNS returns false where the VPC doesn't exist. Names must resolve in
// it, and interface endpoints need host names as well.
func (i *inspection) checkVpcDNS(ctx context.Context) bool {
	vpc, place := i.settings.Vpc.ID, i.setting("vpc.id")
	before := len(i.report.Problems)
	for _, attribute := range []types.VpcAttributeName{types.VpcAttributeNameEnableDnsSupport, types.VpcAttributeNameEnableDnsHostnames} {
		response, err := i.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: aws.String(vpc), Attribute: attribute})
		if hasCode(err, "InvalidVpcID.NotFound") {
			i.refuse(place, "this account has no "+vpc+" in "+i.Region, "name a VPC of this account and region")
			return false
		}
		if err != nil {
			i.refuseCall("ec2:DescribeVpcAttribute", err)
			return true
		}
		value := response.EnableDnsSupport
		if attribute == types.VpcAttributeNameEnableDnsHostnames {
			value = response.EnableDnsHostnames
		}
		if value == nil || !aws.ToBool(value.Value) {
			i.refuse(place, fmt.Sprintf("%s has %s off", vpc, attribute), "run `aws ec2 modify-vpc-attribute --vpc-id "+vpc+" "+dnsOptions[attribute]+"`")
		}
	}
	if len(i.report.Problems) == before {
		i.pass("VPC %s: DNS support and host names are on", vpc)
	}
	return true
}

// checkSubnets compares every subnet with its VPC and its zone in cdk.json, and
// returns those that are in the VPC.
func (i *inspection) checkSubnets(ctx context.Context, zones []zone) []string {
	vpc, place := i.settings.Vpc, i.setting("vpc")
	response, err := i.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{
		// As a filter, an ID without a subnet is no error: all are then reported.
		Filters: []types.Filter{{Name: aws.String("subnet-id"), Values: vpc.PrivateSubnetIDs}},
	})
	if err != nil {
		i.refuseCall("ec2:DescribeSubnets", err)
		return nil
	}
	var inside []string
	before := len(i.report.Problems)
	for n, id := range vpc.PrivateSubnetIDs {
		at := slices.IndexFunc(response.Subnets, func(s types.Subnet) bool { return aws.ToString(s.SubnetId) == id })
		if at < 0 {
			i.refuse(place+".privateSubnetIds", "this account has no "+id+" in "+i.Region, "name private subnets of "+vpc.ID)
			continue
		}
		subnet := response.Subnets[at]
		if owner := aws.ToString(subnet.VpcId); owner != vpc.ID {
			i.refuse(place+".privateSubnetIds", id+" is in "+owner, "name private subnets of "+vpc.ID)
			continue
		}
		inside = append(inside, id)
		i.checkSubnetZone(id, vpc.AvailabilityZones[n], zone{name: aws.ToString(subnet.AvailabilityZone), id: aws.ToString(subnet.AvailabilityZoneId)}, zones)
	}
	if len(i.report.Problems) == before {
		i.pass("subnets: %s, in zones with VPC links and Fargate", strings.Join(inside, ", "))
	}
	return inside
}

func (i *inspection) checkSubnetZone(subnet, named string, at zone, zones []zone) {
	if named != at.name {
		i.refuse(i.setting("vpc.availabilityZones"), fmt.Sprintf("%s is in %s, not in %s", subnet, at.name, named), "name the subnets' zones in the subnets' order")
	}
	if missing := at.lacks(i.Region); missing != "" {
		i.refuse(i.setting("vpc.privateSubnetIds"), fmt.Sprintf("%s is in %s (%s), where %s", subnet, at.name, at.id, missing),
			"name private subnets in two of "+strings.Join(working(zones, i.Region), ", "))
	}
}

// working returns the names of the zones that have what the stack needs.
func working(zones []zone, region string) []string {
	var names []string
	for _, z := range zones {
		if z.lacks(region) == "" {
			names = append(names, z.name)
		}
	}
	return names
}

// checkRoutes looks at each subnet's way to the internet, where Benchling and
// AWS's endpoints are.
func (i *inspection) checkRoutes(ctx context.Context, subnets []string) {
	if len(subnets) == 0 {
		return
	}
	response, err := i.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{
		Filters: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{i.settings.Vpc.ID}}},
	})
	if err != nil {
		i.refuseCall("ec2:DescribeRouteTables", err)
		return
	}
	before := len(i.report.Problems)
	for _, id := range subnets {
		if fault := routeFault(tableOf(id, response.RouteTables)); fault != "" {
			i.refuse(i.setting("vpc.privateSubnetIds"), id+fault, "route 0.0.0.0/0 of a private subnet to a NAT gateway or a transit gateway, or name other subnets")
		}
	}
	if len(i.report.Problems) == before {
		i.pass("routes: %s reach the internet without an address of their own", strings.Join(subnets, ", "))
	}
}

// tableOf returns the table that a subnet names, or else the VPC's main one.
func tableOf(subnet string, tables []types.RouteTable) types.RouteTable {
	var main types.RouteTable
	for _, table := range tables {
		for _, association := range table.Associations {
			if aws.ToString(association.SubnetId) == subnet {
				return table
			}
			if aws.ToBool(association.Main) {
				main = table
			}
		}
	}
	return main
}

// routeFault returns what keeps tasks without a public address from the
// internet, or nothing. What lies behind a transit gateway, an appliance or a
// virtual private gateway can't be seen from here and is taken to be right.
func routeFault(table types.RouteTable) string {
	at := slices.IndexFunc(table.Routes, func(r types.Route) bool { return aws.ToString(r.DestinationCidrBlock) == "0.0.0.0/0" })
	if at < 0 {
		return " has no default route"
	}
	route := table.Routes[at]
	switch {
	case route.State == types.RouteStateBlackhole:
		return " has a default route whose target is gone (blackhole)"
	case strings.HasPrefix(aws.ToString(route.GatewayId), "igw-"):
		return " is a public subnet: its default route is an internet gateway, which tasks without a public address can't use"
	case route.VpcPeeringConnectionId != nil:
		return " has a VPC peering connection as its default route, which doesn't lead on to the internet"
	}
	return ""
}
