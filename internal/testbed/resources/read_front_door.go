package resources

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	balancing "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancertypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// FrontDoor is what lies between Benchling and the web tasks.
type FrontDoor struct {
	Balancer    balancertypes.LoadBalancer
	TargetGroup balancertypes.TargetGroup
	// BalancerAttributes and TargetAttributes are by key.
	BalancerAttributes, TargetAttributes map[string]string
	Integration                          apitypes.Integration
	Stage                                apitypes.Stage
}

func (d *Deployed) readBalancer(ctx context.Context, config aws.Config) error {
	client := balancing.NewFromConfig(config)
	balancer, err := d.Stack.only("AWS::ElasticLoadBalancingV2::LoadBalancer")
	if err != nil {
		return err
	}
	group, err := d.Stack.only("AWS::ElasticLoadBalancingV2::TargetGroup")
	if err != nil {
		return err
	}
	balancers, err := client.DescribeLoadBalancers(ctx, &balancing.DescribeLoadBalancersInput{LoadBalancerArns: []string{balancer}})
	if d.FrontDoor.Balancer, err = first(balancers, err, func() []balancertypes.LoadBalancer { return balancers.LoadBalancers }); err != nil {
		return err
	}
	groups, err := client.DescribeTargetGroups(ctx, &balancing.DescribeTargetGroupsInput{TargetGroupArns: []string{group}})
	if d.FrontDoor.TargetGroup, err = first(groups, err, func() []balancertypes.TargetGroup { return groups.TargetGroups }); err != nil {
		return err
	}
	ofBalancer, err := client.DescribeLoadBalancerAttributes(ctx, &balancing.DescribeLoadBalancerAttributesInput{LoadBalancerArn: aws.String(balancer)})
	if err != nil {
		return err
	}
	d.FrontDoor.BalancerAttributes = map[string]string{}
	for _, it := range ofBalancer.Attributes {
		d.FrontDoor.BalancerAttributes[aws.ToString(it.Key)] = aws.ToString(it.Value)
	}
	ofGroup, err := client.DescribeTargetGroupAttributes(ctx, &balancing.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String(group)})
	if err != nil {
		return err
	}
	d.FrontDoor.TargetAttributes = map[string]string{}
	for _, it := range ofGroup.Attributes {
		d.FrontDoor.TargetAttributes[aws.ToString(it.Key)] = aws.ToString(it.Value)
	}
	return nil
}

func (d *Deployed) readAPI(ctx context.Context, config aws.Config) error {
	client := apigatewayv2.NewFromConfig(config)
	api, err := d.Stack.only("AWS::ApiGatewayV2::Api")
	if err != nil {
		return err
	}
	integrations, err := client.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: aws.String(api)})
	if d.FrontDoor.Integration, err = first(integrations, err, func() []apitypes.Integration { return integrations.Items }); err != nil {
		return err
	}
	stages, err := client.GetStages(ctx, &apigatewayv2.GetStagesInput{ApiId: aws.String(api)})
	d.FrontDoor.Stage, err = first(stages, err, func() []apitypes.Stage { return stages.Items })
	return err
}
