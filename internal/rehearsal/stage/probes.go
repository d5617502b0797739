package stage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/fargate"
)

// containerState is what the engine says of a container's life.
type containerState struct {
	Status    string
	ExitCode  int
	StartedAt time.Time
	Health    *struct {
		Status string
		Log    []struct{ Start time.Time }
	}
}

// RunTask starts a deployed task with the secrets as they are now, and settings added
// to its environment. Its first health checks come sooner than ECS's, so that a run
// doesn't wait a whole interval for each task.
func (s *Stage) RunTask(ctx context.Context, definition types.TaskDefinition, settings map[string]string) (*Task, error) {
	return s.runTask(ctx, definition, settings, true)
}

// RunTaskInRealTime starts a deployed task as RunTask does, with ECS's health checks:
// the first comes after one interval.
func (s *Stage) RunTaskInRealTime(ctx context.Context, definition types.TaskDefinition) (*Task, error) {
	return s.runTask(ctx, definition, nil, false)
}

// FirstProbe waits for the first health check of a task's first container, and returns
// how long after the container's start it came.
func (s *Stage) FirstProbe(ctx context.Context, running *Task) (time.Duration, error) {
	var after time.Duration
	err := s.untilState(ctx, running.Containers[0].Name, func(state containerState) (bool, error) {
		if state.Health == nil {
			return false, errors.New("the container has no health check")
		}
		if len(state.Health.Log) == 0 {
			return false, nil
		}
		after = state.Health.Log[0].Start.Sub(state.StartedAt)
		return true, nil
	})
	return after, err
}

// waitFor waits until what a container depends on holds.
func (s *Stage) waitFor(ctx context.Context, dependencies []fargate.Dependency) error {
	for _, d := range dependencies {
		if err := s.untilState(ctx, d.Container, func(state containerState) (bool, error) { return meets(state, d.Condition) }); err != nil {
			return fmt.Errorf("dependsOn %s: %w", d.Condition, err)
		}
	}
	return nil
}

// meets says whether a container's state meets a condition of dependsOn; its error says
// that it never will.
func meets(state containerState, condition types.ContainerCondition) (bool, error) {
	ended := state.Status == "exited"
	switch condition {
	case types.ContainerConditionStart:
		return true, nil
	case types.ContainerConditionComplete:
		return ended, nil
	case types.ContainerConditionSuccess:
		if ended && state.ExitCode != 0 {
			return false, fmt.Errorf("exit status %d", state.ExitCode)
		}
		return ended, nil
	case types.ContainerConditionHealthy:
		if ended {
			return false, errors.New("ended before it was healthy")
		}
		return state.Health != nil && state.Health.Status == "healthy", nil
	}
	return false, fmt.Errorf("condition %q", condition)
}

// untilState waits until a container's state is as wanted, or never will be.
func (s *Stage) untilState(ctx context.Context, container string, look func(containerState) (bool, error)) error {
	var never error
	err := testbed.Until(ctx, testbed.HealthTimeout, func() (bool, string) {
		var inspected struct{ State containerState }
		if err := s.Inspect(ctx, "container", container, &inspected); err != nil {
			return false, err.Error()
		}
		var ok bool
		ok, never = look(inspected.State)
		return ok || never != nil, container + ": " + inspected.State.Status
	})
	if never != nil {
		return fmt.Errorf("container %s: %w", container, never)
	}
	return err
}
