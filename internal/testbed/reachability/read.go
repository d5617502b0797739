package reachability

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	balancing "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancertypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"benchlingwebhook/internal/testbed/resources"
)

// Read returns the network of a deployed stack, as AWS's APIs describe it: that of its
// services, its load balancer and its VPC link, in a VPC of its own or in another's.
func Read(ctx context.Context, config aws.Config, stackName string) (*Network, error) {
	stack, err := resources.Find(ctx, config, stackName)
	if err != nil {
		return nil, err
	}
	n := &Network{Services: map[string]Node{}}
	for _, read := range []func(context.Context, aws.Config, *resources.Stack) error{n.readServices, n.readBalancer, n.readLink} {
		if err := read(ctx, config, stack); err != nil {
			return nil, fmt.Errorf("stack %s: %w", stackName, err)
		}
	}
	if err := n.readVpc(ctx, ec2.NewFromConfig(config)); err != nil {
		return nil, fmt.Errorf("stack %s: %w", stackName, err)
	}
	return n, nil
}

// ids returns the physical IDs of a stack's resources of a type.
func ids(stack *resources.Stack, kind string) []string {
	var found []string
	for _, logical := range slices.Sorted(maps.Keys(stack.Resources)) {
		if it := stack.Resources[logical]; it.Type == kind {
			found = append(found, it.ID)
		}
	}
	return found
}

// only returns the physical ID of a stack's only resource of a type.
func only(stack *resources.Stack, kind string) (string, error) {
	found := ids(stack, kind)
	if len(found) != 1 {
		return "", fmt.Errorf("%d resources of type %s, not 1", len(found), kind)
	}
	return found[0], nil
}

func (n *Network) readServices(ctx context.Context, config aws.Config, stack *resources.Stack) error {
	cluster, err := only(stack, "AWS::ECS::Cluster")
	if err != nil {
		return err
	}
	client := ecs.NewFromConfig(config)
	described, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(cluster), Services: ids(stack, "AWS::ECS::Service")})
	if err != nil {
		return err
	}
	for _, service := range described.Services {
		network := service.NetworkConfiguration
		if network == nil || network.AwsvpcConfiguration == nil {
			return fmt.Errorf("service %s: no awsvpc configuration: Fargate needs one", aws.ToString(service.ServiceName))
		}
		task, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: service.TaskDefinition})
		if err != nil {
			return err
		}
		name := aws.ToString(task.TaskDefinition.ContainerDefinitions[0].Name)
		node := Node{
			Name: name, Groups: network.AwsvpcConfiguration.SecurityGroups, Subnets: network.AwsvpcConfiguration.Subnets,
			PublicIP: network.AwsvpcConfiguration.AssignPublicIp == ecstypes.AssignPublicIpEnabled,
		}
		for _, it := range service.LoadBalancers {
			node.Ports = append(node.Ports, aws.ToInt32(it.ContainerPort))
		}
		n.Services[name] = node
	}
	return nil
}

func (n *Network) readBalancer(ctx context.Context, config aws.Config, stack *resources.Stack) error {
	arn, err := only(stack, "AWS::ElasticLoadBalancingV2::LoadBalancer")
	if err != nil {
		return err
	}
	client := balancing.NewFromConfig(config)
	described, err := client.DescribeLoadBalancers(ctx, &balancing.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}})
	if err != nil {
		return err
	}
	balancer := described.LoadBalancers[0]
	n.LoadBalancer = Node{
		Name: "load balancer", Groups: balancer.SecurityGroups,
		PublicIP: balancer.Scheme == balancertypes.LoadBalancerSchemeEnumInternetFacing,
	}
	for _, zone := range balancer.AvailabilityZones {
		n.LoadBalancer.Subnets = append(n.LoadBalancer.Subnets, aws.ToString(zone.SubnetId))
	}
	listeners, err := client.DescribeListeners(ctx, &balancing.DescribeListenersInput{LoadBalancerArn: aws.String(arn)})
	if err != nil {
		return err
	}
	for _, it := range listeners.Listeners {
		n.LoadBalancer.Ports = append(n.LoadBalancer.Ports, aws.ToInt32(it.Port))
	}
	return nil
}

func (n *Network) readLink(ctx context.Context, config aws.Config, stack *resources.Stack) error {
	id, err := only(stack, "AWS::ApiGatewayV2::VpcLink")
	if err != nil {
		return err
	}
	link, err := apigatewayv2.NewFromConfig(config).GetVpcLink(ctx, &apigatewayv2.GetVpcLinkInput{VpcLinkId: aws.String(id)})
	if err != nil {
		return err
	}
	n.VpcLink = Node{Name: "VPC link", Groups: link.SecurityGroupIds, Subnets: link.SubnetIds}
	return nil
}

// nodes returns those of the stack, to be completed.
func (n *Network) nodes() []Node {
	return slices.AppendSeq([]Node{n.VpcLink, n.LoadBalancer}, maps.Values(n.Services))
}

// readVpc reads what else decides in the VPC of the nodes.
func (n *Network) readVpc(ctx context.Context, client *ec2.Client) error {
	vpc, err := n.vpc(ctx, client)
	if err != nil {
		return err
	}
	of := []types.Filter{{Name: aws.String("vpc-id"), Values: []string{vpc}}}
	for _, read := range []func(context.Context, *ec2.Client, string, []types.Filter) error{
		n.readGroups, n.readSubnets, n.readGateways, n.readEndpoints,
	} {
		if err := read(ctx, client, vpc, of); err != nil {
			return err
		}
	}
	return nil
}

// vpc returns the only VPC of the nodes' subnets.
func (n *Network) vpc(ctx context.Context, client *ec2.Client) (string, error) {
	var names []string
	for _, node := range n.nodes() {
		names = append(names, node.Subnets...)
	}
	slices.Sort(names)
	described, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: slices.Compact(names)})
	if err != nil {
		return "", err
	}
	vpcs := map[string]bool{}
	for _, it := range described.Subnets {
		vpcs[aws.ToString(it.VpcId)] = true
	}
	found := slices.Sorted(maps.Keys(vpcs))
	if len(found) != 1 {
		return "", fmt.Errorf("subnets of %d VPCs (%s), not of 1", len(found), strings.Join(found, ", "))
	}
	return found[0], nil
}
