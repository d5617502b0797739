package stage

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/fargate"
	"benchlingwebhook/internal/testbed/sessions"
)

// Task is a task whose containers run.
type Task struct {
	// ID is ECS's, Service the name of its service, and Role the ARN of the task's role.
	ID, Service, Role string
	Name              string
	Containers        []fargate.Container
	URL               string
	// FirstResponse is the time from `docker run` to the first 200 on the path of
	// the health check.
	FirstResponse time.Duration

	began time.Time
}

// runTask starts a deployed task, and returns when it responds to its health check.
func (s *Stage) runTask(ctx context.Context, definition types.TaskDefinition, settings map[string]string, probeSoon bool) (*Task, error) {
	running, err := s.startTask(ctx, definition, settings, probeSoon)
	if err != nil {
		return nil, err
	}
	health := running.URL + s.Contract.HealthCheck.Path
	if err := testbed.Until(ctx, testbed.StartTimeout, func() (bool, string) {
		status, _, err := testbed.Get(ctx, health)
		return status == http.StatusOK, fmt.Sprintf("%s: status %d, %v", health, status, err)
	}); err != nil {
		return nil, fmt.Errorf("%w: log: %s", err, s.LastLines(ctx, running, 5))
	}
	running.FirstResponse = time.Since(running.began)
	return running, nil
}

// startTask starts a deployed task as ECS would start a new one, with the secrets as
// they are now, and returns when its containers run. settings are added to its
// environment. Tasks that are started at once start one after another.
func (s *Stage) startTask(ctx context.Context, definition types.TaskDefinition, settings map[string]string, probeSoon bool) (*Task, error) {
	s.starting.Lock()
	defer s.starting.Unlock()
	id := sessions.NewTask()
	secrets, err := s.launch(ctx, definition, id)
	if err != nil {
		return nil, err
	}
	arguments, environment, err := s.Trust()
	if err != nil {
		return nil, err
	}
	maps.Copy(environment, s.surroundings(id))
	maps.Copy(environment, settings)
	name := testbed.Label + "-" + id
	containers, err := fargate.Containers(definition, fargate.RunOptions{
		Name:        name,
		Label:       testbed.Mark(),
		Networks:    []string{s.Network, s.Agents.Network},
		Arguments:   append(arguments, s.Mounts...),
		Image:       s.pulled,
		Secrets:     secrets,
		Environment: environment,
		Processors:  runtime.NumCPU(),
		OpenFiles:   s.openFiles(),
		ProbeSoon:   probeSoon,
	})
	if err != nil {
		return nil, err
	}
	running := &Task{ID: id, Service: serviceOf(definition), Role: aws.ToString(definition.TaskRoleArn), Name: name, Containers: containers, began: time.Now()}
	if err := s.runContainers(ctx, containers); err != nil {
		return nil, err
	}
	// As with awsvpc, a task has an address of its own.
	address, err := s.Docker(ctx, "container", "inspect", "--format", fmt.Sprintf("{{(index .NetworkSettings.Networks %q).IPAddress}}", s.Network), containers[0].Name)
	if err != nil {
		return nil, err
	}
	running.URL = "http://" + net.JoinHostPort(address, strconv.Itoa(containers[0].Ports[0]))
	return running, nil
}

// runContainers runs the containers of a task, each when what it depends on holds.
func (s *Stage) runContainers(ctx context.Context, containers []fargate.Container) error {
	for _, c := range containers {
		if err := s.waitFor(ctx, c.After); err != nil {
			return err
		}
		// Before it runs: whoever gives up meanwhile leaves a container behind.
		s.AtEnd(func(ctx context.Context) { _, _ = s.Docker(ctx, "rm", "--force", "--volumes", c.Name) })
		command := s.Engine.Command(ctx, c.Args...)
		command.Env = append(command.Env, c.Secrets...)
		if _, err := testbed.Output(command, c.Args); err != nil {
			return err
		}
	}
	return nil
}

// surroundings returns the variables that a task has here beside those of its
// definition: those that ECS's agent sets, and where AWS, API Gateway and Quilt are.
//
// Source: the guide of Amazon ECS, container metadata and environment variables.
func (s *Stage) surroundings(id string) map[string]string {
	variables := map[string]string{
		"AWS_EXECUTION_ENV":  "AWS_ECS_FARGATE",
		"AWS_DEFAULT_REGION": emulator.Region,
		"AWS_ENDPOINT_URL":   "https://" + s.Addresses.AWS,
		"FRONT_DOOR_URL":     "https://" + s.Addresses.Door + s.Contract.HealthCheck.Path,
		// The stand-in for Quilt reads the queue that the stack made for itself.
		"QUILT_CONNECTED": "true",
	}
	maps.Copy(variables, s.Agents.Environment(id))
	return variables
}

// WaitHealthy waits until the engine calls every container with a health check
// healthy.
func (s *Stage) WaitHealthy(ctx context.Context, running *Task) error {
	return testbed.Until(ctx, testbed.HealthTimeout, func() (bool, string) {
		for _, c := range running.Containers {
			if !c.HasHealthCheck {
				continue
			}
			health, err := s.Docker(ctx, "inspect", "--format", "{{json .State.Health}}", c.Name)
			if err != nil || !strings.Contains(health, `"Status":"healthy"`) {
				return false, fmt.Sprintf("%s: %v: %s", c.Name, err, health)
			}
		}
		return true, ""
	})
}

// StopTask stops the task as ECS does and reports exit statuses other than 0.
func (s *Stage) StopTask(ctx context.Context, running *Task) (string, error) {
	var seen []string
	for _, c := range running.Containers {
		began := time.Now()
		if _, err := s.Docker(ctx, "stop", c.Name); err != nil {
			return "", err
		}
		took := time.Since(began)
		status, err := s.Docker(ctx, "inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", c.Name)
		if err != nil {
			return "", err
		}
		seen = append(seen, fmt.Sprintf("exit %s after %.1f s of %d s", strings.Fields(status)[0], took.Seconds(), c.StopSeconds))
		if status != "0 false" || took > time.Duration(c.StopSeconds)*time.Second {
			return "", fmt.Errorf("%s: exit status and out-of-memory %s after %.1f s (stop timeout %d s)", c.Name, status, took.Seconds(), c.StopSeconds)
		}
	}
	return strings.Join(seen, ", "), nil
}
