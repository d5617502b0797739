package resources

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarmtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Deployed is what the SDK's clients say of a stack's resources, by logical ID where
// there may be several of a kind.
type Deployed struct {
	Stack    *Stack
	Services map[string]ecstypes.Service
	Tasks    map[string]ecstypes.TaskDefinition
	Alarms   map[string]alarmtypes.MetricAlarm
	Targets  map[string]scalingtypes.ScalableTarget
	Policies map[string]scalingtypes.ScalingPolicy
	// Queues have the attributes of GetQueueAttributes.
	Queues  map[string]map[string]string
	Buckets map[string]Bucket
	Tables  map[string]Table
	// LogDays are the retentions of the log groups in days, zero for ever.
	LogDays map[string]int
	// Secrets are the values.
	Secrets   map[string]string
	FrontDoor FrontDoor
}

// ids returns the physical IDs of a stack's resources of one type, by logical ID.
func (s *Stack) ids(kind string) map[string]string {
	found := map[string]string{}
	for logical, it := range s.Resources {
		if it.Type == kind {
			found[logical] = it.ID
		}
	}
	return found
}

// only returns the physical ID of a stack's only resource of a type.
func (s *Stack) only(kind string) (string, error) {
	found := s.ids(kind)
	if len(found) != 1 {
		return "", fmt.Errorf("stack %s: %d resources of type %s, not 1", s.Name, len(found), kind)
	}
	for _, id := range found {
		return id, nil
	}
	return "", nil
}

// each reads every resource of a type by its physical ID.
func each[T any](s *Stack, kind string, read func(id string) (T, error)) (map[string]T, error) {
	found := map[string]T{}
	for logical, id := range s.ids(kind) {
		it, err := read(id)
		if err != nil {
			return nil, fmt.Errorf("stack %s: %s: %w", s.Name, logical, err)
		}
		found[logical] = it
	}
	return found, nil
}

// Read reads back a stack's resources.
func Read(ctx context.Context, config aws.Config, stack *Stack) (*Deployed, error) {
	d := &Deployed{Stack: stack}
	for _, read := range []func(context.Context, aws.Config) error{
		d.readServices, d.readAlarms, d.readScaling, d.readQueues, d.readLogs, d.readSecrets,
		d.readBuckets, d.readTables, d.readBalancer, d.readAPI,
	} {
		if err := read(ctx, config); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *Deployed) readServices(ctx context.Context, config aws.Config) error {
	client := ecs.NewFromConfig(config)
	cluster, err := d.Stack.only("AWS::ECS::Cluster")
	if err != nil {
		return err
	}
	d.Services, err = each(d.Stack, "AWS::ECS::Service", func(id string) (ecstypes.Service, error) {
		out, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(cluster), Services: []string{id}})
		return first(out, err, func() []ecstypes.Service { return out.Services })
	})
	if err != nil {
		return err
	}
	d.Tasks, err = each(d.Stack, "AWS::ECS::TaskDefinition", func(id string) (ecstypes.TaskDefinition, error) {
		out, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(id)})
		return first(out, err, func() []ecstypes.TaskDefinition { return []ecstypes.TaskDefinition{*out.TaskDefinition} })
	})
	return err
}

// first returns the only item of a response.
func first[R, T any](_ R, err error, items func() []T) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if found := items(); len(found) == 1 {
		return found[0], nil
	}
	return none, fmt.Errorf("%d described, not 1", len(items()))
}

func (d *Deployed) readAlarms(ctx context.Context, config aws.Config) error {
	ids := d.Stack.ids("AWS::CloudWatch::Alarm")
	out, err := cloudwatch.NewFromConfig(config).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: slices.Collect(maps.Values(ids)), MaxRecords: aws.Int32(100),
	})
	if err != nil {
		return err
	}
	d.Alarms, err = each(d.Stack, "AWS::CloudWatch::Alarm", func(id string) (alarmtypes.MetricAlarm, error) {
		return first(out, nil, func() []alarmtypes.MetricAlarm {
			return slices.DeleteFunc(slices.Clone(out.MetricAlarms), func(it alarmtypes.MetricAlarm) bool { return aws.ToString(it.AlarmName) != id })
		})
	})
	return err
}

func (d *Deployed) readScaling(ctx context.Context, config aws.Config) error {
	client := scaling.NewFromConfig(config)
	targets, err := client.DescribeScalableTargets(ctx, &scaling.DescribeScalableTargetsInput{ServiceNamespace: scalingtypes.ServiceNamespaceEcs})
	if err != nil {
		return err
	}
	d.Targets, err = each(d.Stack, "AWS::ApplicationAutoScaling::ScalableTarget", func(id string) (scalingtypes.ScalableTarget, error) {
		return first(targets, nil, func() []scalingtypes.ScalableTarget {
			return slices.DeleteFunc(slices.Clone(targets.ScalableTargets), func(it scalingtypes.ScalableTarget) bool {
				return aws.ToString(it.ResourceId)+"|"+string(it.ScalableDimension)+"|"+string(it.ServiceNamespace) != id
			})
		})
	})
	if err != nil {
		return err
	}
	policies, err := client.DescribeScalingPolicies(ctx, &scaling.DescribeScalingPoliciesInput{ServiceNamespace: scalingtypes.ServiceNamespaceEcs})
	if err != nil {
		return err
	}
	d.Policies, err = each(d.Stack, "AWS::ApplicationAutoScaling::ScalingPolicy", func(id string) (scalingtypes.ScalingPolicy, error) {
		return first(policies, nil, func() []scalingtypes.ScalingPolicy {
			return slices.DeleteFunc(slices.Clone(policies.ScalingPolicies), func(it scalingtypes.ScalingPolicy) bool {
				return aws.ToString(it.PolicyARN) != id
			})
		})
	})
	return err
}

func (d *Deployed) readQueues(ctx context.Context, config aws.Config) (err error) {
	client := sqs.NewFromConfig(config)
	d.Queues, err = each(d.Stack, "AWS::SQS::Queue", func(id string) (map[string]string, error) {
		out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
			QueueUrl: aws.String(id), AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
		})
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	})
	return err
}

func (d *Deployed) readLogs(ctx context.Context, config aws.Config) (err error) {
	client := cloudwatchlogs.NewFromConfig(config)
	d.LogDays, err = each(d.Stack, "AWS::Logs::LogGroup", func(id string) (int, error) {
		out, err := client.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(id)})
		if err != nil {
			return 0, err
		}
		if len(out.LogGroups) != 1 {
			return 0, fmt.Errorf("%d log groups %s, not 1", len(out.LogGroups), id)
		}
		return int(aws.ToInt32(out.LogGroups[0].RetentionInDays)), nil
	})
	return err
}

func (d *Deployed) readSecrets(ctx context.Context, config aws.Config) (err error) {
	client := secretsmanager.NewFromConfig(config)
	d.Secrets, err = each(d.Stack, "AWS::SecretsManager::Secret", func(id string) (string, error) {
		out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(id)})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.SecretString), nil
	})
	return err
}
