package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/testbed/quilt"
	"benchlingwebhook/internal/testbed/reachability"
)

// StackName is the stack that is deployed.
const StackName = "BenchlingWebhook-dev"

// Stack is what the local AWS holds after `cdk deploy`.
type Stack struct {
	// WebTask and WorkerTask are the two services'.
	WebTask, WorkerTask                        types.TaskDefinition
	Cluster, ClaimsTable                       string
	IntakeURL, PackagingURL, Bucket, SecretARN string
	// IdleTimeout is the load balancer's, for connections to targets, too.
	IdleTimeout time.Duration
}

// ReadBack reads the task definitions and the stack's outputs from the local AWS,
// and starts the packager at the deployed queue.
func (s *Stage) ReadBack(ctx context.Context) error {
	return s.Report.Check("task definitions read back", func() (string, error) {
		config := s.Emulator.Config()
		stack, err := deployed.Read(ctx, config, StackName)
		if err != nil {
			return "", err
		}
		outputs := stack.Outputs
		s.Stack = Stack{
			Cluster:      outputs["ClusterName"],
			ClaimsTable:  outputs["ClaimsTableName"],
			IntakeURL:    outputs["IntakeQueueUrl"],
			PackagingURL: outputs["PackagingQueueUrl"],
			Bucket:       outputs["PackageBucketName"],
			SecretARN:    outputs["SecretArn"],
		}
		var arns []string
		for service, task := range map[string]*types.TaskDefinition{
			outputs["ServiceName"]: &s.Stack.WebTask, outputs["WorkerServiceName"]: &s.Stack.WorkerTask,
		} {
			if *task, err = taskOf(ctx, config, outputs["ClusterName"], service); err != nil {
				return "", err
			}
			arns = append(arns, aws.ToString(task.TaskDefinitionArn))
		}
		if s.Reach, err = reachability.Read(ctx, config, StackName); err != nil {
			return "", err
		}
		if err := s.openDoor(ctx, config); err != nil {
			return "", err
		}
		s.Packager = quilt.Start(config, s.Stack.PackagingURL)
		s.AtEnd(func(context.Context) { s.Packager.Stop() })
		slices.Sort(arns)
		return strings.Join(arns, ", "), nil
	})
}

// taskOf returns the task definition that a service runs.
func taskOf(ctx context.Context, config aws.Config, cluster, service string) (types.TaskDefinition, error) {
	client := ecs.NewFromConfig(config)
	services, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(cluster), Services: []string{service}})
	if err != nil {
		return types.TaskDefinition{}, err
	}
	if len(services.Services) != 1 {
		return types.TaskDefinition{}, fmt.Errorf("service %q of cluster %q isn't there", service, cluster)
	}
	definition, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: services.Services[0].TaskDefinition})
	if err != nil {
		return types.TaskDefinition{}, err
	}
	return *definition.TaskDefinition, nil
}

// DeployedWebTask returns the task definition that the web service runs now.
func (s *Stage) DeployedWebTask(ctx context.Context) (types.TaskDefinition, error) {
	config := s.Emulator.Config()
	stack, err := deployed.Read(ctx, config, StackName)
	if err != nil {
		return types.TaskDefinition{}, err
	}
	return taskOf(ctx, config, stack.Outputs["ClusterName"], stack.Outputs["ServiceName"])
}

// Template returns the template that is deployed.
func (s *Stage) Template(ctx context.Context) (string, error) {
	found, err := cloudformation.NewFromConfig(s.Emulator.Config()).GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String(StackName)})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.TemplateBody), nil
}
