package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/reachability"
	"benchlingwebhook/internal/testbed/taskagent"
)

// launch does what ECS does before a task's containers run, and by the same rights:
// it reads the secrets, asks for each image and makes each log stream as the task's
// execution role. It returns the values of the secrets, by valueFrom.
//
// Source: the guide of Amazon ECS, task execution IAM role.
func (s *Stage) launch(ctx context.Context, definition types.TaskDefinition, id string) (map[string]string, error) {
	s.Agent.Launch(taskagent.Task{
		ID:   id,
		ARN:  fmt.Sprintf("arn:aws:ecs:%s:%s:task/%s/%s", emulator.Region, emulator.Account, s.Stack.Cluster, id),
		Role: aws.ToString(definition.TaskRoleArn),
	})
	role := aws.ToString(definition.ExecutionRoleArn)
	if role == "" {
		return nil, fmt.Errorf("task definition %s: no execution role: Fargate needs one for its image, its secrets and its log", aws.ToString(definition.Family))
	}
	service := serviceOf(definition)
	if ok, reason := s.Reach.Allows(s.Reach.Services[service], reachability.Internet, reachability.TCP, reachability.HTTPSPort); !ok {
		return nil, fmt.Errorf("ResourceInitializationError: the task can't reach AWS: %s", reason)
	}
	config := s.RoleConfig(role, id)
	var problems []error
	for _, c := range definition.ContainerDefinitions {
		problems = append(problems, askForImage(ctx, config, aws.ToString(c.Image)), s.openLog(ctx, config, c, id))
	}
	values, err := secretValues(ctx, config, definition)
	return values, errors.Join(append(problems, err)...)
}

// serviceOf returns the name of a task definition's service: that of its first container.
func serviceOf(definition types.TaskDefinition) string {
	if len(definition.ContainerDefinitions) == 0 {
		return ""
	}
	return aws.ToString(definition.ContainerDefinitions[0].Name)
}

// askForImage asks ECR for an image as a pull does. Its layers come from the local
// registry, which has no rights.
func askForImage(ctx context.Context, config aws.Config, image string) error {
	_, path, _ := strings.Cut(image, "/")
	repository, tag, _ := strings.Cut(path, ":")
	client := ecr.NewFromConfig(config)
	if _, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{}); err != nil {
		return fmt.Errorf("image %s: %w", image, err)
	}
	found, err := client.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RepositoryName: aws.String(repository), ImageIds: []ecrtypes.ImageIdentifier{{ImageTag: aws.String(tag)}},
	})
	if err != nil {
		return fmt.Errorf("image %s: %w", image, err)
	}
	if len(found.Images) != 1 {
		return fmt.Errorf("image %s: ECR has %d of it", image, len(found.Images))
	}
	layers, err := layersOf(aws.ToString(found.Images[0].ImageManifest))
	if err != nil {
		return fmt.Errorf("image %s: %w", image, err)
	}
	if _, err := client.BatchCheckLayerAvailability(ctx, &ecr.BatchCheckLayerAvailabilityInput{RepositoryName: aws.String(repository), LayerDigests: layers}); err != nil {
		return fmt.Errorf("image %s: %w", image, err)
	}
	// The local AWS has the manifest and no layer: what counts is that it may be asked for.
	_, err = client.GetDownloadUrlForLayer(ctx, &ecr.GetDownloadUrlForLayerInput{RepositoryName: aws.String(repository), LayerDigest: aws.String(layers[0])})
	var missing *ecrtypes.LayersNotFoundException
	if err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("image %s: %w", image, err)
	}
	return nil
}

// layersOf returns the digests of a manifest's layers, or those of an index's
// manifests, of which there is at least one.
func layersOf(manifest string) ([]string, error) {
	type part struct{ Digest string }
	var content struct{ Layers, Manifests []part }
	if err := json.Unmarshal([]byte(manifest), &content); err != nil {
		return nil, err
	}
	var digests []string
	for _, part := range append(content.Layers, content.Manifests...) {
		digests = append(digests, part.Digest)
	}
	if len(digests) == 0 {
		return nil, errors.New("its manifest has no layer")
	}
	return digests, nil
}

// openLog makes the log stream of a container, and writes a first line into it: what
// follows is the engine's to keep.
func (s *Stage) openLog(ctx context.Context, config aws.Config, c types.ContainerDefinition, id string) error {
	log := c.LogConfiguration
	if log == nil {
		return fmt.Errorf("container %s: no log: nobody could see why it ends", aws.ToString(c.Name))
	}
	group := log.Options["awslogs-group"]
	stream := log.Options["awslogs-stream-prefix"] + "/" + aws.ToString(c.Name) + "/" + id
	client := cloudwatchlogs.NewFromConfig(config)
	if _, err := client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String(group), LogStreamName: aws.String(stream)}); err != nil {
		return fmt.Errorf("container %s: log group %q: %w", aws.ToString(c.Name), group, err)
	}
	_, err := client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: aws.String(group), LogStreamName: aws.String(stream),
		LogEvents: []logtypes.InputLogEvent{{Message: aws.String("{}"), Timestamp: aws.Int64(time.Now().UnixMilli())}},
	})
	if err != nil {
		return fmt.Errorf("container %s: log group %q: %w", aws.ToString(c.Name), group, err)
	}
	return nil
}

// secretValues returns the values of a task's secrets, by valueFrom.
func secretValues(ctx context.Context, config aws.Config, definition types.TaskDefinition) (map[string]string, error) {
	client := secretsmanager.NewFromConfig(config)
	values := map[string]string{}
	for _, c := range definition.ContainerDefinitions {
		for _, s := range c.Secrets {
			from := aws.ToString(s.ValueFrom)
			arn, key := splitValueFrom(from)
			response, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(arn)})
			if err != nil {
				return nil, fmt.Errorf("secret %q: %w", from, err)
			}
			if values[from], err = pick(aws.ToString(response.SecretString), key); err != nil {
				return nil, fmt.Errorf("secret %q: %w", from, err)
			}
		}
	}
	return values, nil
}
