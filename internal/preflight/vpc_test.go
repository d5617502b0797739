package preflight_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/preflight"
)

const place = "cdk.json: environments.prod."

func TestZonesOfANewVpc(t *testing.T) {
	for _, c := range []struct {
		name   string
		chosen []string
		change func(*account)
		passed string
		want   string
	}{
		{name: "first two", passed: "zones: VPC links and Fargate in us-east-1a (use1-az4), us-east-1b (use1-az6)"},
		{name: "chosen", chosen: []string{"us-east-1d", "us-east-1f", "us-east-1a"},
			passed: "zones: VPC links and Fargate in us-east-1d (use1-az2), us-east-1f (use1-az5), us-east-1a (use1-az4)"},
		{name: "first two with a default subnet", change: func(a *account) { a.defaultZones = []string{"us-east-1f", "us-east-1e", "us-east-1c", "us-east-1c"} },
			want: place + `availabilityZones: us-east-1e is use1-az3 in this account, where API Gateway has no VPC links; set "availabilityZones": ["us-east-1a", "us-east-1c"] in cdk.json`},
		{name: "one default subnet", change: func(a *account) { a.defaultZones = []string{"us-east-1c"} },
			want: place + `availabilityZones: CloudFormation would find 1 zones, and the load balancer needs 2; set "availabilityZones": ["us-east-1a", "us-east-1c"] in cdk.json`},
		{name: "chosen of another region", chosen: []string{"us-east-1b", "eu-west-1a"},
			want: place + `availabilityZones: eu-west-1a is no Availability Zone of this account in us-east-1; set "availabilityZones": ["us-east-1a", "us-east-1b"] in cdk.json`},
		{name: "two faults", chosen: []string{"us-east-1e", "us-east-1g", "us-east-1b"},
			want: place + `availabilityZones: us-east-1e is use1-az3 in this account, where API Gateway has no VPC links, us-east-1g is no Availability Zone of this account in us-east-1; set "availabilityZones": ["us-east-1a", "us-east-1b", "us-east-1c"] in cdk.json`},
		{name: "no Fargate either", change: func(a *account) {
			a.region, a.zones = "us-west-1", map[string]string{"us-west-1a": "usw1-az2", "us-west-1b": "usw1-az3", "us-west-1c": "usw1-az1"}
		}, want: place + `availabilityZones: us-west-1a is usw1-az2 in this account, where API Gateway has no VPC links and Fargate runs no tasks; set "availabilityZones": ["us-west-1b", "us-west-1c"] in cdk.json`},
		{name: "too few zones", change: func(a *account) {
			a.region, a.zones = "us-west-1", map[string]string{"us-west-1a": "usw1-az2", "us-west-1b": "usw1-az3"}
		}, want: place + `availabilityZones: us-west-1a is usw1-az2 in this account, where API Gateway has no VPC links and Fargate runs no tasks; deploy to another region: 1 zones of us-west-1 have both VPC links and Fargate`},
		{name: "region of which nothing is known", change: func(a *account) { a.region = "af-south-1" },
			passed: "zones: not checked for VPC links, of which API Gateway's guide says nothing for af-south-1"},
		{name: "no right to see subnets", change: func(a *account) { a.denied = []string{"DescribeSubnets"} },
			want: "ec2:DescribeSubnets: AccessDenied: not allowed: DescribeSubnets; allow this action (docs/first-deployment.md lists what preflight reads), or try again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, settings := ready(), prod()
			settings.AvailabilityZones = c.chosen
			if c.change != nil {
				c.change(a)
			}
			report := preflight.Run(context.Background(), a.clients(), settings, preflight.Options{})
			assert.Equal(t, lines(report.Problems), c.want)
			if c.passed != "" {
				assert.Check(t, slices.Contains(report.Passed, c.passed), report.Passed)
			}
		})
	}
}

// table returns a route table of the subnets, or the main one where it is given
// none, with one default route.
func table(route types.Route, subnets ...string) types.RouteTable {
	route.DestinationCidrBlock = aws.String("0.0.0.0/0")
	made := types.RouteTable{Routes: []types.Route{{DestinationCidrBlock: aws.String("10.0.0.0/16"), GatewayId: aws.String("local")}, route}}
	for _, subnet := range subnets {
		made.Associations = append(made.Associations, types.RouteTableAssociation{SubnetId: aws.String(subnet)})
	}
	if len(subnets) == 0 {
		made.Associations = []types.RouteTableAssociation{{Main: aws.Bool(true)}}
	}
	return made
}

func subnet(id, vpc, zone, zoneID string) types.Subnet {
	return types.Subnet{SubnetId: aws.String(id), VpcId: aws.String(vpc), AvailabilityZone: aws.String(zone), AvailabilityZoneId: aws.String(zoneID)}
}

// withVpc returns an account whose vpc-1 has two private subnets behind a NAT
// gateway, by its main route table and by one of subnet-2's own.
func withVpc() *account {
	a := ready()
	a.vpc = "vpc-1"
	a.dns = map[types.VpcAttributeName]bool{types.VpcAttributeNameEnableDnsSupport: true, types.VpcAttributeNameEnableDnsHostnames: true}
	a.subnets = []types.Subnet{subnet("subnet-1", "vpc-1", "us-east-1a", "use1-az4"), subnet("subnet-2", "vpc-1", "us-east-1b", "use1-az6")}
	nat := types.Route{NatGatewayId: aws.String("nat-1"), State: types.RouteStateActive}
	a.routeTables = []types.RouteTable{table(nat), table(nat, "subnet-2")}
	return a
}

