package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/imagecontract"
)

// eachContainer makes a rule of what must hold of each container. A task definition
// whose containers can't be decided has one without anything.
func eachContainer(check func(container map[string]any) []Violation) func(cfn.Template) []Violation {
	return each(func(r cfn.Resource) []Violation {
		definitions := flat(r.Properties["ContainerDefinitions"])
		if len(definitions) == 0 {
			return fault("ContainerDefinitions", "not set: name the containers")
		}
		var found []Violation
		for i, definition := range definitions {
			container, isObject := definition.(map[string]any)
			name, named := container["Name"].(string)
			if !named {
				name = fmt.Sprint(i)
			}
			place := fmt.Sprintf("ContainerDefinitions[%s]", name)
			if !isObject {
				found = append(found, fault(place, show(definition)+" can't be decided: write the container")...)
				continue
			}
			found = append(found, below(place, check(container))...)
		}
		return found
	}, task)
}

// noHostNamespace also refuses a task's own: what one container does, another sees.
func noHostNamespace(r cfn.Resource) []Violation {
	found := slices.Concat(
		allows(r, "NetworkMode", "set awsvpc", "awsvpc", "bridge", "none"),
		allows(r, "PidMode", "remove it"),
		allows(r, "IpcMode", "remove it", "none"),
	)
	for i, volume := range flat(r.Properties["Volumes"]) {
		object, isObject := volume.(map[string]any)
		place := fmt.Sprintf("Volumes[%d]", i)
		if !isObject {
			found = append(found, fault(place, show(volume)+" can't be decided: write the volume")...)
		}
		host, isHost := object["Host"].(map[string]any)
		if object["Host"] != nil && !isHost || len(host) > 0 {
			found = append(found, fault(place+".Host", show(object["Host"])+": the host's files: remove it")...)
		}
		if object["DockerVolumeConfiguration"] != nil {
			found = append(found, fault(place+".DockerVolumeConfiguration", "a driver of the host: remove it")...)
		}
	}
	return found
}

func unprivileged(c map[string]any) []Violation {
	found := allowsIn(c, "Privileged", "remove it", "false")
	for i, option := range flat(c["DockerSecurityOptions"]) {
		if !is(option, "no-new-privileges", "no-new-privileges:true") {
			found = append(found, fault(fmt.Sprintf("DockerSecurityOptions[%d]", i), show(option)+": remove it")...)
		}
	}
	return found
}

func isReadOnly(c map[string]any) []Violation {
	return wantsIn(c, "ReadonlyRootFilesystem", "set true", "true")
}

// logs demands one of the drivers that Fargate has.
//
// Source: ECS API reference, LogConfiguration.
func logs(c map[string]any) []Violation {
	return wantsIn(c, "LogConfiguration.LogDriver", "name a driver, such as awslogs", "awslogs", "awsfirelens", "splunk")
}

func hasInsights(r cfn.Resource) []Violation {
	var settings []any
	for _, setting := range flat(r.Properties["ClusterSettings"]) {
		if is(cfn.At(setting, "Name"), "containerInsights") || !isNamed(cfn.At(setting, "Name")) {
			settings = append(settings, cfn.At(setting, "Value"))
		}
	}
	if len(settings) == 1 && is(settings[0], "enabled", "enhanced") {
		return nil
	}
	return fault("ClusterSettings", "no containerInsights: set it to enabled or enhanced")
}

// numberedUser is a user ID other than 0, with a group ID or without.
var numberedUser = regexp.MustCompile(`^[1-9][0-9]*(:[0-9]+)?$`)

func isNumberedUser(container map[string]any) []Violation {
	if user, _ := cfn.Scalar(container["User"]); numberedUser.MatchString(user) {
		return nil
	}
	return fault("User", show(container["User"])+": name a user by number, such as 1000:1000")
}

