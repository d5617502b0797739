package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/fargate"
)

const (
	// startTimeout bounds the time from `docker run` to the first 200.
	startTimeout = time.Minute
	// healthTimeout bounds the time until the engine calls a container healthy.
	healthTimeout = 2 * time.Minute
	poll          = 20 * time.Millisecond
)

// client calls the service; nothing of the service takes this long.
var client = &http.Client{Timeout: 10 * time.Second}

// runningTask is a task whose containers run.
type runningTask struct {
	name       string
	containers []fargate.Container
	url        string
	// firstAnswer is the time from `docker run` to the first 200 on the path of
	// the health check.
	firstAnswer time.Duration
}

// runTask starts a deployed task as ECS would start a new one: with the secrets
// as they are now. settings are added to its environment.
func (r *rehearsal) runTask(ctx context.Context, definition types.TaskDefinition, settings map[string]string) (*runningTask, error) {
	secrets, err := r.secretValues(ctx, definition)
	if err != nil {
		return nil, err
	}
	environment := emulator.Environment("http://" + r.awsAddress)
	maps.DeleteFunc(environment, func(name, _ string) bool { return name == "AWS_REGION" })
	name := label + "-" + benchling.RandomText()
	environment["ECS_AGENT_URI"] = "http://" + r.agentAddress + "/api/" + name
	environment["FRONT_DOOR_URL"] = "http://" + r.doorAddress + r.contract.HealthCheck.Path
	// The stand-in for Quilt reads the queue that the stack made for itself.
	environment["QUILT_CONNECTED"] = "true"
	maps.Copy(environment, settings)
	containers, err := fargate.Containers(definition, fargate.Surroundings{
		Name:        name,
		Label:       label,
		Network:     r.network,
		Image:       func(string) string { return r.image },
		Secrets:     secrets,
		Environment: environment,
		Processors:  runtime.NumCPU(),
	})
	if err != nil {
		return nil, err
	}
	running := &runningTask{name: name, containers: containers}
	began := time.Now()
	for _, c := range containers {
		command := r.engine.Command(ctx, c.Args...)
		command.Env = append(command.Env, c.Secrets...)
		if _, err := output(command, c.Args); err != nil {
			return nil, err
		}
		r.atEnd(func(ctx context.Context) { _, _ = r.docker(ctx, "rm", "--force", "--volumes", c.Name) })
	}
	address, err := r.docker(ctx, "port", containers[0].Name, strconv.Itoa(containers[0].Ports[0]))
	if err != nil {
		return nil, err
	}
	address, _, _ = strings.Cut(address, "\n")
	running.url = "http://" + address
	health := running.url + r.contract.HealthCheck.Path
	if err := until(ctx, startTimeout, func() (bool, string) {
		status, _, err := get(ctx, health)
		return status == http.StatusOK, fmt.Sprintf("%s: status %d, %v", health, status, err)
	}); err != nil {
		return nil, fmt.Errorf("%w: log: %s", err, lastLines(r.logs(ctx, running), 5))
	}
	running.firstAnswer = time.Since(began)
	return running, nil
}

// waitHealthy waits until the engine calls every container with a health check
// healthy.
func (r *rehearsal) waitHealthy(ctx context.Context, running *runningTask) error {
	return until(ctx, healthTimeout, func() (bool, string) {
		for _, c := range running.containers {
			if !c.HasHealthCheck {
				continue
			}
			health, err := r.docker(ctx, "inspect", "--format", "{{json .State.Health}}", c.Name)
			if err != nil || !strings.Contains(health, `"Status":"healthy"`) {
				return false, fmt.Sprintf("%s: %v: %s", c.Name, err, health)
			}
		}
		return true, ""
	})
}

// stopTask stops the task as ECS does and reports exit statuses other than 0.
func (r *rehearsal) stopTask(ctx context.Context, running *runningTask) (string, error) {
	var seen []string
	for _, c := range running.containers {
		began := time.Now()
		if _, err := r.docker(ctx, "stop", c.Name); err != nil {
			return "", err
		}
		took := time.Since(began)
		status, err := r.docker(ctx, "inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", c.Name)
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

// logs returns what the task's containers have written.
func (r *rehearsal) logs(ctx context.Context, running *runningTask) string {
	var all strings.Builder
	for _, c := range running.containers {
		text, _ := r.engine.Command(ctx, "logs", c.Name).CombinedOutput()
		all.Write(text)
	}
	return all.String()
}

// until repeats a look until it is satisfied; its error has the last thing seen.
func until(ctx context.Context, limit time.Duration, look func() (ok bool, seen string)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		ok, seen := look()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w after %s", seen, ctx.Err(), limit)
		case <-time.After(poll):
		}
	}
}

// get returns the status and the body of an answer.
func get(ctx context.Context, url string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	return do(request)
}

// post sends a webhook to a route.
func post(ctx context.Context, url string, webhook benchling.Webhook) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(string(webhook.Body)))
	if err != nil {
		return 0, "", err
	}
	webhook.SetHeaders(request.Header)
	return do(request)
}

func do(request *http.Request) (int, string, error) {
	answer, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, strings.TrimSpace(string(body)), err
}

// inspect decodes what the engine says of an object.
func (r *rehearsal) inspect(ctx context.Context, kind, name string, into any) error {
	text, err := r.docker(ctx, kind, "inspect", "--format", "{{json .}}", name)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}
