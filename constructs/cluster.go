package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// NewCluster returns an ECS cluster with Container Insights, for every service
// of the stack.
func NewCluster(scope constructs.Construct, id string, network Network) awsecs.Cluster {
	return awsecs.NewCluster(scope, jsii.String(id), &awsecs.ClusterProps{
		Vpc:                 network.Vpc,
		ContainerInsightsV2: awsecs.ContainerInsights_ENABLED,
	})
}
