package emulator_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// made is of ministack's own services, and of one that the mends add.
const made = `{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
	"MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "service/a/b", "ScalableDimension": "ecs:service:DesiredCount", "ServiceNamespace": "ecs"}}}}`

// TestReset removes what a template made, in ministack and in the mends.
func TestReset(t *testing.T) {
	cloud := emulatortest.Start(t)
	count := func() (queues, targets int) {
		listed, err := sqs.NewFromConfig(cloud.Config()).ListQueues(t.Context(), nil)
		assert.NilError(t, err)
		described, err := applicationautoscaling.NewFromConfig(cloud.Config()).DescribeScalableTargets(t.Context(),
			&applicationautoscaling.DescribeScalableTargetsInput{ServiceNamespace: types.ServiceNamespaceEcs})
		assert.NilError(t, err)
		return len(listed.QueueUrls), len(described.ScalableTargets)
	}
	emulatortest.MakeStack(t.Context(), t, cloud.Config(), "made", made)
	queues, targets := count()
	assert.Check(t, queues == 1 && targets == 1, "%d queues, %d targets", queues, targets)
	assert.NilError(t, cloud.Reset(t.Context()))
	queues, targets = count()
	assert.Check(t, queues == 0 && targets == 0, "%d queues, %d targets", queues, targets)
}
