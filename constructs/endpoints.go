package constructs

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// gatewayEndpoints are the ways from a VPC to S3 and DynamoDB that pass no NAT
// gateway. They cost nothing.
type gatewayEndpoints struct {
	s3, dynamodb awsec2.GatewayVpcEndpoint
}

// addGatewayEndpoints gives a VPC its gateway endpoints. Until their policies are
// written by RestrictEndpoints, they let everything through.
func addGatewayEndpoints(vpc awsec2.Vpc) *gatewayEndpoints {
	return &gatewayEndpoints{
		s3:       vpc.AddGatewayEndpoint(jsii.String("S3"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()}),
		dynamodb: vpc.AddGatewayEndpoint(jsii.String("DynamoDB"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_DYNAMODB()}),
	}
}

// RestrictEndpoints lets through a new VPC's gateway endpoints what the tasks need:
// the one table, the bucket of the packages and listing of the linked ones, and reading
// of every object, for the image's layers lie in a bucket of ECR's, and exports in one of
// Benchling's.
func (n Network) RestrictEndpoints(bucket *PackageBucket, linked []PackageBucket, claims ClaimsTable) {
	if n.endpoints == nil {
		return
	}
	// Whoever it is, comes from the VPC: an endpoint lets nobody else in.
	inside := &map[string]any{"StringEquals": map[string]any{"aws:SourceVpc": n.Vpc.VpcId()}}
	allow := func(actions []string, resources ...*string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
			Actions:    jsii.Strings(actions...),
			Resources:  &resources,
			Conditions: inside,
		})
	}
	n.endpoints.s3.AddToPolicy(allow([]string{"s3:GetObject"}, jsii.String("*")))
	var listed []*string
	if bucket != nil {
		listed = append(listed, bucket.Bucket.BucketArn())
	}
	for _, it := range linked {
		listed = append(listed, it.Bucket.BucketArn())
	}
	n.endpoints.s3.AddToPolicy(allow(bucketActions, listed...))
	if bucket != nil {
		n.endpoints.s3.AddToPolicy(allow(objectActions, bucket.Bucket.ArnForObjects(jsii.String("*"))))
	}
	n.endpoints.dynamodb.AddToPolicy(allow(claimsActions, claims.Table.TableArn()))
}

// interfaceServices are AWS's services that the tasks and their agent call, other
// than by a gateway endpoint.
var interfaceServices = map[string]string{
	"EcrApi":         "ecr.api",
	"EcrDocker":      "ecr.dkr",
	"Logs":           "logs",
	"SecretsManager": "secretsmanager",
	"Sqs":            "sqs",
}

// usualPrefix begins the name of an endpoint's service before region and service.
const usualPrefix = "com.amazonaws"

// endpointPrefixes are the partitions with interface endpoints here, and where a
// service's name begins with something else than usualPrefix.
//
// Source: aws-cdk-lib's InterfaceVpcEndpointAwsService, which chooses by the
// region: this stack has none until it is deployed.
var endpointPrefixes = map[string]map[string]string{
	"aws":        nil,
	"aws-us-gov": nil,
	"aws-cn":     {"EcrApi": "cn.com.amazonaws", "EcrDocker": "cn.com.amazonaws", "Sqs": "cn.com.amazonaws"},
	"aws-eusc":   {"EcrApi": "eu.amazonaws", "EcrDocker": "eu.amazonaws"},
}

// addInterfaceEndpoints gives a VPC an endpoint in each private subnet for each
// of interfaceServices, which only the VPC's own addresses reach.
func addInterfaceEndpoints(vpc awsec2.Vpc, private *awsec2.SubnetSelection) {
	group := newSecurityGroup(vpc, "EndpointsGroup", vpc, "Interface endpoints")
	group.AddIngressRule(awsec2.Peer_Ipv4(vpc.VpcCidrBlock()), awsec2.Port_Tcp(jsii.Number(httpsPort)), jsii.String("Calls of AWS's services"), nil)
	prefixes := mapPrefixes(vpc, "EndpointPrefixes")
	for _, id := range slices.Sorted(maps.Keys(interfaceServices)) {
		prefix := prefixes.FindInMap(awscdk.Aws_PARTITION(), jsii.String(id), nil)
		name := fmt.Sprintf("%s.%s.%s", *prefix, *awscdk.Aws_REGION(), interfaceServices[id])
		vpc.AddInterfaceEndpoint(jsii.String(id), &awsec2.InterfaceVpcEndpointOptions{
			Service:           awsec2.NewInterfaceVpcEndpointService(jsii.String(name), jsii.Number(httpsPort)),
			PrivateDnsEnabled: jsii.Bool(true),
			Subnets:           private,
			SecurityGroups:    &[]awsec2.ISecurityGroup{group},
			// The rule above is the only one.
			Open: jsii.Bool(false),
		})
	}
}

// mapPrefixes returns the mapping by which CloudFormation finds the prefix of a
// service in the partition to which it deploys.
func mapPrefixes(scope constructs.Construct, id string) awscdk.CfnMapping {
	mapping := map[string]*map[string]any{}
	for partition, unusual := range endpointPrefixes {
		prefixes := map[string]any{}
		for service := range interfaceServices {
			prefixes[service] = usualPrefix
			if prefix, is := unusual[service]; is {
				prefixes[service] = prefix
			}
		}
		mapping[partition] = &prefixes
	}
	return awscdk.NewCfnMapping(scope, jsii.String(id), &awscdk.CfnMappingProps{Mapping: &mapping})
}

// addFlowLogs records what a VPC's network interfaces take and refuse.
func addFlowLogs(vpc awsec2.Vpc, id string, retentionDays int) {
	scope := constructs.NewConstruct(vpc, jsii.String(id))
	// Source of the conditions: Amazon VPC's guide, IAM role for publishing flow
	// logs to CloudWatch Logs.
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("vpc-flow-logs.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: onBehalfOf(vpc, ownArn(vpc, "ec2", "vpc-flow-log/*")),
		}),
	})
	vpc.AddFlowLog(jsii.String("FlowLog"), &awsec2.FlowLogOptions{
		Destination: awsec2.FlowLogDestination_ToCloudWatchLogs(newLogGroup(scope, "Log", retentionDays), role),
	})
}
