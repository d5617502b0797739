package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// NewCluster returns an ECS cluster for every service of the stack. Container
// Insights are metrics at CloudWatch's price of custom ones; those by which the
// alarms and the dashboard go are ECS's own, which come without it.
func NewCluster(scope constructs.Construct, id string, network Network, containerInsights bool) awsecs.Cluster {
	insights := awsecs.ContainerInsights_DISABLED
	if containerInsights {
		insights = awsecs.ContainerInsights_ENABLED
	}
	return awsecs.NewCluster(scope, jsii.String(id), &awsecs.ClusterProps{
		Vpc:                 network.Vpc,
		ContainerInsightsV2: insights,
	})
}
