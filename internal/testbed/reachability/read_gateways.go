package reachability

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (n *Network) readGateways(ctx context.Context, client *ec2.Client, _ string, of []types.Filter) error {
	n.nats, n.gateways = map[string]natGateway{}, map[string]string{}
	nats, err := client.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{Filter: of})
	if err != nil {
		return err
	}
	for _, it := range nats.NatGateways {
		usable := it.State == types.NatGatewayStateAvailable && it.ConnectivityType == types.ConnectivityTypePublic
		n.nats[aws.ToString(it.NatGatewayId)] = natGateway{aws.ToString(it.SubnetId), usable}
	}
	gateways, err := client.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{})
	if err != nil {
		return err
	}
	for _, it := range gateways.InternetGateways {
		for _, attachment := range it.Attachments {
			n.gateways[aws.ToString(it.InternetGatewayId)] = aws.ToString(attachment.VpcId)
		}
	}
	return nil
}

// readEndpoints reads the VPC's endpoints. A gateway endpoint's prefix list is found by
// its service's name.
func (n *Network) readEndpoints(ctx context.Context, client *ec2.Client, vpc string, of []types.Filter) error {
	n.Endpoints = map[string]Node{}
	described, err := client.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{Filters: of})
	if err != nil {
		return err
	}
	lists, err := client.DescribePrefixLists(ctx, &ec2.DescribePrefixListsInput{})
	if err != nil {
		return err
	}
	for _, it := range described.VpcEndpoints {
		// The local AWS doesn't filter.
		if aws.ToString(it.VpcId) != vpc {
			continue
		}
		service := aws.ToString(it.ServiceName)
		_, name, _ := strings.Cut(service, "."+client.Options().Region+".")
		node := Node{Name: name, Ports: []int32{HTTPSPort}}
		switch {
		case it.VpcEndpointType == types.VpcEndpointTypeGateway:
			for _, list := range lists.PrefixLists {
				if aws.ToString(list.PrefixListName) == service {
					node.prefixList = aws.ToString(list.PrefixListId)
				}
			}
		case aws.ToBool(it.PrivateDnsEnabled):
			node.Subnets = it.SubnetIds
			for _, g := range it.Groups {
				node.Groups = append(node.Groups, aws.ToString(g.GroupId))
			}
			node.Groups = n.orDefault(node.Groups)
		default:
			continue
		}
		n.Endpoints[node.Name] = node
	}
	return nil
}
