package stage

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/quilt"
)

// StackName is the stack that is deployed.
const StackName = "BenchlingWebhook-dev"

// Stack is what the local AWS holds after `cdk deploy`.
type Stack struct {
	// WebTask and WorkerTask are the two services'.
	WebTask, WorkerTask                        types.TaskDefinition
	Cluster                                    string
	IntakeURL, PackagingURL, Bucket, SecretARN string
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
		if s.APIARN, err = apiARN(s.Stack.WorkerTask); err != nil {
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

// frontDoor matches the URL by which the worker calls in by API Gateway.
var frontDoor = regexp.MustCompile(`^https://([a-z0-9]+)\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/`)

// apiARN returns the ARN of the API that the worker probes.
func apiARN(worker types.TaskDefinition) (string, error) {
	for _, c := range worker.ContainerDefinitions {
		for _, pair := range c.Environment {
			if aws.ToString(pair.Name) != "FRONT_DOOR_URL" {
				continue
			}
			parts := frontDoor.FindStringSubmatch(aws.ToString(pair.Value))
			if parts == nil {
				return "", fmt.Errorf("FRONT_DOOR_URL %q: not the URL of an HTTP API", aws.ToString(pair.Value))
			}
			return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s", parts[2], emulator.Account, parts[1]), nil
		}
	}
	return "", errors.New("FRONT_DOOR_URL: the worker's task definition has none")
}
