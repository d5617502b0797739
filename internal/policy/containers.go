package policy

import (
	"fmt"
	"regexp"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/secrets"
)

// eachContainer makes a rule of what must hold of each container.
func eachContainer(check func(container map[string]any) []Violation) func(cfn.Template) []Violation {
	return each(task, func(r cfn.Resource) []Violation {
		var found []Violation
		for i, definition := range cfn.List(r.Properties["ContainerDefinitions"]) {
			container, _ := definition.(map[string]any)
			name, named := container["Name"].(string)
			if !named {
				name = fmt.Sprint(i)
			}
			for _, v := range check(container) {
				v.Property = fmt.Sprintf("ContainerDefinitions[%s].%s", name, v.Property)
				found = append(found, v)
			}
		}
		return found
	})
}

func noHostNamespace(r cfn.Resource) []Violation {
	var found []Violation
	for _, property := range []string{"NetworkMode", "PidMode", "IpcMode"} {
		if r.Properties[property] == "host" {
			found = append(found, fault(property, `"host": remove it`)...)
		}
	}
	return found
}

func noSecretInEnvironment(container map[string]any) []Violation {
	var found []Violation
	for _, variable := range cfn.List(container["Environment"]) {
		name, _ := cfn.At(variable, "Name").(string)
		if secrets.Named(name) {
			found = append(found, fault("Environment["+name+"]", "readable by whoever may describe the task: make it one of Secrets")...)
		}
	}
	return found
}

func hasInsights(r cfn.Resource) []Violation {
	for _, setting := range cfn.List(r.Properties["ClusterSettings"]) {
		if value := cfn.At(setting, "Value"); cfn.At(setting, "Name") == "containerInsights" && (value == "enabled" || value == "enhanced") {
			return nil
		}
	}
	return fault("ClusterSettings", "no containerInsights: set it to enabled or enhanced")
}

// numberedUser is a user ID other than 0, with a group ID or without.
var numberedUser = regexp.MustCompile(`^[1-9][0-9]*(:[0-9]+)?$`)

func isNumberedUser(container map[string]any) []Violation {
	user, _ := container["User"].(string)
	if numberedUser.MatchString(user) {
		return nil
	}
	return fault("User", show(container["User"])+": name a user by number, such as 1000:1000")
}

func hasNoCapabilities(container map[string]any) []Violation {
	capabilities := cfn.At(container, "LinuxParameters", "Capabilities")
	var found []Violation
	if dropped := show(cfn.At(capabilities, "Drop")); !strings.Contains(dropped, `"ALL"`) {
		found = append(found, fault("LinuxParameters.Capabilities.Drop", dropped+": drop ALL")...)
	}
	if added := cfn.List(cfn.At(capabilities, "Add")); len(added) > 0 {
		found = append(found, fault("LinuxParameters.Capabilities.Add", show(added)+": remove it")...)
	}
	return found
}
