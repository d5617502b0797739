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
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/rights"
)

// unusedRights are those that no call here is an example of, with the reason to have them.
var unusedRights = map[string]string{
	"secretsmanager:DescribeSecret": "the CDK grants it with GetSecretValue",
	"ecs:GetTaskProtection":         "ECS's guide asks for it beside UpdateTaskProtection",
}

type access struct {
	report *report.Report
	stages []*stage.Stage
	whole  bool
}

// held is what a stage's roles called, and the policies that they have.
type held struct {
	*stage.Stage
	// names are the roles' names, in one order for all stages.
	names    []string
	identity map[string][]string
	calls    []rights.Call
}

// Run looks at all calls that the tasks' roles made, and at the rights that they have.
func (a access) Run(ctx context.Context) error {
	var all []held
	for _, s := range a.stages {
		h, err := readRights(ctx, s)
		if err != nil {
			return a.report.Check("rights", func() (string, error) { return "", err })
		}
		all = append(all, h)
	}
	var problems []error
	row := func(check string, run func() (string, error)) {
		problems = append(problems, a.report.Check(check, run))
	}
	row("every call of a task was allowed by its role", func() (string, error) {
		n := 0
		var refused []error
		for _, h := range all {
			n += len(h.calls)
			refused = append(refused, rights.Refused(h.calls))
		}
		return fmt.Sprintf("%d different calls of %d roles", n, len(all[0].names)), errors.Join(refused...)
	})
	if a.whole {
		row("every right of a task's roles was used", func() (string, error) { return used(all) })
	}
	row("iam-simulate decides every call alike", func() (string, error) {
		n := 0
		var otherwise []error
		for _, h := range all {
			n += len(h.calls)
			otherwise = append(otherwise, rights.Simulate(ctx, "node_modules/.bin/node", simulateScript, h.calls, h.identity, h.resourcePolicy(ctx)))
		}
		return fmt.Sprintf("%d calls", n), errors.Join(otherwise...)
	})
	row("credentials renewed while tasks ran, and none used when over", func() (string, error) { return renewed(a.stages, a.whole) })
	return errors.Join(problems...)
}

// readRights returns the calls of a stage's tasks, and their roles' policies.
func readRights(ctx context.Context, s *stage.Stage) (held, error) {
	h := held{Stage: s, identity: map[string][]string{}}
	client := iam.NewFromConfig(s.Emulator.Config())
	for _, task := range []types.TaskDefinition{s.Stack.WebTask, s.Stack.WorkerTask} {
		for _, arn := range []*string{task.TaskRoleArn, task.ExecutionRoleArn} {
			name := aws.ToString(arn)[strings.LastIndex(aws.ToString(arn), "/")+1:]
			policies, err := rights.Policies(ctx, client, name)
			if err != nil {
				return held{}, err
			}
			h.names = append(h.names, name)
			h.identity[name] = policies
		}
	}
	calls, err := rights.Read(s.Emulator.Calls)
	// The CDK CLI has roles of its own.
	h.calls = slices.DeleteFunc(append(calls, s.Rights.Calls()...), func(call rights.Call) bool { return h.identity[call.Role()] == nil })
	return h, err
}

// simulateScript is the script of iam-simulate.
const simulateScript = "internal/testbed/rights/simulate.mjs"

// used returns how many rights there are, or an error with those that nobody needed: the
// stages have the same ones, on resources with names of their own.
func used(all []held) (string, error) {
	var total int
	missing := map[int]int{}
	named := map[int]rights.Right{}
	for _, h := range all {
		var own []rights.Right
		for _, role := range h.names {
			found, err := rights.Of(role, h.identity[role])
			if err != nil {
				return "", err
			}
			own = append(own, found...)
		}
		if total != 0 && total != len(own) {
			return "", fmt.Errorf("one stage has %d rights, another %d", total, len(own))
		}
		total = len(own)
		for i, right := range own {
			if len(rights.Unused([]rights.Right{right}, h.calls)) > 0 {
				missing[i]++
				named[i] = right
			}
		}
	}
	var problems []error
	excused := 0
	for _, i := range slices.Sorted(maps.Keys(missing)) {
		switch {
		case missing[i] < len(all):
		case unusedRights[named[i].Action] != "":
			excused++
		default:
			problems = append(problems, fmt.Errorf("%s: no call needed it: take it away in constructs/", named[i]))
		}
	}
	return fmt.Sprintf("%d rights, %d of them kept for a reason", total, excused), errors.Join(problems...)
}

// resourcePolicy returns a function that returns the policy of a resource of the local
// AWS, or "" where it has none.
func (h held) resourcePolicy(ctx context.Context) func(arn string) (string, error) {
	config := h.Emulator.Config()
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
// longest ago are refused, as AWS refuses what has expired. A run of some parts may be
// over before any is renewed.
func renewed(stages []*stage.Stage, whole bool) (string, error) {
	var web, worker, refused int
	for _, s := range stages {
		web += s.Sessions.Renewed(aws.ToString(s.Stack.WebTask.TaskRoleArn))
		worker += s.Sessions.Renewed(aws.ToString(s.Stack.WorkerTask.TaskRoleArn))
		refused += s.Sessions.Refused()
	}
	if whole && (web == 0 || worker == 0) {
		return "", fmt.Errorf("%d web and %d worker tasks asked for new credentials", web, worker)
	}
	if refused > 0 {
		return "", fmt.Errorf("%d calls had credentials that were over: see %s", refused, testbed.WorkDir)
	}
	return fmt.Sprintf("%d web and %d worker tasks asked for new ones", web, worker), nil
}
