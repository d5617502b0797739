package fargate

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// web and side return the first and the second container of the definition of a test.
func web(change func(*types.ContainerDefinition)) func(*types.TaskDefinition) {
	return func(d *types.TaskDefinition) { change(&d.ContainerDefinitions[0]) }
}

func side(change func(*types.ContainerDefinition)) func(*types.TaskDefinition) {
	return func(d *types.TaskDefinition) { change(&d.ContainerDefinitions[1]) }
}

// dependsOn has the second container depend on the first, or on another.
func dependsOn(name string, condition types.ContainerCondition) func(*types.TaskDefinition) {
	return side(func(c *types.ContainerDefinition) {
		c.DependsOn = []types.ContainerDependency{{ContainerName: aws.String(name), Condition: condition}}
	})
}

func linux(change func(*types.LinuxParameters)) func(*types.TaskDefinition) {
	return web(func(c *types.ContainerDefinition) {
		c.LinuxParameters = &types.LinuxParameters{}
		change(c.LinuxParameters)
	})
}

func health(change func(*types.HealthCheck)) func(*types.TaskDefinition) {
	return web(func(c *types.ContainerDefinition) {
		c.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "true"}}
		change(c.HealthCheck)
	})
}

func logOption(name, value string) func(*types.TaskDefinition) {
	return web(func(c *types.ContainerDefinition) { c.LogConfiguration.Options[name] = value })
}

func volume(v types.Volume) func(*types.TaskDefinition) {
	v.Name = aws.String("data")
	return func(d *types.TaskDefinition) { d.Volumes = []types.Volume{v} }
}

func mapping(m types.PortMapping) func(*types.TaskDefinition) {
	return side(func(c *types.ContainerDefinition) { c.PortMappings = []types.PortMapping{m} })
}

func named(names ...string) []types.Volume {
	var found []types.Volume
	for _, name := range names {
		found = append(found, types.Volume{Name: aws.String(name)})
	}
	return found
}

// broke is a definition that breaks one rule, and the start of the fault's line.
type broke struct {
	change func(*types.TaskDefinition)
	fault  string
}

