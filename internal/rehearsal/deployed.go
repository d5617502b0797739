package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/testbed/cdkdocker"
	"benchlingwebhook/internal/testbed/quilt"
)

// deployment is what the local AWS holds after `cdk deploy`.
type deployment struct {
	// task and workerTask are the two services'.
	task, workerTask                          types.TaskDefinition
	queueURL, packagingURL, bucket, secretARN string
}

// readBack reads the task definitions and the stack's outputs from the local AWS,
// and starts the packager at the deployed queue.
func (r *rehearsal) readBack(ctx context.Context) error {
	return r.rows.Check("task definitions read back", func() (string, error) {
		config := r.emulator.Config()
		stack, err := deployed.Read(ctx, config, stackName)
		if err != nil {
			return "", err
		}
		outputs := stack.Outputs
		r.deployed = deployment{
			queueURL:     outputs["IntakeQueueUrl"],
			packagingURL: outputs["PackagingQueueUrl"],
			bucket:       outputs["PackageBucketName"],
			secretARN:    outputs["SecretArn"],
		}
		var arns []string
		for service, task := range map[string]*types.TaskDefinition{
			outputs["ServiceName"]: &r.deployed.task, outputs["WorkerServiceName"]: &r.deployed.workerTask,
		} {
			if *task, err = taskOf(ctx, config, outputs["ClusterName"], service); err != nil {
				return "", err
			}
			arns = append(arns, aws.ToString(task.TaskDefinitionArn))
		}
		r.packager = quilt.Start(config, r.deployed.packagingURL)
		r.atEnd(func(context.Context) { r.packager.Stop() })
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

// pull fetches the task's image from the local registry by the digest that ECR
// has for it, after the copy that the CDK CLI built is gone.
func (r *rehearsal) pull(ctx context.Context) error {
	if err := r.rows.Check("image pulled by digest", func() (string, error) {
		if len(r.deployed.task.ContainerDefinitions) == 0 {
			return "", errors.New("the task definition has no container")
		}
		image := aws.ToString(r.deployed.task.ContainerDefinitions[0].Image)
		_, path, _ := strings.Cut(image, "/")
		repository, tag, found := strings.Cut(path, ":")
		if !found {
			return "", fmt.Errorf("%q: no tag", image)
		}
		images, err := ecr.NewFromConfig(r.emulator.Config()).DescribeImages(ctx, &ecr.DescribeImagesInput{
			RepositoryName: aws.String(repository), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: aws.String(tag)}},
		})
		if err != nil {
			return "", err
		}
		digest := aws.ToString(images.ImageDetails[0].ImageDigest)
		if err := removeImages(ctx, r.engine, cdkdocker.ImagePrefix+"*"); err != nil {
			return "", err
		}
		r.image = r.registry.Host + "/" + repository + "@" + digest
		_, err = r.docker(ctx, "pull", r.image)
		return digest, err
	}); err != nil {
		return err
	}
	r.atEnd(func(ctx context.Context) { _, _ = r.docker(ctx, "image", "rm", r.image) })
	if err := r.checkImage(ctx); err != nil {
		return err
	}
	r.checkFixtures(ctx)
	return nil
}

// secretValues returns the values of a task's secrets, by valueFrom.
func (r *rehearsal) secretValues(ctx context.Context, definition types.TaskDefinition) (map[string]string, error) {
	client := secretsmanager.NewFromConfig(r.emulator.Config())
	values := map[string]string{}
	for _, c := range definition.ContainerDefinitions {
		for _, s := range c.Secrets {
			from := aws.ToString(s.ValueFrom)
			arn, key := splitValueFrom(from)
			answer, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(arn)})
			if err != nil {
				return nil, fmt.Errorf("secret %q: %w", from, err)
			}
			if values[from], err = pick(aws.ToString(answer.SecretString), key); err != nil {
				return nil, fmt.Errorf("secret %q: %w", from, err)
			}
		}
	}
	return values, nil
}

// splitValueFrom splits ECS's reference to a secret: the ARN's seven parts, then
// the key of a JSON object, which may be empty.
func splitValueFrom(from string) (arn, key string) {
	parts := strings.Split(from, ":")
	if len(parts) <= 7 {
		return from, ""
	}
	return strings.Join(parts[:7], ":"), parts[7]
}

// pick returns a secret's text, or one key of its JSON object.
func pick(text, key string) (string, error) {
	if key == "" {
		return text, nil
	}
	var object map[string]string
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return "", fmt.Errorf("not a JSON object of texts: %w", err)
	}
	value, found := object[key]
	if !found {
		return "", fmt.Errorf("no key %q", key)
	}
	return value, nil
}
