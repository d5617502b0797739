package fargate

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const notHere = "Fargate takes it, this package doesn't run it yet: teach it in internal/testbed/fargate, or leave it out"

// limitations are what Fargate has and this package doesn't: a definition with one of
// them would run as another task than the one of Fargate, so it doesn't run.
var limitations = []rule{
	{"limitations of the task", notHere, func(d types.TaskDefinition) []string {
		var found []string
		if p := d.RuntimePlatform; p != nil {
			found = where(p.OperatingSystemFamily != "" && p.OperatingSystemFamily != types.OSFamilyLinux, "operatingSystemFamily %q", p.OperatingSystemFamily)
		}
		for _, v := range d.Volumes {
			elsewhere := v.EfsVolumeConfiguration != nil || v.S3filesVolumeConfiguration != nil || aws.ToBool(v.ConfiguredAtLaunch)
			found = append(found, where(elsewhere, "volume %s: of EFS, S3 or EBS", aws.ToString(v.Name))...)
		}
		return append(found, where(d.ProxyConfiguration != nil && proxies(d), "proxyConfiguration")...)
	}},
	{"limitations of containers", notHere, inEach(func(c types.ContainerDefinition) []string {
		ranged := slices.ContainsFunc(c.PortMappings, func(m types.PortMapping) bool { return m.ContainerPortRange != nil })
		return slices.Concat(
			where(len(c.CredentialSpecs) > 0, "credentialSpecs"),
			where(len(c.EnvironmentFiles) > 0, "environmentFiles"),
			where(c.FirelensConfiguration != nil, "firelensConfiguration"),
			where(c.RepositoryCredentials != nil, "repositoryCredentials"),
			where(c.RestartPolicy != nil && aws.ToBool(c.RestartPolicy.Enabled), "restartPolicy"),
			where(len(c.VolumesFrom) > 0, "volumesFrom"),
			where(ranged, "containerPortRange"),
		)
	})},
	// The first container owns the network of the task, and takes it along.
	{"limitations of dependsOn", notHere, func(d types.TaskDefinition) []string {
		ordered, _ := startOrder(d.ContainerDefinitions)
		return inEach(func(c types.ContainerDefinition) []string {
			var found []string
			for _, dependency := range c.DependsOn {
				name := aws.ToString(dependency.ContainerName)
				first := len(ordered) > 0 && aws.ToString(ordered[0].Name) == name && !isEssential(ordered[0])
				found = append(found, where(first && awaitsEnd(dependency), "dependsOn %q: %s of the container that starts first", name, dependency.Condition)...)
			}
			return found
		})(d)
	}},
}
