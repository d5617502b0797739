package fargate

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func options() RunOptions {
	return RunOptions{
		Name:        "run",
		Label:       "rehearsal",
		Networks:    []string{"net"},
		Image:       func(image string) string { return "local/" + image },
		Secrets:     map[string]string{"arn:secret": "{}"},
		Environment: map[string]string{"AWS_ENDPOINT_URL": "http://aws"},
		Processors:  2,
		OpenFiles:   1 << 20,
	}
}

func definition(containers ...types.ContainerDefinition) types.TaskDefinition {
	return types.TaskDefinition{
		Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("512"), Memory: aws.String("1024"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ExecutionRoleArn:        aws.String("arn:role"),
		RuntimePlatform:         &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureArm64},
		ContainerDefinitions:    containers,
	}
}

// hardened returns a container like those of the stack.
func hardened() types.ContainerDefinition {
	return types.ContainerDefinition{
		Name: aws.String("web"), Image: aws.String("image:tag"), User: aws.String("1000:1000"),
		ReadonlyRootFilesystem: aws.Bool(true), StopTimeout: aws.Int32(60),
		LinuxParameters: &types.LinuxParameters{InitProcessEnabled: aws.Bool(true), Capabilities: &types.KernelCapabilities{Drop: []string{"ALL"}}},
		HealthCheck: &types.HealthCheck{
			Command: []string{"CMD-SHELL", "curl -f http://localhost:5000/health || exit 1"}, Interval: aws.Int32(30),
			Timeout: aws.Int32(10), StartPeriod: aws.Int32(5), Retries: aws.Int32(3),
		},
		PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(5000)}},
		Environment:  []types.KeyValuePair{{Name: aws.String("PORT"), Value: aws.String("5000")}},
		Secrets:      []types.Secret{{Name: aws.String("SECRET"), ValueFrom: aws.String("arn:secret")}},
	}
}

func TestHardenedContainer(t *testing.T) {
	containers, err := Containers(definition(hardened()), options())
	assert.NilError(t, err)
	assert.Equal(t, len(containers), 1)
	c := containers[0]
	assert.DeepEqual(t, c.Args, []string{
		"run", "--detach", "--name", "run-web", "--label", "rehearsal", "--network", "net",
		"--cpus", "0.5", "--memory", "1024m", "--memory-swap", "1024m", "--pids-limit", "512", "--ulimit", "nofile=65535:65535",
		"--platform", "linux/arm64", "--read-only", "--user", "1000:1000", "--init", "--cap-drop", "ALL",
		"--health-cmd", "curl -f http://localhost:5000/health || exit 1", "--health-interval", "30s", "--health-timeout", "10s",
		"--health-retries", "3", "--health-start-period", "30s", "--health-start-interval", "30s",
		"--env", "PORT=5000", "--env", "AWS_ENDPOINT_URL=http://aws", "--env", "SECRET", "--stop-timeout", "60", "local/image:tag",
	})
	assert.DeepEqual(t, c.Secrets, []string{"SECRET={}"})
	assert.DeepEqual(t, c.Ports, []int{5000})
	assert.Equal(t, c.StopSeconds, 60)
	assert.Check(t, c.HasHealthCheck)
}

// TestFirstProbe has the first health check after one interval, unless it is to come
// soon, whatever the image or the engine has for the start period.
func TestFirstProbe(t *testing.T) {
	for _, c := range []struct {
		start *int32
		soon  bool
		args  string
	}{
		{nil, false, "--health-start-period 30s --health-start-interval 30s"},
		{aws.Int32(5), false, "--health-start-period 30s --health-start-interval 30s"},
		{aws.Int32(30), false, "--health-start-period 30s --health-start-interval 30s"},
		{aws.Int32(45), false, "--health-start-period 60s --health-start-interval 30s"},
		{nil, true, "--health-start-period 30s --health-start-interval 30s"},
		{aws.Int32(5), true, "--health-start-period 5s --health-start-interval 1s"},
	} {
		with := options()
		with.ProbeSoon = c.soon
		web := hardened()
		web.HealthCheck.StartPeriod = c.start
		containers, err := Containers(definition(web), with)
		assert.NilError(t, err)
		assert.Check(t, cmp.Contains(strings.Join(containers[0].Args, " "), "--health-interval 30s --health-timeout 10s --health-retries 3 "+c.args))
	}
}

