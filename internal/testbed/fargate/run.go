package fargate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	// processes is a safety of this machine, far above what a container here needs: a
	// runaway must not take it. No task definition has it, and nothing may claim it.
	processes = 512
	// unitsPerCPU is ECS's number of CPU units to a processor.
	unitsPerCPU = 1024
	// openFiles is Fargate's soft and hard limit where the definition sets none.
	// Source: ECS API reference, Ulimit.
	openFiles = 65535
)

// mappings returns the ports of all containers, which share one network.
func mappings(definition types.TaskDefinition) []types.PortMapping {
	var found []types.PortMapping
	for _, c := range definition.ContainerDefinitions {
		found = append(found, c.PortMappings...)
	}
	return found
}

// exposed returns a port and its protocol, which a task has once.
func exposed(mapping types.PortMapping) string {
	protocol := types.TransportProtocolTcp
	if mapping.Protocol == types.TransportProtocolUdp {
		protocol = types.TransportProtocolUdp
	}
	return fmt.Sprintf("%d/%s", aws.ToInt32(mapping.ContainerPort), protocol)
}

// limits returns a container's limits. Its own CPU is a share, by which containers
// divide the task's when they compete; its own memory is a limit.
// Source: ECS API reference, ContainerDefinition, cpu and memory.
func limits(c types.ContainerDefinition, definition types.TaskDefinition, options RunOptions) []string {
	// They are numbers: the rule of the task's size has seen them.
	cpu, _ := strconv.Atoi(aws.ToString(definition.Cpu))
	cpus := min(float64(cpu)/unitsPerCPU, float64(options.Processors))
	memory := aws.ToString(definition.Memory) + "m"
	if c.Memory != nil {
		memory = strconv.Itoa(int(*c.Memory)) + "m"
	}
	args := []string{
		"--cpus", strconv.FormatFloat(cpus, 'f', -1, 64),
		// As much again as swap would be Docker's default; Fargate has none.
		"--memory", memory, "--memory-swap", memory,
		"--pids-limit", strconv.Itoa(processes),
	}
	if c.Cpu > 0 {
		args = append(args, "--cpu-shares", strconv.Itoa(int(max(c.Cpu, 2))))
	}
	if c.MemoryReservation != nil {
		args = append(args, "--memory-reservation", strconv.Itoa(int(*c.MemoryReservation))+"m")
	}
	soft, hard := int32(openFiles), int32(openFiles)
	for _, limit := range c.Ulimits {
		soft, hard = limit.SoftLimit, limit.HardLimit
	}
	return append(args, "--ulimit", fmt.Sprintf("nofile=%d:%d", min(int(soft), options.OpenFiles), min(int(hard), options.OpenFiles)))
}

// platform returns the task's processor architecture, x86-64 unless it says another.
// Source: ECS API reference, RuntimePlatform.
func platform(p *types.RuntimePlatform) []string {
	if p != nil && p.CpuArchitecture == types.CPUArchitectureArm64 {
		return []string{"--platform", "linux/arm64"}
	}
	return []string{"--platform", "linux/amd64"}
}

// hardening returns the restrictions that the definition asks for, and no other:
// dockerSecurityOptions, such as no-new-privileges, don't exist on Fargate.
func hardening(c types.ContainerDefinition) []string {
	var args []string
	if aws.ToBool(c.ReadonlyRootFilesystem) {
		args = append(args, "--read-only")
	}
	if c.User != nil {
		args = append(args, "--user", *c.User)
	}
	for _, control := range c.SystemControls {
		args = append(args, "--sysctl", aws.ToString(control.Namespace)+"="+aws.ToString(control.Value))
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

// volumes returns mounts of the task's ephemeral volumes, shared by its containers.
// They are empty and root's, with mode 0755, whatever the image has at their path:
// without volume-nocopy, the engine would copy that, and its owner, into them. Fargate
// does so only where the image has a VOLUME of the same path, which no image here has.
// Source: ECS developer guide, "Use bind mounts with Amazon ECS".
func volumes(c types.ContainerDefinition, options RunOptions) []string {
	var args []string
	for _, point := range c.MountPoints {
		mount := fmt.Sprintf("type=volume,source=%s-%s,target=%s,volume-nocopy", options.Name, aws.ToString(point.SourceVolume), aws.ToString(point.ContainerPath))
		if aws.ToBool(point.ReadOnly) {
			mount += ",readonly"
		}
		args = append(args, "--mount", mount)
	}
	return args
}

// healthCheck returns ECS's health check; without one ECS ignores the image's. In ECS
// the first check comes after one interval, and failures count from the start period's
// end. The engine, from version 25 on, checks more often in the start period, every 5 s
// unless told, and takes from the image what it isn't told. From a version of 2026 on, it
// checks at the start period's end besides. So it is told of a start period that ends
// with an interval, which for ECS is the same.
//
// With soon, the definition's start period has a check every second.
//
// Source: ECS API reference, HealthCheck; Docker's reference of HEALTHCHECK;
// moby/moby, issue 46747 and pull request 52317.
func healthCheck(check *types.HealthCheck, soon bool) []string {
	if check == nil || check.Command[0] == "NONE" {
		return []string{"--no-healthcheck"}
	}
	command := strings.Join(check.Command[1:], " ")
	if check.Command[0] == "CMD" {
		command = quote(check.Command[1:])
	}
	interval, start := valueOr(check.Interval, 30), aws.ToInt32(check.StartPeriod)
	// Rounded up to whole intervals.
	period, every := max(1, (start+interval-1)/interval)*interval, interval
	if soon && start > 0 {
		period, every = start, 1
	}
	return []string{
		"--health-cmd", command,
		"--health-interval", seconds(interval),
		"--health-timeout", seconds(valueOr(check.Timeout, 5)),
		"--health-retries", strconv.Itoa(int(valueOr(check.Retries, 3))),
		"--health-start-period", seconds(period), "--health-start-interval", seconds(every),
	}
}

// environment returns the definition's variables, then those of the
// surroundings, then the names of the secrets.
func environment(c types.ContainerDefinition, added map[string]string) []string {
	var args []string
	for _, pair := range c.Environment {
		args = append(args, "--env", aws.ToString(pair.Name)+"="+aws.ToString(pair.Value))
	}
	for _, name := range slices.Sorted(maps.Keys(added)) {
		args = append(args, "--env", name+"="+added[name])
	}
	for _, s := range c.Secrets {
		args = append(args, "--env", aws.ToString(s.Name))
	}
	return args
}

// terminal returns what a container has for its input, and its labels.
func terminal(c types.ContainerDefinition) []string {
	var args []string
	if aws.ToBool(c.Interactive) {
		args = append(args, "--interactive")
	}
	if aws.ToBool(c.PseudoTerminal) {
		args = append(args, "--tty")
	}
	for _, name := range slices.Sorted(maps.Keys(c.DockerLabels)) {
		args = append(args, "--label", name+"="+c.DockerLabels[name])
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
		command = slices.Concat(c.EntryPoint[1:], command)
	}
	return append(append(args, image), command...)
}

func seconds(n int32) string { return strconv.Itoa(int(n)) + "s" }

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
