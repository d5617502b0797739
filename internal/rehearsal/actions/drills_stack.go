package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/resources"
)

const (
	// assets is a bucket for templates, as the CDK's bootstrap makes one.
	assets = "drill-assets"
	// wrongQueue is in the template that is rolled back.
	wrongQueue = "https://sqs.us-east-1.amazonaws.com/000000000000/not-there"
)

// rollBack deploys a template whose web tasks know no queue.
func (a drills) rollBack(ctx context.Context, p *procedure) (string, error) {
	if _, err := a.S3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(assets)}); err != nil {
		return "", err
	}
	file := "TEMPLATE=" + filepath.Join(p.shell.scratch, "former.json")
	if _, err := p.follow(ctx, file); err != nil {
		return "", err
	}
	template, err := a.Template(ctx)
	if err == nil {
		template, err = withoutQueue(template)
	}
	if err != nil {
		return "", err
	}
	former := a.Stack.WebTask
	if _, err := resources.Update(ctx, a.Emulator.Config(), stage.StackName, template, nil); err != nil {
		return "", err
	}
	if err := a.replaceWeb(ctx); err != nil {
		return "", err
	}
	if reflect.DeepEqual(former.ContainerDefinitions, a.Stack.WebTask.ContainerDefinitions) {
		return "", errors.New("the bad template changed no web task")
	}
	if status, body, err := testbed.Get(ctx, a.Web.Load().URL+"/health/ready"); err != nil || status == 200 {
		return "", errors.Join(err, fmt.Errorf("the bad release is ready: status %d, %s", status, body))
	}
	if _, err := p.follow(ctx, file, "ASSETS="+assets); err != nil {
		return "", err
	}
	// ECS replaces the tasks before CloudFormation is done.
	if err := a.replaceWeb(ctx); err != nil {
		return "", err
	}
	if !reflect.DeepEqual(former.ContainerDefinitions, a.Stack.WebTask.ContainerDefinitions) {
		return "", errors.New("the web service has other containers than before")
	}
	output, err := p.follow(ctx)
	if err != nil {
		return "", err
	}
	if err := p.says(output, "ready\n"); err != nil {
		return "", err
	}
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return "", err
	}
	return a.Account(ctx, sent)
}

// replaceWeb puts a web task of the service's definition in the place of the one that runs.
func (a drills) replaceWeb(ctx context.Context) error {
	definition, err := a.DeployedWebTask(ctx)
	if err != nil {
		return err
	}
	a.Stack.WebTask = definition
	before := a.Web.Load()
	if err := a.StartWeb(ctx); err != nil {
		return err
	}
	_, err = a.RetireWeb(ctx, before)
	return err
}

// withoutQueue returns a template whose web tasks put events into a queue that isn't there.
func withoutQueue(template string) (string, error) {
	var root map[string]any
	if err := json.Unmarshal([]byte(template), &root); err != nil {
		return "", err
	}
	found := 0
	resources, _ := root["Resources"].(map[string]any)
	for _, value := range resources {
		resource, _ := value.(map[string]any)
		properties, _ := resource["Properties"].(map[string]any)
		containers, _ := properties["ContainerDefinitions"].([]any)
		for _, container := range containers {
			settings, _ := container.(map[string]any)["Environment"].([]any)
			// The worker alone has the table.
			if slices.ContainsFunc(settings, func(s any) bool { return s.(map[string]any)["Name"] == "CLAIMS_TABLE" }) {
				continue
			}
			for _, s := range settings {
				if setting := s.(map[string]any); setting["Name"] == "INTAKE_QUEUE_URL" {
					setting["Value"] = wrongQueue
					found++
				}
			}
		}
	}
	if found != 1 {
		return "", fmt.Errorf("%d web tasks with INTAKE_QUEUE_URL in the template, not 1", found)
	}
	text, err := json.Marshal(root)
	return string(text), err
}

// destroy deletes the stack, whose tasks end first, and looks for what stays.
func (a drills) destroy(ctx context.Context, p *procedure) (string, error) {
	name, _, err := a.onePackage(ctx)
	if err != nil {
		return "", err
	}
	// ECS stops the tasks of a service that is deleted.
	if _, err := a.RetireWeb(ctx, a.Web.Load()); err != nil {
		return "", err
	}
	if _, err := a.StopTask(ctx, a.Worker.Load()); err != nil {
		return "", err
	}
	output, err := p.follow(ctx, "DIRECTORY="+p.shell.scratch)
	if err != nil {
		return "", err
	}
	if err := p.says(output, a.Stack.Bucket, a.Stack.SecretARN, a.Stack.IntakeURL, a.Stack.ClaimsTable); err != nil {
		return "", err
	}
	described, err := cloudformation.NewFromConfig(a.Emulator.Config()).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stage.StackName)})
	if err == nil && len(described.Stacks) > 0 {
		return "", fmt.Errorf("stack %s: %s", stage.StackName, described.Stacks[0].StackStatus)
	}
	return fmt.Sprintf("%d resources stay", len(strings.Fields(output))/2), a.stays(ctx, name)
}

// stays looks for what a deleted stack leaves: a package, the claims, the secret's value
// and the queue of events.
func (a drills) stays(ctx context.Context, name string) error {
	config := a.Emulator.Config()
	_, object := a.ReadObject(ctx, name+"/entry.json")
	claims, read := items(ctx, dynamodb.NewFromConfig(config), a.Stack.ClaimsTable)
	if read == nil && len(claims) == 0 {
		read = fmt.Errorf("table %s: it is empty", a.Stack.ClaimsTable)
	}
	_, secret := secretsmanager.NewFromConfig(config).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(a.Stack.SecretARN)})
	_, queue := sqs.NewFromConfig(config).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(a.Stack.IntakeURL), AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	return errors.Join(object, read, secret, queue)
}
