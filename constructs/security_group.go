package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawsec2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newSecurityGroup returns a security group that lets nothing in or out until a
// rule says so.
func newSecurityGroup(scope constructs.Construct, id string, vpc awsec2.IVpc, description string) awsec2.SecurityGroup {
	return awsec2.NewSecurityGroup(scope, jsii.String(id), &awsec2.SecurityGroupProps{
		Vpc:              vpc,
		Description:      jsii.String(description),
		AllowAllOutbound: jsii.Bool(false),
	})
}

// securityGroupRefs returns the group as the list that a VPC link takes.
func securityGroupRefs(group awsec2.SecurityGroup) *[]interfacesawsec2.ISecurityGroupRef {
	return &[]interfacesawsec2.ISecurityGroupRef{group}
}
