package fargate

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// drivers are Fargate's log drivers.
var drivers = []types.LogDriver{types.LogDriverAwslogs, types.LogDriverSplunk, types.LogDriverAwsfirelens}

// awslogsNeeds are the options that awslogs needs on Fargate.
var awslogsNeeds = []string{"awslogs-group", "awslogs-region", "awslogs-stream-prefix"}

// roles are the rules of what the task execution role must be there for.
//
// Source: ECS developer guide, "Amazon ECS task execution IAM role": images of a
// private repository of ECR, the log driver awslogs and secrets.
var roles = []rule{
	{"executionRoleArn", "set executionRoleArn", func(d types.TaskDefinition) []string {
		if aws.ToString(d.ExecutionRoleArn) != "" {
			return nil
		}
		return inEach(func(c types.ContainerDefinition) []string {
			return slices.Concat(
				where(len(c.Secrets) > 0, "secrets without an execution role"),
				where(driverOf(c) == types.LogDriverAwslogs, "log driver awslogs without an execution role"),
				where(strings.Contains(aws.ToString(c.Image), ".dkr.ecr."), "an image of ECR without an execution role"),
			)
		})(d)
	}},
}

// logs are the rules of log drivers.
//
// Source: ECS API reference, LogConfiguration.
var logs = []rule{
	{"logDriver", "use awslogs, splunk or awsfirelens", inEach(func(c types.ContainerDefinition) []string {
		return where(c.LogConfiguration != nil && !slices.Contains(drivers, driverOf(c)), "log driver %q", driverOf(c))
	})},
	{"awslogs options", "add it: Fargate needs " + strings.Join(awslogsNeeds, ", "), inEach(func(c types.ContainerDefinition) []string {
		var found []string
		if driverOf(c) == types.LogDriverAwslogs {
			for _, name := range awslogsNeeds {
				found = append(found, where(c.LogConfiguration.Options[name] == "", "log option %s is missing", name)...)
			}
		}
		return found
	})},
	{"log mode", "use blocking or non-blocking", inEach(func(c types.ContainerDefinition) []string {
		if c.LogConfiguration == nil {
			return nil
		}
		mode := c.LogConfiguration.Options["mode"]
		return where(mode != "" && mode != "blocking" && mode != "non-blocking", "log option mode %q", mode)
	})},
}

// driverOf returns a container's log driver, or nothing.
func driverOf(c types.ContainerDefinition) types.LogDriver {
	if c.LogConfiguration == nil {
		return ""
	}
	return c.LogConfiguration.LogDriver
}
