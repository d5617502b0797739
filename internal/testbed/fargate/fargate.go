// Package fargate turns an ECS task definition into the `docker run` arguments
// that treat its containers as Fargate would.
package fargate

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	// defaultStopSeconds is the time that ECS gives a container which sets none.
	defaultStopSeconds = 30
	// processes is far above what a container here needs; Fargate has a limit of
	// the kind, and a runaway must not take this machine.
	processes = 512
	// unitsPerCPU is ECS's number of CPU units to a processor.
	unitsPerCPU = 1024
)

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
	// Image returns the pulled image for an image of the definition.
	Image func(image string) string
	// Secrets are the values of the definition's secrets, by valueFrom.
	Secrets map[string]string
	// Environment is added to every container's: where AWS is reached, and the
	// credentials that stand for the task role.
	Environment map[string]string
	// Processors is the machine's number; an engine refuses a higher limit.
	Processors int
}

// Container is one container of a task, ready to run.
type Container struct {
	// Name is the engine's name of the container.
	Name string
	// Args are the arguments after `docker`.
	Args []string
	// Secrets are NAME=VALUE pairs that belong in the docker command's own
	// environment, so that no value is on a command line.
	Secrets []string
	// StopSeconds is the time between SIGTERM and SIGKILL.
	StopSeconds int
	// HasHealthCheck says whether ECS would check its health.
	HasHealthCheck bool
	// Ports are the container ports that are published on 127.0.0.1.
	Ports []int
}

// Containers returns the containers of a task definition in its order. The
// first one owns the network that the others join, as in a task of Fargate. It
// fails, all faults at once, where Fargate would refuse the definition or a
// secret has no value.
func Containers(definition types.TaskDefinition, options RunOptions) ([]Container, error) {
	var problems []error
	if definition.NetworkMode != types.NetworkModeAwsvpc {
		problems = append(problems, fmt.Errorf("network mode %q: Fargate needs awsvpc", definition.NetworkMode))
	}
	memory, err := limit(definition.Memory, "memory")
	problems = append(problems, err)
	cpu, err := limit(definition.Cpu, "cpu")
	problems = append(problems, err)
	if len(definition.ContainerDefinitions) == 0 {
		problems = append(problems, errors.New("no container"))
	}

	var containers []Container
	for i, c := range definition.ContainerDefinitions {
		problems = append(problems, refusals(c))
		name := options.Name + "-" + aws.ToString(c.Name)
		secrets, err := secretsOf(c, options.Secrets)
		problems = append(problems, err)

		args := []string{"run", "--detach", "--name", name, "--label", options.Label}
		var ports []int
		if i == 0 {
			for _, network := range options.Networks {
				args = append(args, "--network", network)
			}
			ports = portsOf(definition)
			for _, port := range ports {
				args = append(args, "--publish", fmt.Sprintf("127.0.0.1:0:%d", port))
			}
		} else {
			args = append(args, "--network", "container:"+containers[0].Name)
		}
		args = append(args, options.Arguments...)
		args = append(args, limits(c, cpu, memory, options.Processors)...)
		args = append(args, platform(definition.RuntimePlatform)...)
		args = append(args, hardening(c)...)
		args = append(args, volumes(c, options)...)
		args = append(args, healthCheck(c.HealthCheck)...)
		args = append(args, environment(c, options.Environment)...)
		stop := int(aws.ToInt32(c.StopTimeout))
		if c.StopTimeout == nil {
			stop = defaultStopSeconds
		}
		args = append(args, "--stop-timeout", strconv.Itoa(stop))
		args = append(args, program(c, options.Image(aws.ToString(c.Image)))...)
		containers = append(containers, Container{
			Name: name, Args: args, Secrets: secrets, StopSeconds: stop, HasHealthCheck: c.HealthCheck != nil, Ports: ports,
		})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("task definition %s: %w", aws.ToString(definition.Family), err)
	}
	return containers, nil
}

func limit(text *string, name string) (int, error) {
	n, err := strconv.Atoi(aws.ToString(text))
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%s %q: Fargate needs a number for the whole task", name, aws.ToString(text))
	}
	return n, nil
}

// refusals returns what Fargate doesn't take in a container.
func refusals(c types.ContainerDefinition) error {
	var problems []error
	refuse := func(is bool, what string) {
		if is {
			problems = append(problems, fmt.Errorf("container %s: %s: Fargate refuses it", aws.ToString(c.Name), what))
		}
	}
	refuse(aws.ToBool(c.Privileged), "privileged")
	if linux := c.LinuxParameters; linux != nil {
		refuse(len(linux.Devices) > 0, "linuxParameters.devices")
		refuse(len(linux.Tmpfs) > 0, "linuxParameters.tmpfs")
		refuse(linux.SharedMemorySize != nil, "linuxParameters.sharedMemorySize")
		if linux.Capabilities != nil {
			for _, capability := range linux.Capabilities.Add {
				refuse(capability != "SYS_PTRACE", "capability "+capability)
			}
		}
	}
	return errors.Join(problems...)
}

