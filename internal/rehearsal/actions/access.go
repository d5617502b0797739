package actions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/rights"
)

// unusedRights are those that no call here is an example of, with the reason to have them.
var unusedRights = map[string]string{
	"secretsmanager:DescribeSecret": "the CDK grants it with GetSecretValue",
	"ecs:GetTaskProtection":         "ECS's guide asks for it beside UpdateTaskProtection",
}

type access struct {
	*stage.Stage
	// whole says that every part has run, so that each right was needed.
	whole bool
}

// Run looks at all calls that the tasks' roles made, and at the rights that they have.
func (a access) Run(ctx context.Context) error {
	calls, err := rights.Read(a.Emulator.Calls)
	if err != nil {
		return a.Report.Check("rights", func() (string, error) { return "", err })
	}
	calls = append(calls, a.Rights.Calls()...)
	identity, err := a.identityPolicies(ctx)
	if err != nil {
		return a.Report.Check("rights", func() (string, error) { return "", err })
	}
	// The CDK CLI has roles of its own.
	calls = slices.DeleteFunc(calls, func(call rights.Call) bool { return identity[call.Role()] == nil })
	var problems []error
	row := func(check string, run func() (string, error)) {
		problems = append(problems, a.Report.Check(check, run))
	}
	row("every call of a task was allowed by its role", func() (string, error) {
		return fmt.Sprintf("%d different calls of %d roles", len(calls), len(identity)), rights.Refused(calls)
	})
	if a.whole {
		row("every right of a task's roles was used", func() (string, error) { return used(identity, calls) })
	}
	row("iam-simulate decides every call alike", func() (string, error) {
		return fmt.Sprintf("%d calls", len(calls)), rights.Simulate(ctx, "node_modules/.bin/node", simulateScript, calls, identity, a.resourcePolicy(ctx))
	})
	row("credentials renewed while tasks ran, and none used when over", func() (string, error) { return a.renewed() })
	return errors.Join(problems...)
}

// simulateScript is the script of iam-simulate.
const simulateScript = "internal/testbed/rights/simulate.mjs"

// identityPolicies returns the policies of the roles of both tasks, by the roles' names.
func (a access) identityPolicies(ctx context.Context) (map[string][]string, error) {
	client := iam.NewFromConfig(a.Emulator.Config())
	policies := map[string][]string{}
	for _, task := range []types.TaskDefinition{a.Stack.WebTask, a.Stack.WorkerTask} {
		for _, arn := range []*string{task.TaskRoleArn, task.ExecutionRoleArn} {
			name := aws.ToString(arn)[strings.LastIndex(aws.ToString(arn), "/")+1:]
			var err error
			if policies[name], err = rights.Policies(ctx, client, name); err != nil {
				return nil, err
			}
		}
	}
	return policies, nil
}

// used returns how many rights there are, or an error with those that nobody needed.
func used(identity map[string][]string, calls []rights.Call) (string, error) {
	var all []rights.Right
	for _, role := range slices.Sorted(maps.Keys(identity)) {
		found, err := rights.Of(role, identity[role])
		if err != nil {
			return "", err
		}
		all = append(all, found...)
	}
	var problems []error
	excused := 0
	for _, right := range rights.Unused(all, calls) {
		if unusedRights[right.Action] != "" {
			excused++
			continue
		}
		problems = append(problems, fmt.Errorf("%s: no call needed it: take it away in constructs/", right))
	}
	return fmt.Sprintf("%d rights, %d of them kept for a reason", len(all), excused), errors.Join(problems...)
}

// resourcePolicy returns a function that returns the policy of a resource of the local
// AWS, or "" where it has none.
func (a access) resourcePolicy(ctx context.Context) func(arn string) (string, error) {
	config := a.Emulator.Config()
	known := map[string]string{}
	return func(arn string) (string, error) {
		name := strings.Split(arn, ":")
		key := arn
		if strings.HasPrefix(arn, "arn:aws:s3:::") {
			key, _, _ = strings.Cut(name[5], "/")
		}
		if policy, found := known[key]; found {
			return policy, nil
		}
		var err error
		switch {
		case strings.HasPrefix(arn, "arn:aws:s3:::"):
			known[key], err = bucketPolicy(ctx, s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }), key)
		case strings.HasPrefix(arn, "arn:aws:sqs:"):
			known[key], err = queuePolicy(ctx, sqs.NewFromConfig(config), name[5])
		case strings.HasPrefix(arn, "arn:aws:secretsmanager:"):
			var found *secretsmanager.GetResourcePolicyOutput
			if found, err = secretsmanager.NewFromConfig(config).GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: aws.String(arn)}); err == nil {
				known[key] = aws.ToString(found.ResourcePolicy)
			}
		}
		return known[key], err
	}
}

func bucketPolicy(ctx context.Context, client *s3.Client, bucket string) (string, error) {
	found, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(bucket)})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.Policy), nil
}

func queuePolicy(ctx context.Context, client *sqs.Client, name string) (string, error) {
	queue, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(name)})
	if err != nil {
		return "", err
	}
	found, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNamePolicy}})
	if err != nil {
		return "", err
	}
	return found.Attributes["Policy"], nil
}

// renewed tells how often tasks renewed their credentials. Those that were renewed
// longest ago are refused, as AWS refuses what has expired.
func (a access) renewed() (string, error) {
	web, worker := a.Sessions.Renewed(aws.ToString(a.Stack.WebTask.TaskRoleArn)), a.Sessions.Renewed(aws.ToString(a.Stack.WorkerTask.TaskRoleArn))
	if web == 0 || worker == 0 {
		return "", fmt.Errorf("%d web and %d worker tasks asked for new credentials", web, worker)
	}
	if refused := a.Sessions.Refused(); refused > 0 {
		return "", fmt.Errorf("%d calls had credentials that were over: see %s/emulator", refused, testbed.WorkDir)
	}
	return fmt.Sprintf("%d web and %d worker tasks asked for new ones", web, worker), nil
}