func TestExistingVpc(t *testing.T) {
	const route = "; route 0.0.0.0/0 of a private subnet to a NAT gateway or a transit gateway, or name other subnets"
	internet := types.Route{GatewayId: aws.String("igw-1"), State: types.RouteStateActive}
	for _, c := range []struct {
		name   string
		change func(*account)
		want   []string
	}{
		{"right", func(*account) {}, nil},
		{"transit gateway", func(a *account) { a.routeTables[0] = table(types.Route{TransitGatewayId: aws.String("tgw-1")}) }, nil},
		{"no VPC", func(a *account) { a.vpc = "vpc-2" }, []string{
			place + "vpc.id: this account has no vpc-1 in us-east-1; name a VPC of this account and region"}},
		{"DNS off", func(a *account) { a.dns = nil }, []string{
			place + "vpc.id: vpc-1 has enableDnsSupport off; run `aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-support`",
			place + "vpc.id: vpc-1 has enableDnsHostnames off; run `aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-hostnames`"}},
		{"no subnet", func(a *account) { a.subnets = a.subnets[:1] }, []string{
			place + "vpc.privateSubnetIds: this account has no subnet-2 in us-east-1; name private subnets of vpc-1"}},
		{"subnet elsewhere", func(a *account) { a.subnets[1].VpcId = aws.String("vpc-9") }, []string{
			place + "vpc.privateSubnetIds: subnet-2 is in vpc-9; name private subnets of vpc-1"}},
		{"zones swapped", func(a *account) {
			a.subnets[0], a.subnets[1] = subnet("subnet-1", "vpc-1", "us-east-1b", "use1-az6"), subnet("subnet-2", "vpc-1", "us-east-1a", "use1-az4")
		}, []string{
			place + "vpc.availabilityZones: subnet-1 is in us-east-1b, not in us-east-1a; name the subnets' zones in the subnets' order",
			place + "vpc.availabilityZones: subnet-2 is in us-east-1a, not in us-east-1b; name the subnets' zones in the subnets' order"}},
		{"zone without VPC links", func(a *account) { a.subnets[0].AvailabilityZoneId = aws.String("use1-az3") }, []string{
			place + "vpc.privateSubnetIds: subnet-1 is in us-east-1a (use1-az3), where API Gateway has no VPC links; name private subnets in two of us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1f"}},
		{"public by the main table", func(a *account) { a.routeTables[0] = table(internet) }, []string{
			place + "vpc.privateSubnetIds: subnet-1 is a public subnet: its default route is an internet gateway, which tasks without a public address can't use" + route}},
		{"public by its own table", func(a *account) { a.routeTables[1] = table(internet, "subnet-2") }, []string{
			place + "vpc.privateSubnetIds: subnet-2 is a public subnet: its default route is an internet gateway, which tasks without a public address can't use" + route}},
		{"blackhole", func(a *account) {
			a.routeTables[1] = table(types.Route{NatGatewayId: aws.String("nat-1"), State: types.RouteStateBlackhole}, "subnet-2")
		}, []string{place + "vpc.privateSubnetIds: subnet-2 has a default route whose target is gone (blackhole)" + route}},
		{"peering", func(a *account) {
			a.routeTables[1] = table(types.Route{VpcPeeringConnectionId: aws.String("pcx-1")}, "subnet-2")
		}, []string{
			place + "vpc.privateSubnetIds: subnet-2 has a VPC peering connection as its default route, which doesn't lead on to the internet" + route}},
		{"no route", func(a *account) { a.routeTables = nil }, []string{
			place + "vpc.privateSubnetIds: subnet-1 has no default route" + route,
			place + "vpc.privateSubnetIds: subnet-2 has no default route" + route}},
		{"no rights", func(a *account) { a.denied = []string{"DescribeVpcAttribute", "DescribeSubnets"} }, []string{
			"ec2:DescribeVpcAttribute: AccessDenied: not allowed: DescribeVpcAttribute; allow this action (docs/first-deployment.md lists what preflight reads), or try again",
			"ec2:DescribeSubnets: AccessDenied: not allowed: DescribeSubnets; allow this action (docs/first-deployment.md lists what preflight reads), or try again"}},
		{"no right to see routes", func(a *account) { a.denied = []string{"DescribeRouteTables"} }, []string{
			"ec2:DescribeRouteTables: AccessDenied: not allowed: DescribeRouteTables; allow this action (docs/first-deployment.md lists what preflight reads), or try again"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, settings := withVpc(), prod()
			settings.Vpc = &constructs.ExistingVpc{ID: "vpc-1", PrivateSubnetIDs: []string{"subnet-1", "subnet-2"}, AvailabilityZones: []string{"us-east-1a", "us-east-1b"}}
			c.change(a)
			report := preflight.Run(context.Background(), a.clients(), settings, preflight.Options{})
			assert.Equal(t, lines(report.Problems), strings.Join(c.want, "\n"))
			if c.want == nil {
				assert.Check(t, slices.Contains(report.Passed, "routes: subnet-1, subnet-2 reach the internet without an address of their own"), report.Passed)
			}
		})
	}
}
