package fargate

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	leaveOut = "leave it out: Fargate doesn't support it"
	// grantable is the one capability that a container on Fargate can be given.
	grantable = "SYS_PTRACE"
)

// ipcControls are the kernel parameters of a container's IPC namespace that can be set,
// beside those that begin with fs.mqueue.
var ipcControls = []string{
	"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
	"kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
}

// unsupported are the parameters that Fargate doesn't have, or has in part.
//
// Source: ECS developer guide, "Amazon ECS task definition differences for Fargate",
// and, where a rule says so, the ECS API reference.
var unsupported = []rule{
	{"requiresCompatibilities", "add FARGATE: only then does ECS hold the definition against its rules", func(d types.TaskDefinition) []string {
		return where(!slices.Contains(d.RequiresCompatibilities, types.CompatibilityFargate), "requiresCompatibilities %q", d.RequiresCompatibilities)
	}},
	{"networkMode", "use awsvpc, the only one of Fargate", func(d types.TaskDefinition) []string {
		return where(d.NetworkMode != types.NetworkModeAwsvpc, "networkMode %q", d.NetworkMode)
	}},
	{"ipcMode", leaveOut, func(d types.TaskDefinition) []string {
		return where(d.IpcMode != "", "ipcMode %q", d.IpcMode)
	}},
	// API reference, RegisterTaskDefinition, pidMode.
	{"pidMode", `leave it out, or use "task"`, func(d types.TaskDefinition) []string {
		return where(d.PidMode != "" && d.PidMode != types.PidModeTask, "pidMode %q", d.PidMode)
	}},
	{"placementConstraints", leaveOut, func(d types.TaskDefinition) []string {
		return where(len(d.PlacementConstraints) > 0, "placementConstraints")
	}},
	// A GPU is named in resourceRequirements, as is an accelerator of Elastic Inference.
	{"inferenceAccelerators", leaveOut, func(d types.TaskDefinition) []string {
		//lint:ignore SA1019 AWS has given them up, and a definition may still name them
		return where(len(d.InferenceAccelerators) > 0, "inferenceAccelerators")
	}},
	{"resourceRequirements", leaveOut, inEach(func(c types.ContainerDefinition) []string {
		return where(len(c.ResourceRequirements) > 0, "resourceRequirements")
	})},
	// API reference, ProxyConfiguration.
	{"proxyConfiguration", "use type APPMESH with a container of the task", func(d types.TaskDefinition) []string {
		if d.ProxyConfiguration == nil || proxies(d) {
			return nil
		}
		return where(true, "proxyConfiguration of type %q with container %q", d.ProxyConfiguration.Type, aws.ToString(d.ProxyConfiguration.ContainerName))
	}},
	// API reference, HostVolumeProperties, Volume.
	{"volumes", "keep its name alone: on Fargate, a volume is the task's own", func(d types.TaskDefinition) []string {
		var found []string
		for _, v := range d.Volumes {
			name := aws.ToString(v.Name)
			found = append(found, where(v.Host != nil && v.Host.SourcePath != nil, "volume %s: host.sourcePath", name)...)
			found = append(found, where(v.DockerVolumeConfiguration != nil, "volume %s: dockerVolumeConfiguration", name)...)
			found = append(found, where(v.FsxWindowsFileServerVolumeConfiguration != nil, "volume %s: fsxWindowsFileServerVolumeConfiguration", name)...)
		}
		return found
	}},
	{"privileged", leaveOut, inEach(func(c types.ContainerDefinition) []string {
		return where(aws.ToBool(c.Privileged), "privileged")
	})},
	// hostname: API reference, ContainerDefinition.
	{"container parameters", leaveOut, inEach(func(c types.ContainerDefinition) []string {
		return slices.Concat(
			where(aws.ToBool(c.DisableNetworking), "disableNetworking"),
			where(len(c.DnsSearchDomains) > 0, "dnsSearchDomains"),
			where(len(c.DnsServers) > 0, "dnsServers"),
			where(len(c.DockerSecurityOptions) > 0, "dockerSecurityOptions"),
			where(len(c.ExtraHosts) > 0, "extraHosts"),
			where(c.Hostname != nil, "hostname"),
			where(len(c.Links) > 0, "links"),
		)
	})},
	{"linuxParameters", leaveOut, inEach(func(c types.ContainerDefinition) []string {
		linux := c.LinuxParameters
		if linux == nil {
			return nil
		}
		return slices.Concat(
			where(len(linux.Devices) > 0, "linuxParameters.devices"),
			where(linux.MaxSwap != nil, "linuxParameters.maxSwap"),
			where(linux.SharedMemorySize != nil, "linuxParameters.sharedMemorySize"),
			where(linux.Swappiness != nil, "linuxParameters.swappiness"),
			where(len(linux.Tmpfs) > 0, "linuxParameters.tmpfs"),
		)
	})},
	{"capabilities", "leave it out: " + grantable + " is the only one that Fargate adds", inEach(func(c types.ContainerDefinition) []string {
		var found []string
		if linux := c.LinuxParameters; linux != nil && linux.Capabilities != nil {
			for _, capability := range linux.Capabilities.Add {
				found = append(found, where(capability != grantable, "linuxParameters.capabilities.add %q", capability)...)
			}
		}
		return found
	})},
	// API reference, Ulimit.
	{"ulimits", "leave it out: nofile is the only one that Fargate overrides", inEach(func(c types.ContainerDefinition) []string {
		var found []string
		for _, limit := range c.Ulimits {
			found = append(found, where(limit.Name != types.UlimitNameNofile, "ulimit %q", limit.Name)...)
		}
		return found
	})},
	// API reference, SystemControl.
	{"systemControls", "leave it out: only net.*, fs.mqueue.* and those of the IPC namespace can be set", inEach(func(c types.ContainerDefinition) []string {
		var found []string
		for _, control := range c.SystemControls {
			name := aws.ToString(control.Namespace)
			allowed := strings.HasPrefix(name, "net.") || strings.HasPrefix(name, "fs.mqueue.") || slices.Contains(ipcControls, name)
			found = append(found, where(!allowed, "systemControl %q", name)...)
		}
		return found
	})},
}

// proxies says whether a definition's proxy is of the one type that there is, and a
// container of the task.
func proxies(d types.TaskDefinition) bool {
	return d.ProxyConfiguration.Type == types.ProxyConfigurationTypeAppmesh &&
		slices.ContainsFunc(d.ContainerDefinitions, func(c types.ContainerDefinition) bool {
			return aws.ToString(c.Name) == aws.ToString(d.ProxyConfiguration.ContainerName)
		})
}
