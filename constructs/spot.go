package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Fargate's capacity providers: FARGATE_SPOT is spare capacity, of either processor,
// whose tasks AWS may take back with two minutes' notice.
//
// Sources: Amazon ECS Developer Guide, Amazon ECS clusters for Fargate; AWS, What's New,
// September 2024, Graviton-based Spot compute with Fargate.
const (
	onDemand = "FARGATE"
	spot     = "FARGATE_SPOT"
)

// associateSpot lets the services of a cluster run on Fargate Spot; those that do must
// depend on what it returns. A cluster has one such association. CDK's own, which an
// aspect makes, can't be depended on.
func associateSpot(scope constructs.Construct, cluster awsecs.ICluster) awsecs.CfnClusterCapacityProviderAssociations {
	return awsecs.NewCfnClusterCapacityProviderAssociations(scope, jsii.String("Capacity"), &awsecs.CfnClusterCapacityProviderAssociationsProps{
		Cluster:                         cluster.ClusterName(),
		CapacityProviders:               &[]any{onDemand, spot},
		DefaultCapacityProviderStrategy: []any{},
	})
}
