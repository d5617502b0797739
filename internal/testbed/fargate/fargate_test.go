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
	}
}

func definition(containers ...types.ContainerDefinition) types.TaskDefinition {
	return types.TaskDefinition{
		Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("512"), Memory: aws.String("1024"),
		RuntimePlatform:      &types.RuntimePlatform{CpuArchitecture: types.CPUArchitectureX8664},
		ContainerDefinitions: containers,
	}
}

func TestHardenedContainer(t *testing.T) {
	containers, err := Containers(definition(types.ContainerDefinition{
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
	}), options())
	assert.NilError(t, err)
	assert.Equal(t, len(containers), 1)
	c := containers[0]
	assert.DeepEqual(t, c.Args, []string{
		"run", "--detach", "--name", "run-web", "--label", "rehearsal", "--network", "net", "--publish", "127.0.0.1:0:5000",
		"--cpus", "0.5", "--memory", "1024m", "--memory-swap", "1024m", "--pids-limit", "512",
		"--platform", "linux/amd64", "--security-opt", "no-new-privileges", "--read-only", "--user", "1000:1000", "--init", "--cap-drop", "ALL",
		"--health-cmd", "curl -f http://localhost:5000/health || exit 1", "--health-interval", "30s", "--health-timeout", "10s",
		"--health-retries", "3", "--health-start-period", "5s", "--health-start-interval", "1s",
		"--env", "PORT=5000", "--env", "AWS_ENDPOINT_URL=http://aws", "--env", "SECRET", "--stop-timeout", "60", "local/image:tag",
	})
	assert.DeepEqual(t, c.Secrets, []string{"SECRET={}"})
	assert.DeepEqual(t, c.Ports, []int{5000})
	assert.Equal(t, c.StopSeconds, 60)
	assert.Check(t, c.HasHealthCheck)
}

func TestSecondContainerSharesTheNetwork(t *testing.T) {
	containers, err := Containers(definition(
		types.ContainerDefinition{Name: aws.String("web"), Image: aws.String("a")},
		types.ContainerDefinition{
			Name: aws.String("side"), Image: aws.String("b"), Memory: aws.Int32(256), Cpu: 4096,
			EntryPoint: []string{"sh", "-c"}, Command: []string{"true"}, WorkingDirectory: aws.String("/work"),
			MountPoints:  []types.MountPoint{{SourceVolume: aws.String("scratch"), ContainerPath: aws.String("/tmp"), ReadOnly: aws.Bool(true)}},
			HealthCheck:  &types.HealthCheck{Command: []string{"CMD", "test", "it's"}},
			PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(9000)}},
			LinuxParameters: &types.LinuxParameters{
				Capabilities: &types.KernelCapabilities{Add: []string{"SYS_PTRACE"}},
			},
		},
	), options())
	assert.NilError(t, err)
	first, second := strings.Join(containers[0].Args, " "), strings.Join(containers[1].Args, " ")
	assert.Check(t, cmp.Contains(first, "--publish 127.0.0.1:0:9000"), "the first container owns the task's network")
	assert.Check(t, cmp.Contains(first, "--no-healthcheck"), "ECS ignores the image's own")
	assert.Check(t, cmp.Contains(first, "--stop-timeout 30"))
	for _, part := range []string{
		"--network container:run-web", "--memory 256m", "--cpus 2 ", "--entrypoint sh local/b -c true", "--workdir /work",
		"type=volume,source=run-scratch,target=/tmp,readonly", `--health-cmd 'test' 'it'\''s'`, "--cap-add SYS_PTRACE",
	} {
		assert.Check(t, cmp.Contains(second, part))
	}
	assert.Check(t, !strings.Contains(second, "--publish"))
}

func TestWhatFargateRefuses(t *testing.T) {
	d := types.TaskDefinition{Family: aws.String("web"), NetworkMode: types.NetworkModeBridge, Cpu: aws.String("512")}
	d.ContainerDefinitions = []types.ContainerDefinition{{
		Name: aws.String("web"), Image: aws.String("a"), Privileged: aws.Bool(true),
		LinuxParameters: &types.LinuxParameters{
			SharedMemorySize: aws.Int32(64), Devices: []types.Device{{}}, Tmpfs: []types.Tmpfs{{}},
			Capabilities: &types.KernelCapabilities{Add: []string{"NET_ADMIN"}},
		},
		Secrets: []types.Secret{{Name: aws.String("S"), ValueFrom: aws.String("arn:unknown")}},
	}}
	_, err := Containers(d, options())
	assert.Error(t, err, `task definition web: network mode "bridge": Fargate needs awsvpc
memory "": Fargate needs a number for the whole task
container web: privileged: Fargate refuses it
container web: linuxParameters.devices: Fargate refuses it
container web: linuxParameters.tmpfs: Fargate refuses it
container web: linuxParameters.sharedMemorySize: Fargate refuses it
container web: capability NET_ADMIN: Fargate refuses it
secret S: "arn:unknown" has no value`)

	_, err = Containers(definition(), options())
	assert.Error(t, err, "task definition web: no container")
}