func hasNoCapabilities(container map[string]any) []Violation {
	parameters := container["LinuxParameters"]
	var found []Violation
	dropped := cfn.At(parameters, "Capabilities", "Drop")
	if !slices.ContainsFunc(flat(dropped), func(name any) bool { return is(name, "ALL") }) {
		found = append(found, fault("LinuxParameters.Capabilities.Drop", show(dropped)+": drop ALL")...)
	}
	for _, property := range []string{"Capabilities.Add", "Devices"} {
		if added := flat(cfn.At(parameters, strings.Split(property, ".")...)); len(added) > 0 {
			found = append(found, fault("LinuxParameters."+property, show(added)+": remove it")...)
		}
	}
	return found
}

func hasHealthCheck(c map[string]any) []Violation {
	command := flat(cfn.At(c, "HealthCheck", "Command"))
	remedy := ": ECS ignores the image's own: repeat it"
	if len(command) < 2 || !is(command[0], "CMD", "CMD-SHELL") {
		return fault("HealthCheck.Command", show(cfn.At(c, "HealthCheck", "Command"))+remedy)
	}
	var words []string
	for _, word := range command {
		if text, isScalar := cfn.Scalar(word); isScalar && !cfn.IsUndecided(text) {
			words = append(words, text)
		}
	}
	if len(words) < len(command) || !imagecontract.CanFail(words) {
		return fault("HealthCheck.Command", show(command)+" can't fail"+remedy)
	}
	return nil
}

// targetsChecked demands that a target group asks its targets, and that an error isn't
// healthy.
func targetsChecked(r cfn.Resource) []Violation {
	found := allows(r, "HealthCheckEnabled", "remove it", "true")
	codes, _ := cfn.Scalar(cfn.At(r.Properties, "Matcher", "HttpCode"))
	if strings.ContainsAny(codes, "45\uE002") && !regexp.MustCompile(`^([23]\d\d)([-,][23]\d\d)*$`).MatchString(codes) {
		found = append(found, fault("Matcher.HttpCode", show(codes)+": an error is no health: take 200")...)
	}
	return found
}

// takenBack demands that ECS deploys by itself, stops at a failure and goes back.
func takenBack(r cfn.Resource) []Violation {
	const breaker = "DeploymentConfiguration.DeploymentCircuitBreaker."
	found := slices.Concat(
		wants(r, breaker+"Enable", "set true", "true"),
		wants(r, breaker+"Rollback", "set true, and Enable", "true"),
		allows(r, "DeploymentController.Type", "remove it", "ECS"),
	)
	if alarms := cfn.At(r.Properties, "DeploymentConfiguration", "Alarms"); alarms != nil {
		for _, property := range []string{"Enable", "Rollback"} {
			found = append(found, below("DeploymentConfiguration.Alarms", wantsIn(alarms, property, "set true", "true"))...)
		}
	}
	least := cfn.At(r.Properties, "DeploymentConfiguration", "MinimumHealthyPercent")
	if least != nil && !isAtLeast(least, 100) {
		found = append(found, fault("DeploymentConfiguration.MinimumHealthyPercent", show(least)+": a deployment takes tasks away before others run: set 100")...)
	}
	return found
}

// ownImage matches images in the account's own registry: by digest, or by a tag of
// CDK's repository for assets, whose tags can't change and are hashes of the content.
//
// Source: the CDK CLI's bootstrap template, ContainerAssetsRepository.
var ownImage = regexp.MustCompile("^(" + ownRegistry + "|\uE000[A-Za-z0-9]+\\.RepositoryUri\uE001)(/[^@]*)?@sha256:[0-9a-f]{64}$" +
	"|^" + ownRegistry + "/cdk-[a-z0-9]+-container-assets-[^/@]+:[0-9A-Za-z_]+$")

const ownRegistry = "\uE000AWS::AccountId\uE001\\.dkr\\.ecr\\.[^/.]+\\.(\uE000AWS::URLSuffix\uE001|amazonaws\\.[a-z.]+)"

func hasOwnImage(c map[string]any) []Violation {
	image, _ := cfn.Scalar(c["Image"])
	if ownImage.MatchString(image) && !cfn.IsUndecided(image) {
		return nil
	}
	return fault("Image", show(c["Image"])+": take an image of this account by its digest")
}
