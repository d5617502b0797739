package resources

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"gotest.tools/v3/assert"
)

// taken is a queue whose name another queue has, with other attributes: the last
// resource of a template that fails in the middle of its deployment.
var taken = map[string]any{
	"Type": "AWS::SQS::Queue", "Properties": map[string]any{"QueueName": "taken", "VisibilityTimeout": 7},
}

// take makes the queue whose name is taken.
func take(ctx context.Context, t *testing.T, config aws.Config) {
	t.Helper()
	_, err := sqs.NewFromConfig(config).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("taken")})
	assert.NilError(t, err)
}

// failed holds that a deployment failed at the taken queue, and returns its error.
func failed(t *testing.T, err error, status types.StackStatus) *FailedStackError {
	t.Helper()
	var failure *FailedStackError
	assert.Assert(t, errors.As(err, &failure), "%v", err)
	assert.Equal(t, failure.Status, status, "%v", failure)
	assert.Assert(t, strings.HasPrefix(failure.Reasons[0], "Taken: "), "%v", failure)
	return failure
}

// left returns the names of what holds data and has a stack's name in its own.
func left(ctx context.Context, t *testing.T, config aws.Config, stack string) []string {
	t.Helper()
	var names []string
	add := func(name *string) {
		if strings.HasPrefix(baseName(name), stack+"-") {
			names = append(names, baseName(name))
		}
	}
	buckets, err := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }).ListBuckets(ctx, &s3.ListBucketsInput{})
	assert.NilError(t, err)
	for _, it := range buckets.Buckets {
		add(it.Name)
	}
	tables, err := dynamodb.NewFromConfig(config).ListTables(ctx, &dynamodb.ListTablesInput{})
	assert.NilError(t, err)
	for _, it := range tables.TableNames {
		add(&it)
	}
	queues, err := sqs.NewFromConfig(config).ListQueues(ctx, &sqs.ListQueuesInput{})
	assert.NilError(t, err)
	for _, it := range queues.QueueUrls {
		add(&it)
	}
	logs, err := cloudwatchlogs.NewFromConfig(config).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	assert.NilError(t, err)
	for _, it := range logs.LogGroups {
		add(it.LogGroupName)
	}
	secrets, err := secretsmanager.NewFromConfig(config).ListSecrets(ctx, &secretsmanager.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
	assert.NilError(t, err)
	for _, it := range secrets.SecretList {
		add(it.Name)
	}
	return names
}

// baseName returns the last part of a name or a queue's URL.
func baseName(name *string) string {
	return aws.ToString(name)[strings.LastIndex(aws.ToString(name), "/")+1:]
}

// failedCreationLeavesNothing deploys a template whose last resource fails: all
// others are made before it. Nothing that an operator would have to delete is left, and
// the good template is deployed next, under the same name.
func failedCreationLeavesNothing(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	take(ctx, t, config)
	template := shape(ctx, t, config, "dev")
	_, err := Deploy(ctx, config, "failed-creation", with(t, template, "Taken", taken), nil)
	failed(t, err, types.StackStatusRollbackComplete)
	assert.DeepEqual(t, left(ctx, t, config, "failed-creation"), []string(nil))

	assert.NilError(t, Delete(ctx, config, "failed-creation"))
	d := deployed(ctx, t, config, "failed-creation", template)
	assert.DeepEqual(t, Problems(d), []string(nil))
	assert.Equal(t, len(left(ctx, t, config, "failed-creation")), 12, "two buckets, a table, five queues, three log groups and a secret")
}

