package resources

import (
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func services(d *Deployed) map[string]ecstypes.Service     { return d.Services }
func tasks(d *Deployed) map[string]ecstypes.TaskDefinition { return d.Tasks }

var serviceRules = []Rule{
	{"service: count left to scaling", "template reference, AWS::ECS::Service, DesiredCount: an update sets what the template says, against the scaling",
		every(services, func(d *Deployed, id string, _ ecstypes.Service) []string {
			_, has := d.Stack.Resources[id].Properties["DesiredCount"]
			return unless(!has, "the template sets DesiredCount")
		})},
	{"service: circuit breaker", "API reference of ECS, DeploymentCircuitBreaker",
		every(services, func(_ *Deployed, _ string, it ecstypes.Service) []string {
			breaker := it.DeploymentConfiguration.DeploymentCircuitBreaker
			return unless(breaker != nil && breaker.Enable && breaker.Rollback, "a failing deployment isn't rolled back")
		})},
	{"service: rollback alarms", "API reference of ECS, DeploymentAlarms",
		every(services, func(d *Deployed, _ string, it ecstypes.Service) []string {
			alarms := it.DeploymentConfiguration.Alarms
			if alarms == nil || !alarms.Enable || !alarms.Rollback || len(alarms.AlarmNames) == 0 {
				return []string{"no alarm rolls a deployment back"}
			}
			var faults []string
			for _, name := range alarms.AlarmNames {
				own := slices.Contains(slices.Collect(maps.Values(d.Stack.ids("AWS::CloudWatch::Alarm"))), name)
				faults = append(faults, unless(own, "rollback alarm %s isn't the stack's", name)...)
			}
			return faults
		})},
	{"service: healthy during deployment", "API reference of ECS, DeploymentConfiguration",
		every(services, func(_ *Deployed, _ string, it ecstypes.Service) []string {
			least, most := aws.ToInt32(it.DeploymentConfiguration.MinimumHealthyPercent), aws.ToInt32(it.DeploymentConfiguration.MaximumPercent)
			return unless(least >= 100 && most > 100, "minimum healthy %d %%, maximum %d %%", least, most)
		})},
	{"service: rebalanced over zones", "API reference of ECS, CreateService, availabilityZoneRebalancing",
		every(services, func(_ *Deployed, _ string, it ecstypes.Service) []string {
			return unless(it.AvailabilityZoneRebalancing == ecstypes.AvailabilityZoneRebalancingEnabled, "rebalancing is %q", it.AvailabilityZoneRebalancing)
		})},
	{"service: private, two zones", "the project's own: tasks have no public address, and outlive a zone",
		every(services, func(d *Deployed, _ string, it ecstypes.Service) []string {
			network := it.NetworkConfiguration.AwsvpcConfiguration
			return append(
				unless(network.AssignPublicIp == ecstypes.AssignPublicIpDisabled, "tasks get public addresses"),
				unless(len(network.Subnets) >= 2 && len(d.FrontDoor.Balancer.AvailabilityZones) == len(network.Subnets), "%d subnets, load balancer in %d zones",
					len(network.Subnets), len(d.FrontDoor.Balancer.AvailabilityZones))...)
		})},
	{"service: tags reach tasks", "API reference of ECS, CreateService, propagateTags",
		every(services, func(_ *Deployed, _ string, it ecstypes.Service) []string {
			return unless(it.PropagateTags == ecstypes.PropagateTagsService && it.EnableECSManagedTags, "tags propagate from %q, managed tags %t", it.PropagateTags, it.EnableECSManagedTags)
		})},
}

// numericUser is a user that isn't root, as Docker and Fargate take it.
var numericUser = regexp.MustCompile(`^[1-9][0-9]*(:[0-9]+)?$`)

// container returns the fault of a task's only container.
func container(faults func(it ecstypes.ContainerDefinition) []string) func(*Deployed) []string {
	return every(tasks, func(_ *Deployed, _ string, it ecstypes.TaskDefinition) []string {
		if len(it.ContainerDefinitions) != 1 {
			return unless(false, "%d containers, not 1", len(it.ContainerDefinitions))
		}
		return faults(it.ContainerDefinitions[0])
	})
}

var taskRules = []Rule{
	{"task: hardened", "guide of ECS, task and container security: read-only root, no root, no capabilities", container(func(it ecstypes.ContainerDefinition) []string {
		return slices.Concat(
			unless(aws.ToBool(it.ReadonlyRootFilesystem), "the root file system is writable"),
			unless(!aws.ToBool(it.Privileged), "privileged"),
			unless(numericUser.MatchString(aws.ToString(it.User)), "user %q", aws.ToString(it.User)),
			unless(it.LinuxParameters != nil && aws.ToBool(it.LinuxParameters.InitProcessEnabled), "no init process"),
			unless(it.LinuxParameters != nil && it.LinuxParameters.Capabilities != nil && slices.Equal(it.LinuxParameters.Capabilities.Drop, []string{"ALL"}), "keeps capabilities"))
	})},
	{"task: health check", "API reference of ECS, HealthCheck", container(func(it ecstypes.ContainerDefinition) []string {
		return unless(it.HealthCheck != nil && len(it.HealthCheck.Command) > 0, "ECS can't tell whether it is healthy")
	})},
	{"task: log never blocks", "API reference of ECS, LogConfiguration, mode: a blocking driver stops the service while the log is slow", container(func(it ecstypes.ContainerDefinition) []string {
		return unless(it.LogConfiguration != nil && it.LogConfiguration.Options["mode"] == "non-blocking", "the log driver blocks")
	})},
	{"task: secrets by reference", "guide of ECS, sensitive data", container(func(it ecstypes.ContainerDefinition) []string {
		return unless(len(it.Secrets) > 0, "no secret comes from Secrets Manager")
	})},
	{"task: Fargate", "API reference of ECS, RegisterTaskDefinition",
		every(tasks, func(_ *Deployed, _ string, it ecstypes.TaskDefinition) []string {
			return unless(slices.Contains(it.RequiresCompatibilities, ecstypes.CompatibilityFargate) && it.NetworkMode == ecstypes.NetworkModeAwsvpc && it.RuntimePlatform != nil,
				"network mode %q, compatibilities %v, platform %v", it.NetworkMode, it.RequiresCompatibilities, it.RuntimePlatform)
		})},
}

func targets(d *Deployed) map[string]scalingtypes.ScalableTarget { return d.Targets }
func policies(d *Deployed) map[string]scalingtypes.ScalingPolicy { return d.Policies }

var scalingRules = []Rule{
	{"scaling: minimum below maximum", "API reference of Application Auto Scaling, RegisterScalableTarget",
		every(targets, func(_ *Deployed, _ string, it scalingtypes.ScalableTarget) []string {
			least, most := aws.ToInt32(it.MinCapacity), aws.ToInt32(it.MaxCapacity)
			return unless(1 <= least && least <= most, "between %d and %d tasks", least, most)
		})},
	{"scaling: target has policies", "the project's own: a target without one never scales",
		every(targets, func(d *Deployed, _ string, it scalingtypes.ScalableTarget) []string {
			for _, policy := range d.Policies {
				if aws.ToString(policy.ResourceId) == aws.ToString(it.ResourceId) {
					return nil
				}
			}
			return []string{"no policy scales it"}
		})},
	{"scaling: cooldown", "API reference of Application Auto Scaling, Cooldown: 300 s where none is given; one of nothing flaps",
		every(policies, func(_ *Deployed, _ string, it scalingtypes.ScalingPolicy) []string {
			if step := it.StepScalingPolicyConfiguration; step != nil {
				return unless(aws.ToInt32(step.Cooldown) > 0, "no cooldown")
			}
			tracking := it.TargetTrackingScalingPolicyConfiguration
			in, out := aws.ToInt32(tracking.ScaleInCooldown), aws.ToInt32(tracking.ScaleOutCooldown)
			return unless(0 < out && out <= in, "in after %d s, out after %d s: slower in than out", in, out)
		})},
	{"scaling: steps within capacity", "the project's own: a step beyond the maximum does nothing more",
		every(policies, func(d *Deployed, _ string, it scalingtypes.ScalingPolicy) []string {
			if it.StepScalingPolicyConfiguration == nil {
				return nil
			}
			var faults []string
			for _, target := range d.Targets {
				for _, step := range it.StepScalingPolicyConfiguration.StepAdjustments {
					if aws.ToString(target.ResourceId) == aws.ToString(it.ResourceId) {
						wanted := aws.ToInt32(step.ScalingAdjustment)
						faults = append(faults, unless(aws.ToInt32(target.MinCapacity) <= wanted && wanted <= aws.ToInt32(target.MaxCapacity),
							"a step to %d tasks, of %d to %d", wanted, aws.ToInt32(target.MinCapacity), aws.ToInt32(target.MaxCapacity))...)
					}
				}
			}
			return faults
		})},
}