func TestSecondContainerSharesTheNetwork(t *testing.T) {
	d := definition(
		types.ContainerDefinition{Name: aws.String("web"), Image: aws.String("a")},
		types.ContainerDefinition{
			Name: aws.String("side"), Image: aws.String("b"), Memory: aws.Int32(256), MemoryReservation: aws.Int32(128), Cpu: 256,
			EntryPoint: []string{"sh", "-c"}, Command: []string{"true"}, WorkingDirectory: aws.String("/work"),
			MountPoints:  []types.MountPoint{{SourceVolume: aws.String("scratch"), ContainerPath: aws.String("/tmp"), ReadOnly: aws.Bool(true)}},
			HealthCheck:  &types.HealthCheck{Command: []string{"CMD", "test", "it's"}},
			PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(9000), Protocol: types.TransportProtocolUdp}},
			LinuxParameters: &types.LinuxParameters{
				Capabilities: &types.KernelCapabilities{Add: []string{"SYS_PTRACE"}},
			},
			Ulimits:        []types.Ulimit{{Name: types.UlimitNameNofile, SoftLimit: 1024, HardLimit: 4096}},
			SystemControls: []types.SystemControl{{Namespace: aws.String("net.core.somaxconn"), Value: aws.String("9")}},
			Interactive:    aws.Bool(true), PseudoTerminal: aws.Bool(true), DockerLabels: map[string]string{"a": "b"},
		},
	)
	d.Volumes = []types.Volume{{Name: aws.String("scratch")}}
	d.PidMode = types.PidModeTask
	d.RuntimePlatform = nil
	containers, err := Containers(d, options())
	assert.NilError(t, err)
	first, second := strings.Join(containers[0].Args, " "), strings.Join(containers[1].Args, " ")
	for _, part := range []string{
		"--no-healthcheck", "--stop-timeout 30", "--memory 1024m", "--platform linux/amd64",
	} {
		assert.Check(t, cmp.Contains(first, part), "the first container owns the task's network; ECS ignores the image's health check")
	}
	for _, part := range []string{
		"--network container:run-web", "--pid container:run-web", "--memory 256m", "--memory-reservation 128m", "--cpus 0.5 ", "--cpu-shares 256",
		"--entrypoint sh local/b -c true", "--workdir /work", "--ulimit nofile=1024:4096", "--sysctl net.core.somaxconn=9", "--interactive --tty --label a=b",
		"type=volume,source=run-scratch,target=/tmp,volume-nocopy,readonly", `--health-cmd 'test' 'it'\''s'`, "--cap-add SYS_PTRACE",
	} {
		assert.Check(t, cmp.Contains(second, part))
	}
	assert.Check(t, !strings.Contains(second, "--publish"))
}

// TestAnEngineWithFewerFiles gives what it has.
func TestAnEngineWithFewerFiles(t *testing.T) {
	few := options()
	few.OpenFiles = 20000
	containers, err := Containers(definition(hardened()), few)
	assert.NilError(t, err)
	assert.Check(t, cmp.Contains(strings.Join(containers[0].Args, " "), "--ulimit nofile=20000:20000"))
}

// TestContainersStartAfterThoseTheyDependOn starts the last of the definition first.
func TestContainersStartAfterThoseTheyDependOn(t *testing.T) {
	after := func(name string, on ...types.ContainerDependency) types.ContainerDefinition {
		return types.ContainerDefinition{Name: aws.String(name), Image: aws.String(name), DependsOn: on}
	}
	on := func(name string, condition types.ContainerCondition) types.ContainerDependency {
		return types.ContainerDependency{ContainerName: aws.String(name), Condition: condition}
	}
	base := after("base")
	base.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
	once := after("once", on("base", "START"))
	once.Essential = aws.Bool(false)
	containers, err := Containers(definition(after("web", on("once", "SUCCESS"), on("base", "HEALTHY")), after("other"), once, base), options())
	assert.NilError(t, err)
	var order []string
	for _, c := range containers {
		order = append(order, c.Name)
	}
	assert.DeepEqual(t, order, []string{"run-other", "run-base", "run-once", "run-web"})
	assert.DeepEqual(t, containers[3].After, []Dependency{{"run-once", "SUCCESS"}, {"run-base", "HEALTHY"}})
	assert.Check(t, cmp.Contains(strings.Join(containers[3].Args, " "), "--network container:run-other"))
}

// TestFaultsAreOneLineEach has every fault in a line of its own, also of what is missing
// where the task starts.
func TestFaultsAreOneLineEach(t *testing.T) {
	d := definition(types.ContainerDefinition{
		Name: aws.String("web"), Image: aws.String("a"), Privileged: aws.Bool(true),
		Secrets: []types.Secret{{Name: aws.String("S"), ValueFrom: aws.String("arn:unknown")}},
		LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
			"awslogs-group": "group", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web",
		}},
	})
	d.NetworkMode = types.NetworkModeBridge
	empty := options()
	empty.Image = func(string) string { return "" }
	_, err := Containers(d, empty)
	assert.Error(t, err, `task definition web: networkMode "bridge": use awsvpc, the only one of Fargate
task definition web: container web: privileged: leave it out: Fargate doesn't support it
task definition web: container web: secret S: "arn:unknown" has no value: write one, or correct valueFrom
task definition web: container web: image "a" isn't there: push it, or correct the reference`)
}
