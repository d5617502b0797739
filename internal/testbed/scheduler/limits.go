package scheduler

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Bounds of a threshold of BOUNDED_PERCENT, in failed tasks.
//
// Source: ECS's API reference, ServiceDeploymentCircuitBreaker.
const (
	leastThreshold = 3
	mostThreshold  = 200
)

// uncheckedHealthy is how long a task runs until it counts as healthy, where neither a
// container's health check nor a load balancer tells.
//
// Source: ECS's API reference, DeploymentConfiguration, minimumHealthyPercent.
const uncheckedHealthy = 40 * time.Second

// Waits between attempts to start tasks that never run double, up to longestThrottle.
// AWS gives that limit alone; firstThrottle is this package's.
//
// Source: ECS's developer guide, "Amazon ECS service throttle logic".
const (
	firstThrottle   = 10 * time.Second
	longestThrottle = 27 * time.Minute
)

// throttle returns the wait after a number of failed starts in a row, 1 or more.
func throttle(failures int) time.Duration {
	wait := firstThrottle
	for range failures - 1 {
		wait = min(2*wait, longestThrottle)
	}
	return wait
}

// threshold returns the failed tasks at which the circuit breaker opens.
//
// Sources: ECS's developer guide, "How the Amazon ECS deployment circuit breaker detects
// failures"; ECS's API reference, ThresholdConfiguration.
func (b Breaker) threshold(desired int) int {
	percent := (b.Value*desired + 99) / 100
	switch b.Type {
	case types.ThresholdTypeCount:
		return b.Value
	case types.ThresholdTypeUnboundedPercent:
		return percent
	default:
		return min(max(percent, leastThreshold), mostThreshold)
	}
}

// minimum returns how many tasks must stay healthy, rounded up, and maximum how many may
// run or be about to, rounded down. Tasks that are being stopped are none of either.
//
// Source: ECS's API reference, DeploymentConfiguration.
func (f Figures) minimum(desired int) int { return (f.MinimumHealthyPercent*desired + 99) / 100 }

func (f Figures) maximum(desired int) int { return f.MaximumPercent * desired / 100 }

// checked says whether a task's health is known by a container's health check.
func checked(definition types.TaskDefinition) bool {
	return slices.ContainsFunc(definition.ContainerDefinitions, func(c types.ContainerDefinition) bool {
		essential := c.Essential == nil || aws.ToBool(c.Essential)
		return essential && c.HealthCheck != nil && !slices.Equal(c.HealthCheck.Command, []string{"NONE"})
	})
}
