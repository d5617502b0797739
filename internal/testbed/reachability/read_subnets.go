package reachability

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// numbers are the protocols that network ACLs name by number. Source: IANA's registry
// of protocol numbers.
var numbers = map[string]string{"1": "icmp", "6": TCP, "17": UDP, "58": "icmpv6"}

func (n *Network) readSubnets(ctx context.Context, client *ec2.Client, _ string, of []types.Filter) error {
	described, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: of})
	if err != nil {
		return err
	}
	tables, err := client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: of})
	if err != nil {
		return err
	}
	acls, err := client.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: of})
	if err != nil {
		return err
	}
	n.subnets = map[string]subnet{}
	for _, it := range described.Subnets {
		id := aws.ToString(it.SubnetId)
		if len(it.Ipv6CidrBlockAssociationSet) > 0 {
			return fmt.Errorf("subnet %s: has IPv6 addresses, which aren't considered", id)
		}
		block, err := netip.ParsePrefix(aws.ToString(it.CidrBlock))
		if err != nil {
			return fmt.Errorf("subnet %s: %w", id, err)
		}
		routes, err := routesOf(id, tables.RouteTables)
		if err != nil {
			return fmt.Errorf("subnet %s: %w", id, err)
		}
		entries, err := entriesOf(id, acls.NetworkAcls)
		if err != nil {
			return fmt.Errorf("subnet %s: %w", id, err)
		}
		n.subnets[id] = subnet{id, aws.ToString(it.VpcId), block, routes, entries}
	}
	return nil
}

// routesOf returns the routes of a subnet's table, which is the main one without
// another.
func routesOf(subnetID string, tables []types.RouteTable) ([]route, error) {
	its := func(a types.RouteTableAssociation) bool { return aws.ToString(a.SubnetId) == subnetID }
	main := func(a types.RouteTableAssociation) bool { return aws.ToBool(a.Main) }
	at := slices.IndexFunc(tables, func(t types.RouteTable) bool { return slices.ContainsFunc(t.Associations, its) })
	if at < 0 {
		at = slices.IndexFunc(tables, func(t types.RouteTable) bool { return slices.ContainsFunc(t.Associations, main) })
	}
	if at < 0 {
		return nil, errors.New("no route table")
	}
	var found []route
	for _, it := range tables[at].Routes {
		r := route{
			list: aws.ToString(it.DestinationPrefixListId), active: it.State == types.RouteStateActive,
			target: cmp.Or(aws.ToString(it.GatewayId), aws.ToString(it.NatGatewayId), "another target"),
		}
		if block := aws.ToString(it.DestinationCidrBlock); block != "" {
			var err error
			if r.block, err = netip.ParsePrefix(block); err != nil {
				return nil, err
			}
		}
		found = append(found, r)
	}
	return found, nil
}

// entriesOf returns the entries of a subnet's network ACL, which is the default one
// without another.
func entriesOf(subnetID string, acls []types.NetworkAcl) ([]entry, error) {
	at := slices.IndexFunc(acls, func(acl types.NetworkAcl) bool {
		return slices.ContainsFunc(acl.Associations, func(a types.NetworkAclAssociation) bool { return aws.ToString(a.SubnetId) == subnetID })
	})
	if at < 0 {
		at = slices.IndexFunc(acls, func(acl types.NetworkAcl) bool { return aws.ToBool(acl.IsDefault) })
	}
	if at < 0 {
		return nil, errors.New("no network ACL")
	}
	var found []entry
	for _, it := range acls[at].Entries {
		if it.CidrBlock == nil {
			continue
		}
		block, err := netip.ParsePrefix(*it.CidrBlock)
		if err != nil {
			return nil, err
		}
		protocol := aws.ToString(it.Protocol)
		e := entry{
			number: aws.ToInt32(it.RuleNumber), way: ingress, protocol: cmp.Or(numbers[protocol], protocol),
			low: -1, high: -1, block: block, allow: it.RuleAction == types.RuleActionAllow,
		}
		if aws.ToBool(it.Egress) {
			e.way = egress
		}
		if it.PortRange != nil {
			e.low, e.high = aws.ToInt32(it.PortRange.From), aws.ToInt32(it.PortRange.To)
		}
		found = append(found, e)
	}
	slices.SortFunc(found, func(a, b entry) int { return cmp.Compare(a.number, b.number) })
	return found, nil
}