// protectedCreationIsStuck shows why the first deployment of an environment with
// deletion protection has it off (docs/first-deployment.md): what is protected when the
// creation fails must be deleted by hand.
func protectedCreationIsStuck(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	take(ctx, t, config)
	template := shape(ctx, t, config, "prod")
	_, err := Deploy(ctx, config, "protected", with(t, template, "Taken", taken), nil)
	failure := failed(t, err, types.StackStatusRollbackFailed)
	var stuck []string
	for _, reason := range failure.Reasons[1:] {
		stuck = append(stuck, strings.SplitN(reason, ":", 2)[0])
	}
	slices.Sort(stuck)
	assert.DeepEqual(t, stuck, []string{"ClaimsE8D96B24", "IngressLoadBalancerAE82CB09"})

	first := changed(t, template,
		change{"ClaimsE8D96B24", "DeletionProtectionEnabled", false},
		change{"IngressLoadBalancerAE82CB09", "LoadBalancerAttributes/deletion_protection.enabled", "false"})
	_, err = Deploy(ctx, config, "first-prod", with(t, first, "Taken", taken), nil)
	failed(t, err, types.StackStatusRollbackComplete)
	assert.DeepEqual(t, left(ctx, t, config, "first-prod"), []string(nil))
	assert.NilError(t, Delete(ctx, config, "first-prod"))
	deployed(ctx, t, config, "first-prod", first)
	stack, err := Update(ctx, config, "first-prod", template, nil)
	assert.NilError(t, err)
	d, err := Read(ctx, config, stack)
	assert.NilError(t, err)
	assert.DeepEqual(t, Problems(d), []string(nil))
	assert.Equal(t, d.FrontDoor.BalancerAttributes["deletion_protection.enabled"], "true")
}

// failedUpdateKeepsData updates a stack that holds data with a template whose last
// resource fails: the stack is as before, and holds what it held.
func failedUpdateKeepsData(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	take(ctx, t, config)
	template := shape(ctx, t, config, "dev")
	before, err := Deploy(ctx, config, "failed-update", template, nil)
	assert.NilError(t, err)
	queue := before.Resources["RevisionsEvents713BD2F6"].ID
	_, err = sqs.NewFromConfig(config).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(queue), MessageBody: aws.String("held")})
	assert.NilError(t, err)

	bad := changed(t, template,
		change{"RevisionsEvents713BD2F6", "MessageRetentionPeriod", 60},
		change{"Packages660AFF77", "LifecycleConfiguration", nil},
		change{"WebhookServiceC38049B5", "HealthCheckGracePeriodSeconds", 1})
	_, err = Update(ctx, config, "failed-update", with(t, bad, "Taken", taken), nil)
	failed(t, err, types.StackStatusUpdateRollbackComplete)

	// What it holds, and how it is configured, is the same before the next update and after.
	same := func(stack *Stack, err error) {
		assert.NilError(t, err)
		for id, it := range before.Resources {
			if slices.Contains(holdData, it.Type) {
				assert.Equal(t, stack.Resources[id].ID, it.ID, id)
			}
		}
		d, err := Read(ctx, config, stack)
		assert.NilError(t, err)
		assert.DeepEqual(t, Problems(d), []string(nil))
		assert.Equal(t, d.Queues["RevisionsEvents713BD2F6"]["ApproximateNumberOfMessages"], "1")
	}
	same(Find(ctx, config, "failed-update"))
	same(Update(ctx, config, "failed-update", changed(t, template, change{"WebhookServiceC38049B5", "HealthCheckGracePeriodSeconds", 66}), nil))
}

// deletedStackLeavesItsData deletes a stack: its data stays, and doesn't stand in
// the way of the next stack of the same name, which takes nothing of it over.
func deletedStackLeavesItsData(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	template := shape(ctx, t, config, "dev")
	first, err := Deploy(ctx, config, "deleted", template, nil)
	assert.NilError(t, err)
	held := left(ctx, t, config, "deleted")
	assert.NilError(t, Delete(ctx, config, "deleted"))
	assert.DeepEqual(t, left(ctx, t, config, "deleted"), held)

	second, err := Deploy(ctx, config, "deleted", template, nil)
	assert.NilError(t, err)
	for _, id := range slices.Sorted(maps.Keys(first.Resources)) {
		if slices.Contains(holdData, first.Resources[id].Type) {
			assert.Assert(t, first.Resources[id].ID != second.Resources[id].ID, "%s is taken over", id)
		}
	}
	assert.Equal(t, len(left(ctx, t, config, "deleted")), 2*len(held))
}