// cases are definitions that break a rule and no other, by the rule's name.
var cases = map[string][]broke{
	"requiresCompatibilities": {{func(d *types.TaskDefinition) { d.RequiresCompatibilities = []types.Compatibility{"EC2"} }, `requiresCompatibilities ["EC2"]: add FARGATE`}},
	"networkMode":             {{func(d *types.TaskDefinition) { d.NetworkMode = types.NetworkModeBridge }, `networkMode "bridge": use awsvpc`}},
	"ipcMode":                 {{func(d *types.TaskDefinition) { d.IpcMode = types.IpcModeTask }, `ipcMode "task": leave it out`}},
	"pidMode":                 {{func(d *types.TaskDefinition) { d.PidMode = types.PidModeHost }, `pidMode "host": leave it out, or use "task"`}},
	"placementConstraints": {{func(d *types.TaskDefinition) {
		d.PlacementConstraints = []types.TaskDefinitionPlacementConstraint{{}}
	}, "placementConstraints: "}},
	"inferenceAccelerators": {{func(d *types.TaskDefinition) {
		//lint:ignore SA1019 a definition may still name them
		d.InferenceAccelerators = []types.InferenceAccelerator{{}}
	}, "inferenceAccelerators: "}},
	"resourceRequirements": {{web(func(c *types.ContainerDefinition) {
		c.ResourceRequirements = []types.ResourceRequirement{{Type: types.ResourceTypeGpu, Value: aws.String("1")}}
	}), "container web: resourceRequirements: "}},
	"proxyConfiguration": {{func(d *types.TaskDefinition) {
		d.ProxyConfiguration = &types.ProxyConfiguration{Type: "APPMESH", ContainerName: aws.String("envoy")}
	}, `proxyConfiguration of type "APPMESH" with container "envoy": `}},
	"volumes": {
		{volume(types.Volume{Host: &types.HostVolumeProperties{SourcePath: aws.String("/")}}), "volume data: host.sourcePath: "},
		{volume(types.Volume{DockerVolumeConfiguration: &types.DockerVolumeConfiguration{}}), "volume data: dockerVolumeConfiguration: "},
		{volume(types.Volume{FsxWindowsFileServerVolumeConfiguration: &types.FSxWindowsFileServerVolumeConfiguration{}}), "volume data: fsxWindows"},
	},
	"privileged": {{web(func(c *types.ContainerDefinition) { c.Privileged = aws.Bool(true) }), "container web: privileged: "}},
	"container parameters": {
		{web(func(c *types.ContainerDefinition) { c.DisableNetworking = aws.Bool(true) }), "container web: disableNetworking: "},
		{web(func(c *types.ContainerDefinition) { c.DnsSearchDomains = []string{"x"} }), "container web: dnsSearchDomains: "},
		{web(func(c *types.ContainerDefinition) { c.DnsServers = []string{"x"} }), "container web: dnsServers: "},
		{web(func(c *types.ContainerDefinition) { c.DockerSecurityOptions = []string{"no-new-privileges"} }), "container web: dockerSecurityOptions: "},
		{web(func(c *types.ContainerDefinition) { c.ExtraHosts = []types.HostEntry{{}} }), "container web: extraHosts: "},
		{web(func(c *types.ContainerDefinition) { c.Hostname = aws.String("x") }), "container web: hostname: "},
		{web(func(c *types.ContainerDefinition) { c.Links = []string{"x"} }), "container web: links: "},
	},
	"linuxParameters": {
		{linux(func(l *types.LinuxParameters) { l.Devices = []types.Device{{}} }), "container web: linuxParameters.devices: "},
		{linux(func(l *types.LinuxParameters) { l.MaxSwap = aws.Int32(1) }), "container web: linuxParameters.maxSwap: "},
		{linux(func(l *types.LinuxParameters) { l.SharedMemorySize = aws.Int32(1) }), "container web: linuxParameters.sharedMemorySize: "},
		{linux(func(l *types.LinuxParameters) { l.Swappiness = aws.Int32(1) }), "container web: linuxParameters.swappiness: "},
		{linux(func(l *types.LinuxParameters) { l.Tmpfs = []types.Tmpfs{{}} }), "container web: linuxParameters.tmpfs: "},
	},
	"capabilities": {{linux(func(l *types.LinuxParameters) {
		l.Capabilities = &types.KernelCapabilities{Add: []string{"SYS_PTRACE", "NET_ADMIN"}}
	}), `container web: linuxParameters.capabilities.add "NET_ADMIN": `}},
	"ulimits": {{web(func(c *types.ContainerDefinition) { c.Ulimits = []types.Ulimit{{Name: "nofile"}, {Name: "memlock"}} }), `container web: ulimit "memlock": `}},
	"systemControls": {{web(func(c *types.ContainerDefinition) {
		c.SystemControls = []types.SystemControl{{Namespace: aws.String("net.core.somaxconn")}, {Namespace: aws.String("kernel.msgmax")}, {Namespace: aws.String("vm.swappiness")}}
	}), `container web: systemControl "vm.swappiness": `}},
	"cpu and memory": {
		{func(d *types.TaskDefinition) { d.Cpu = nil }, `cpu "" with memory "2048": take a pair of Fargate's: 256 with 512 to 2048 MiB, `},
		{func(d *types.TaskDefinition) { d.Memory = nil }, `cpu "1024" with memory "": `},
		{func(d *types.TaskDefinition) { d.Cpu = aws.String("300") }, `cpu "300" with memory "2048": `},
		{func(d *types.TaskDefinition) { d.Memory = aws.String("2560") }, `cpu "1024" with memory "2560": `},
		{func(d *types.TaskDefinition) { d.Cpu, d.Memory = aws.String("16384"), aws.String("36864") }, `cpu "16384" with memory "36864": `},
	},
	"cpu of containers": {{web(func(c *types.ContainerDefinition) { c.Cpu = 1025 }), "cpu: 1025 units in all containers, 1024 in the task: "}},
	"memory of containers": {{func(d *types.TaskDefinition) {
		d.ContainerDefinitions[0].Memory, d.ContainerDefinitions[1].MemoryReservation = aws.Int32(2000), aws.Int32(49)
	}, "memory: 2049 MiB in all containers, 2048 in the task: "}},
	"memory of a container": {
		{web(func(c *types.ContainerDefinition) { c.Memory = aws.Int32(5) }), "container web: memory 5: "},
		{web(func(c *types.ContainerDefinition) { c.MemoryReservation = aws.Int32(5) }), "container web: memoryReservation 5: "},
	},
	"memoryReservation": {{web(func(c *types.ContainerDefinition) { c.Memory, c.MemoryReservation = aws.Int32(64), aws.Int32(64) }),
		"container web: memoryReservation 64 with memory 64: "}},
	"ephemeralStorage": {
		{func(d *types.TaskDefinition) { d.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 20} }, "ephemeralStorage 20: take 21 to 200 GiB"},
		{func(d *types.TaskDefinition) { d.EphemeralStorage = &types.EphemeralStorage{SizeInGiB: 201} }, "ephemeralStorage 201: "},
	},
	"stopTimeout": {
		{web(func(c *types.ContainerDefinition) { c.StopTimeout = aws.Int32(1) }), "container web: stopTimeout 1 isn't from 2 to 120: "},
		{web(func(c *types.ContainerDefinition) { c.StopTimeout = aws.Int32(121) }), "container web: stopTimeout 121 isn't"},
	},
	"startTimeout": {{web(func(c *types.ContainerDefinition) { c.StartTimeout = aws.Int32(121) }), "container web: startTimeout 121 isn't"}},
	"health check's figures": {
		{health(func(h *types.HealthCheck) { h.Interval = aws.Int32(4) }), "container web: healthCheck.interval 4 isn't from 5 to 300: "},
		{health(func(h *types.HealthCheck) { h.Interval = aws.Int32(301) }), "container web: healthCheck.interval 301 isn't"},
		{health(func(h *types.HealthCheck) { h.Timeout = aws.Int32(1) }), "container web: healthCheck.timeout 1 isn't from 2 to 60: "},
		{health(func(h *types.HealthCheck) { h.Timeout = aws.Int32(61) }), "container web: healthCheck.timeout 61 isn't"},
		{health(func(h *types.HealthCheck) { h.Retries = aws.Int32(0) }), "container web: healthCheck.retries 0 isn't from 1 to 10: "},
		{health(func(h *types.HealthCheck) { h.Retries = aws.Int32(11) }), "container web: healthCheck.retries 11 isn't"},
		{health(func(h *types.HealthCheck) { h.StartPeriod = aws.Int32(301) }), "container web: healthCheck.startPeriod 301 isn't from 0 to 300: "},
	},
	"health check's command": {
		{health(func(h *types.HealthCheck) { h.Command = nil }), `container web: healthCheck.command []: begin with CMD or CMD-SHELL`},
		{health(func(h *types.HealthCheck) { h.Command = []string{"curl", "x"} }), `container web: healthCheck.command ["curl" "x"]: `},
		{health(func(h *types.HealthCheck) { h.Command = []string{"CMD-SHELL"} }), `container web: healthCheck.command ["CMD-SHELL"]: `},
	},
	"hostPort": {{mapping(types.PortMapping{ContainerPort: aws.Int32(80), HostPort: aws.Int32(81)}), "container side: hostPort 81 with containerPort 80: "}},
	"containerPort": {
		{mapping(types.PortMapping{ContainerPort: aws.Int32(5000)}), "containerPort 5000 twice: "},
		{mapping(types.PortMapping{ContainerPort: aws.Int32(65536)}), "containerPort 65536 isn't from 1 to 65535: "},
	},
	"protocol":             {{mapping(types.PortMapping{ContainerPort: aws.Int32(80), Protocol: "TCP"}), `container side: protocol "TCP": `}},
	"family":               {{func(d *types.TaskDefinition) { d.Family = aws.String("a b") }, `family "a b": `}},
	"containerDefinitions": {{func(d *types.TaskDefinition) { d.ContainerDefinitions = nil }, "no container: "}},
	"container's name":     {{web(func(c *types.ContainerDefinition) { c.Name = aws.String("a.b") }), `container name "a.b": `}},
	"containers' names":    {{side(func(c *types.ContainerDefinition) { c.Name = aws.String("web") }), `container name "web" twice: `}},
	"volume's name":        {{func(d *types.TaskDefinition) { d.Volumes = named("a.b") }, `volume name "a.b": `}},
	"volumes' names":       {{func(d *types.TaskDefinition) { d.Volumes = named("a", "a") }, `volume name "a" twice: `}},
	"sourceVolume": {{web(func(c *types.ContainerDefinition) {
		c.MountPoints = []types.MountPoint{{SourceVolume: aws.String("x")}}
	}),
		`container web: mountPoint of volume "x": `}},
	"port mapping's name": {{mapping(types.PortMapping{ContainerPort: aws.Int32(80), Name: aws.String("Web")}), `container side: port mapping name "Web": `}},
	"image":               {{web(func(c *types.ContainerDefinition) { c.Image = nil }), "container web: no image: "}},
	"environment and secrets": {
		{web(func(c *types.ContainerDefinition) { c.Environment = []types.KeyValuePair{{Name: aws.String("SECRET")}} }),
			`container web: "SECRET" is in environment and in secrets: `},
		{web(func(c *types.ContainerDefinition) { c.Secrets = append(c.Secrets, c.Secrets[0]) }), `container web: secret "SECRET" twice: `},
	},
	"executionRoleArn": {
		{func(d *types.TaskDefinition) {
			d.ExecutionRoleArn, d.ContainerDefinitions[0].LogConfiguration = nil, nil
		}, "container web: secrets without an execution role: set executionRoleArn"},
		{func(d *types.TaskDefinition) {
			d.ExecutionRoleArn, d.ContainerDefinitions[0].Secrets = nil, nil
		}, "container web: log driver awslogs without an execution role: "},
		{func(d *types.TaskDefinition) {
			d.ExecutionRoleArn, d.ContainerDefinitions[0].Secrets, d.ContainerDefinitions[0].LogConfiguration = nil, nil, nil
			d.ContainerDefinitions[1].Image = aws.String("1.dkr.ecr.us-east-1.amazonaws.com/a:b")
		}, "container side: an image of ECR without an execution role: "},
	},
	"logDriver": {{web(func(c *types.ContainerDefinition) { c.LogConfiguration.LogDriver = "json-file" }), `container web: log driver "json-file": use awslogs`}},
	"awslogs options": {
		{logOption("awslogs-group", ""), "container web: log option awslogs-group is missing: "},
		{logOption("awslogs-region", ""), "container web: log option awslogs-region is missing: "},
		{logOption("awslogs-stream-prefix", ""), "container web: log option awslogs-stream-prefix is missing: "},
	},
	"log mode": {{logOption("mode", "quick"), `container web: log option mode "quick": `}},
	"essential": {{func(d *types.TaskDefinition) {
		d.ContainerDefinitions[0].Essential, d.ContainerDefinitions[1].Essential = aws.Bool(false), aws.Bool(false)
	}, "no container is essential: "}},
	"dependsOn": {
		{dependsOn("nobody", "START"), `container side: dependsOn "nobody": no such container: `},
		{dependsOn("web", "READY"), `container side: dependsOn "web": condition "READY": `},
		{dependsOn("web", "HEALTHY"), `container side: dependsOn "web": HEALTHY, and it has no health check: `},
		{dependsOn("web", "SUCCESS"), `container side: dependsOn "web": SUCCESS, and it is essential: `},
	},
	"circle of dependsOn": {
		{dependsOn("side", "START"), "dependsOn goes round: side: take one of them out"},
		{func(d *types.TaskDefinition) {
			dependsOn("web", "START")(d)
			d.ContainerDefinitions[0].DependsOn = []types.ContainerDependency{{ContainerName: aws.String("side"), Condition: "START"}}
		}, "dependsOn goes round: web, side: "},
	},
	"limitations of the task": {
		{func(d *types.TaskDefinition) { d.RuntimePlatform.OperatingSystemFamily = "WINDOWS_SERVER_2022_CORE" }, `operatingSystemFamily "WINDOWS_SERVER_2022_CORE": Fargate takes it`},
		{volume(types.Volume{EfsVolumeConfiguration: &types.EFSVolumeConfiguration{}}), "volume data: of EFS, S3 or EBS: "},
		{func(d *types.TaskDefinition) {
			d.ProxyConfiguration = &types.ProxyConfiguration{Type: "APPMESH", ContainerName: aws.String("side")}
		}, "proxyConfiguration: "},
	},
	"limitations of containers": {
		{web(func(c *types.ContainerDefinition) { c.CredentialSpecs = []string{"x"} }), "container web: credentialSpecs: "},
		{web(func(c *types.ContainerDefinition) { c.EnvironmentFiles = []types.EnvironmentFile{{}} }), "container web: environmentFiles: "},
		{web(func(c *types.ContainerDefinition) { c.FirelensConfiguration = &types.FirelensConfiguration{} }), "container web: firelensConfiguration: "},
		{web(func(c *types.ContainerDefinition) { c.RepositoryCredentials = &types.RepositoryCredentials{} }), "container web: repositoryCredentials: "},
		{web(func(c *types.ContainerDefinition) {
			c.RestartPolicy = &types.ContainerRestartPolicy{Enabled: aws.Bool(true)}
		}), "container web: restartPolicy: "},
		{web(func(c *types.ContainerDefinition) { c.VolumesFrom = []types.VolumeFrom{{}} }), "container web: volumesFrom: "},
		{mapping(types.PortMapping{ContainerPortRange: aws.String("1-2")}), "container side: containerPortRange: "},
	},
	"limitations of dependsOn": {{func(d *types.TaskDefinition) {
		dependsOn("web", "COMPLETE")(d)
		d.ContainerDefinitions[0].Essential = aws.Bool(false)
	}, `container side: dependsOn "web": COMPLETE of the container that starts first: `}},
}
