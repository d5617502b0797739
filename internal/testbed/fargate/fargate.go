// Package fargate turns an ECS task definition into the `docker run` arguments
// that treat its containers as Fargate would, and refuses what Fargate refuses.
//
// One thing is still kinder than Fargate: where a task has several containers, each
// has the task's memory and CPU as its limit, and nothing limits their sum. With one
// container its limit is the task's.
package fargate

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// defaultStopSeconds is the time that ECS gives a container which sets none.
const defaultStopSeconds = 30

// RunOptions is what running a task takes besides its definition.
type RunOptions struct {
	// Name is the task's; its containers are called NAME-CONTAINER.
	Name string
	// Label marks the containers, for removal.
	Label string
	// Networks are the engine's: the one that stands for the VPC, and that of ECS's
	// agent.
	Networks []string
	// Arguments are those of `docker run` that the surroundings add.
	Arguments []string
	// Image returns the pulled image for a container's image in the definition, or
	// nothing where that wasn't pulled.
	Image func(image string) string
	// Secrets are the values of the definition's secrets, by valueFrom.
	Secrets map[string]string
	// Environment is added to every container's: where AWS is reached, and the
	// credentials that stand for the task role.
	Environment map[string]string
	// Processors is the machine's number; an engine refuses a higher limit.
	Processors int
	// OpenFiles is the most that the engine can let a container's processes open; it
	// refuses a higher limit. Below Fargate's 65535, a task has fewer than there.
	OpenFiles int
	// ProbeSoon has the health checks of a container's start period, if it has one,
	// come every second. That is the run's own haste, not Fargate's: there the first one
	// comes when the health check's interval has passed.
	ProbeSoon bool
}

// Dependency is what must hold of another container before one starts.
type Dependency struct {
	// Container is the engine's name of the other one.
	Container string
	Condition types.ContainerCondition
}

// Container is one container of a task, ready to run.
type Container struct {
	// Name is the engine's name of the container.
	Name string
	// After is what must hold before it starts. Its caller waits for that.
	After []Dependency
	// Args are the arguments after `docker`.
	Args []string
	// Secrets are NAME=VALUE pairs that belong in the docker command's own
	// environment, so that no value is on a command line.
	Secrets []string
	// StopSeconds is the time between SIGTERM and SIGKILL.
	StopSeconds int
	// HasHealthCheck says whether ECS would check its health.
	HasHealthCheck bool
	// Ports are the container ports, at the address of the first container.
	Ports []int
}

// Containers returns the containers of a task definition in the order in which they
// start: those that one depends on come before it, otherwise it is the definition's.
// The first one owns the network that the others join, as in a task of Fargate. It
// fails, all faults at once, where Fargate would refuse the definition or not start
// its task, and where the definition has what this package can't run.
func Containers(definition types.TaskDefinition, options RunOptions) ([]Container, error) {
	faults := broken(rules, definition)
	faults = append(faults, missing(definition, options)...)
	var problems []error
	for _, fault := range faults {
		problems = append(problems, fmt.Errorf("task definition %s: %s", aws.ToString(definition.Family), fault))
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}

	ordered, _ := startOrder(definition.ContainerDefinitions)
	var containers []Container
	for _, c := range ordered {
		var first *Container
		if len(containers) > 0 {
			first = &containers[0]
		}
		containers = append(containers, container(definition, c, first, options))
	}
	return containers, nil
}

// container returns one container of a definition that breaks no rule; first is the
// one that has started before all others, nil for itself.
func container(definition types.TaskDefinition, c types.ContainerDefinition, first *Container, options RunOptions) Container {
	made := Container{
		Name:           options.Name + "-" + aws.ToString(c.Name),
		StopSeconds:    int(valueOr(c.StopTimeout, defaultStopSeconds)),
		HasHealthCheck: c.HealthCheck != nil,
	}
	for _, dependency := range c.DependsOn {
		made.After = append(made.After, Dependency{options.Name + "-" + aws.ToString(dependency.ContainerName), dependency.Condition})
	}
	var network []string
	if first == nil {
		for _, name := range options.Networks {
			network = append(network, "--network", name)
		}
		for _, mapping := range mappings(definition) {
			made.Ports = append(made.Ports, int(aws.ToInt32(mapping.ContainerPort)))
		}
	} else {
		network = []string{"--network", "container:" + first.Name}
		if definition.PidMode == types.PidModeTask {
			network = append(network, "--pid", "container:"+first.Name)
		}
	}
	for _, s := range c.Secrets {
		made.Secrets = append(made.Secrets, aws.ToString(s.Name)+"="+options.Secrets[aws.ToString(s.ValueFrom)])
	}
	made.Args = slices.Concat(
		[]string{"run", "--detach", "--name", made.Name, "--label", options.Label},
		network,
		options.Arguments,
		limits(c, definition, options),
		platform(definition.RuntimePlatform),
		hardening(c),
		volumes(c, options),
		healthCheck(c.HealthCheck, options.ProbeSoon),
		environment(c, options.Environment),
		terminal(c),
		[]string{"--stop-timeout", strconv.Itoa(made.StopSeconds)},
		program(c, options.Image(aws.ToString(c.Image))),
	)
	return made
}

// missing returns what a task of the definition wouldn't find when it starts.
func missing(definition types.TaskDefinition, options RunOptions) []string {
	return inEach(func(c types.ContainerDefinition) []string {
		var faults []string
		for _, s := range c.Secrets {
			if _, found := options.Secrets[aws.ToString(s.ValueFrom)]; !found {
				faults = append(faults, fmt.Sprintf("secret %s: %q has no value: write one, or correct valueFrom", aws.ToString(s.Name), aws.ToString(s.ValueFrom)))
			}
		}
		if image := aws.ToString(c.Image); image != "" && options.Image(image) == "" {
			faults = append(faults, fmt.Sprintf("image %q isn't there: push it, or correct the reference", image))
		}
		return faults
	})(definition)
}
