package fargate

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var (
	// resourceName is how a family, a container or a volume may be called.
	resourceName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	// portName is how a port mapping may be called.
	portName = regexp.MustCompile(`^[a-z0-9_-]{1,64}$`)
)

const nameCharacters = "use up to 255 letters, digits, underscores and hyphens"

// names are the rules of names, and of what refers to them.
//
// Source: ECS API reference, RegisterTaskDefinition, ContainerDefinition, Volume,
// PortMapping, MountPoint and Secret.
var names = []rule{
	{"family", nameCharacters, func(d types.TaskDefinition) []string {
		return where(!resourceName.MatchString(aws.ToString(d.Family)), "family %q", aws.ToString(d.Family))
	}},
	{"containerDefinitions", "define one", func(d types.TaskDefinition) []string {
		return where(len(d.ContainerDefinitions) == 0, "no container")
	}},
	{"container's name", nameCharacters, func(d types.TaskDefinition) []string {
		var found []string
		for _, c := range d.ContainerDefinitions {
			found = append(found, where(!resourceName.MatchString(aws.ToString(c.Name)), "container name %q", aws.ToString(c.Name))...)
		}
		return found
	}},
	{"containers' names", "give each container a name of its own", func(d types.TaskDefinition) []string {
		var all []string
		for _, c := range d.ContainerDefinitions {
			all = append(all, aws.ToString(c.Name))
		}
		return twice("container name", all)
	}},
	{"volume's name", nameCharacters, func(d types.TaskDefinition) []string {
		var found []string
		for _, name := range volumeNames(d) {
			found = append(found, where(!resourceName.MatchString(name), "volume name %q", name)...)
		}
		return found
	}},
	{"volumes' names", "give each volume a name of its own", func(d types.TaskDefinition) []string {
		return twice("volume name", volumeNames(d))
	}},
	{"sourceVolume", "name one of the task's volumes", func(d types.TaskDefinition) []string {
		known := volumeNames(d)
		return inEach(func(c types.ContainerDefinition) []string {
			var found []string
			for _, point := range c.MountPoints {
				name := aws.ToString(point.SourceVolume)
				found = append(found, where(!slices.Contains(known, name), "mountPoint of volume %q", name)...)
			}
			return found
		})(d)
	}},
	{"port mapping's name", "use up to 64 lower-case letters, digits, underscores and hyphens", inEach(func(c types.ContainerDefinition) []string {
		var found []string
		for _, m := range c.PortMappings {
			found = append(found, where(m.Name != nil && !portName.MatchString(*m.Name), "port mapping name %q", aws.ToString(m.Name))...)
		}
		return found
	})},
	{"image", "name one", inEach(func(c types.ContainerDefinition) []string {
		return where(aws.ToString(c.Image) == "", "no image")
	})},
	{"environment and secrets", "keep one: a secret's name is no other's", inEach(func(c types.ContainerDefinition) []string {
		var secrets []string
		for _, s := range c.Secrets {
			secrets = append(secrets, aws.ToString(s.Name))
		}
		found := twice("secret", secrets)
		for _, pair := range c.Environment {
			name := aws.ToString(pair.Name)
			found = append(found, where(slices.Contains(secrets, name), "%q is in environment and in secrets", name)...)
		}
		return found
	})},
}

func volumeNames(d types.TaskDefinition) []string {
	var found []string
	for _, v := range d.Volumes {
		found = append(found, aws.ToString(v.Name))
	}
	return found
}

// twice returns a fault for each name that comes again.
func twice(what string, names []string) []string {
	var found []string
	for i, name := range names {
		found = append(found, where(slices.Contains(names[:i], name), "%s %q twice", what, name)...)
	}
	return found
}
