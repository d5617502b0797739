package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Zones is the number of availability zones of a new VPC.
const Zones = 2

// ExistingVpc names a VPC that is there already. Everything is written down, so
// that synthesis needs no look-up in an account.
type ExistingVpc struct {
	// ID is the VPC's id.
	ID string
	// PrivateSubnetIDs are subnets with a route to the internet through NAT, one
	// for each of AvailabilityZones, in the same order.
	PrivateSubnetIDs []string
	// AvailabilityZones are names such as "eu-west-1a".
	AvailabilityZones []string
}

// NetworkProps says where the tasks run.
type NetworkProps struct {
	// Existing is the VPC to use; nil makes a new one.
	Existing *ExistingVpc
	// AvailabilityZones are the names of a new VPC's zones, Zones of them; none
	// takes the region's first. VPC links and Fargate aren't in every zone.
	AvailabilityZones []string
	// NatGateways is the number of NAT gateways of a new VPC, 1 to Zones.
	NatGateways int
	// FlowLogs records a new VPC's traffic.
	FlowLogs bool
	// InterfaceEndpoints gives a new VPC an endpoint for each of AWS's services
	// that the tasks call.
	InterfaceEndpoints bool
	// LogRetentionDays is one of LogRetentionDays.
	LogRetentionDays int
}

// Network is the VPC of the service.
type Network struct {
	// Vpc is the new or existing VPC.
	Vpc awsec2.IVpc
	// Private selects the subnets for tasks, load balancer and VPC link.
	Private *awsec2.SubnetSelection
	// endpoints are a new VPC's ways to S3 and DynamoDB; nil in an existing VPC.
	endpoints *gatewayEndpoints
	// gateways are the IDs of a new VPC's NAT gateways.
	gateways []*string
}

// NewNetwork returns a VPC with private subnets in two zones, NAT and gateway
// endpoints for S3 and DynamoDB, or the existing VPC of the props.
func NewNetwork(scope constructs.Construct, id string, props NetworkProps) Network {
	private := &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS}
	if props.Existing != nil {
		vpc := awsec2.Vpc_FromVpcAttributes(scope, jsii.String(id), &awsec2.VpcAttributes{
			VpcId:             jsii.String(props.Existing.ID),
			PrivateSubnetIds:  jsii.Strings(props.Existing.PrivateSubnetIDs...),
			AvailabilityZones: jsii.Strings(props.Existing.AvailabilityZones...),
		})
		awscdk.Annotations_Of(vpc).AcknowledgeWarning(jsii.String("@aws-cdk/aws-ec2:noSubnetRouteTableId"), jsii.String("nothing here adds a route"))
		return Network{Vpc: vpc, Private: private}
	}
	nat, settings := awsec2.NatProvider_Gateway(nil), newVpcProps(props)
	settings.NatGatewayProvider = nat
	vpc := awsec2.NewVpc(scope, jsii.String(id), settings)
	if props.FlowLogs {
		addFlowLogs(vpc, "FlowLogs", props.LogRetentionDays)
	}
	if props.InterfaceEndpoints {
		addInterfaceEndpoints(vpc, private)
	}
	network := Network{Vpc: vpc, Private: private, endpoints: addGatewayEndpoints(vpc)}
	for _, gateway := range *nat.ConfiguredGateways() {
		network.gateways = append(network.gateways, gateway.GatewayId)
	}
	return network
}

// newVpcProps returns what a new VPC is made of.
func newVpcProps(props NetworkProps) *awsec2.VpcProps {
	vpc := &awsec2.VpcProps{
		NatGateways: jsii.Number(props.NatGateways),
		// The default security group would be emptied by a Lambda function with
		// rights on every security group; nothing here uses that group.
		RestrictDefaultSecurityGroup: jsii.Bool(false),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{
			{Name: jsii.String("Public"), SubnetType: awsec2.SubnetType_PUBLIC, CidrMask: jsii.Number(24), MapPublicIpOnLaunch: jsii.Bool(false)},
			{Name: jsii.String("Private"), SubnetType: awsec2.SubnetType_PRIVATE_WITH_EGRESS, CidrMask: jsii.Number(20)},
		},
	}
	if len(props.AvailabilityZones) > 0 {
		vpc.AvailabilityZones = jsii.Strings(props.AvailabilityZones...)
	} else {
		vpc.MaxAzs = jsii.Number(Zones)
	}
	return vpc
}