func secretsOf(c types.ContainerDefinition, values map[string]string) ([]string, error) {
	var secrets []string
	var problems []error
	for _, s := range c.Secrets {
		value, found := values[aws.ToString(s.ValueFrom)]
		if !found {
			problems = append(problems, fmt.Errorf("secret %s: %q has no value", aws.ToString(s.Name), aws.ToString(s.ValueFrom)))
		}
		secrets = append(secrets, aws.ToString(s.Name)+"="+value)
	}
	return secrets, errors.Join(problems...)
}

func portsOf(definition types.TaskDefinition) []int {
	var ports []int
	for _, c := range definition.ContainerDefinitions {
		for _, mapping := range c.PortMappings {
			ports = append(ports, int(aws.ToInt32(mapping.ContainerPort)))
		}
	}
	return ports
}

// limits returns a container's share of the task: its own figure, or the whole
// task's.
func limits(c types.ContainerDefinition, cpu, memory, processors int) []string {
	if c.Memory != nil {
		memory = int(*c.Memory)
	}
	if c.Cpu > 0 {
		cpu = int(c.Cpu)
	}
	cpus := min(float64(cpu)/unitsPerCPU, float64(processors))
	size := strconv.Itoa(memory) + "m"
	return []string{
		"--cpus", strconv.FormatFloat(cpus, 'f', -1, 64),
		// As much again as swap would be Docker's default; Fargate has none.
		"--memory", size, "--memory-swap", size,
		"--pids-limit", strconv.Itoa(processes),
	}
}

func platform(p *types.RuntimePlatform) []string {
	if p == nil || p.CpuArchitecture == "" {
		return nil
	}
	architecture := map[types.CPUArchitecture]string{types.CPUArchitectureX8664: "amd64", types.CPUArchitectureArm64: "arm64"}[p.CpuArchitecture]
	return []string{"--platform", "linux/" + architecture}
}

func hardening(c types.ContainerDefinition) []string {
	args := []string{"--security-opt", "no-new-privileges"}
	if aws.ToBool(c.ReadonlyRootFilesystem) {
		args = append(args, "--read-only")
	}
	if c.User != nil {
		args = append(args, "--user", *c.User)
	}
	linux := c.LinuxParameters
	if linux == nil {
		return args
	}
	if aws.ToBool(linux.InitProcessEnabled) {
		args = append(args, "--init")
	}
	if linux.Capabilities != nil {
		for _, capability := range linux.Capabilities.Drop {
			args = append(args, "--cap-drop", capability)
		}
		for _, capability := range linux.Capabilities.Add {
			args = append(args, "--cap-add", capability)
		}
	}
	return args
}

// volumes returns mounts of the task's ephemeral volumes, shared by its
// containers.
func volumes(c types.ContainerDefinition, options RunOptions) []string {
	var args []string
	for _, point := range c.MountPoints {
		mount := fmt.Sprintf("type=volume,source=%s-%s,target=%s", options.Name, aws.ToString(point.SourceVolume), aws.ToString(point.ContainerPath))
		if aws.ToBool(point.ReadOnly) {
			mount += ",readonly"
		}
		args = append(args, "--mount", mount)
	}
	return args
}

// healthCheck returns ECS's health check. Without one ECS ignores the image's.
func healthCheck(check *types.HealthCheck) []string {
	if check == nil || len(check.Command) == 0 || check.Command[0] == "NONE" {
		return []string{"--no-healthcheck"}
	}
	command := strings.Join(check.Command[1:], " ")
	if check.Command[0] == "CMD" {
		command = quote(check.Command[1:])
	}
	args := []string{
		"--health-cmd", command,
		"--health-interval", seconds(check.Interval, 30),
		"--health-timeout", seconds(check.Timeout, 5),
		"--health-retries", strconv.Itoa(int(valueOr(check.Retries, 3))),
	}
	if check.StartPeriod != nil && *check.StartPeriod > 0 {
		// The first verdict comes soon and doesn't wait for a whole interval.
		args = append(args, "--health-start-period", seconds(check.StartPeriod, 0), "--health-start-interval", "1s")
	}
	return args
}

// environment returns the definition's variables, then those of the
// surroundings, then the names of the secrets.
func environment(c types.ContainerDefinition, added map[string]string) []string {
	var args []string
	for _, pair := range c.Environment {
		args = append(args, "--env", aws.ToString(pair.Name)+"="+aws.ToString(pair.Value))
	}
	names := make([]string, 0, len(added))
	for name := range added {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		args = append(args, "--env", name+"="+added[name])
	}
	for _, s := range c.Secrets {
		args = append(args, "--env", aws.ToString(s.Name))
	}
	return args
}

// program returns the rest of the command line: image and what it runs.
func program(c types.ContainerDefinition, image string) []string {
	var args []string
	if c.WorkingDirectory != nil {
		args = append(args, "--workdir", *c.WorkingDirectory)
	}
	command := c.Command
	if len(c.EntryPoint) > 0 {
		args = append(args, "--entrypoint", c.EntryPoint[0])
		command = append(append([]string{}, c.EntryPoint[1:]...), command...)
	}
	return append(append(args, image), command...)
}

func seconds(value *int32, otherwise int32) string {
	return strconv.Itoa(int(valueOr(value, otherwise))) + "s"
}

func valueOr(value *int32, otherwise int32) int32 {
	if value == nil {
		return otherwise
	}
	return *value
}

// quote returns words as one line for a POSIX shell.
func quote(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
