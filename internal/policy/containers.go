package policy

import (
	"fmt"
	"regexp"
	"strings"
)

// eachContainer makes a rule of what must hold of each container.
func eachContainer(check func(container map[string]any) []Violation) func(Template) []Violation {
	return each(task, func(r resource) []Violation {
		var found []Violation
		for i, definition := range list(r.Properties["ContainerDefinitions"]) {
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

func noHostNamespace(r resource) []Violation {
	var found []Violation
	for _, property := range []string{"NetworkMode", "PidMode", "IpcMode"} {
		if r.Properties[property] == "host" {
			found = append(found, fault(property, `"host": remove it`)...)
		}
	}
	return found
}

// secretName is how variables are called that hold a secret.
var secretName = regexp.MustCompile(`(?i)(password|passwd|secret|token|api_?key|private_?key|access_?key|auth_data)`)

func noSecretInEnvironment(container map[string]any) []Violation {
	var found []Violation
	for _, variable := range list(container["Environment"]) {
		name, _ := at(variable, "Name").(string)
		if secretName.MatchString(name) {
			found = append(found, fault("Environment["+name+"]", "readable by whoever may describe the task: make it one of Secrets")...)
		}
	}
	return found
}

func hasInsights(r resource) []Violation {
	for _, setting := range list(r.Properties["ClusterSettings"]) {
		if value := at(setting, "Value"); at(setting, "Name") == "containerInsights" && (value == "enabled" || value == "enhanced") {
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
	capabilities := at(container, "LinuxParameters", "Capabilities")
	var found []Violation
	if dropped := show(at(capabilities, "Drop")); !strings.Contains(dropped, `"ALL"`) {
		found = append(found, fault("LinuxParameters.Capabilities.Drop", dropped+": drop ALL")...)
	}
	if added := list(at(capabilities, "Add")); len(added) > 0 {
		found = append(found, fault("LinuxParameters.Capabilities.Add", show(added)+": remove it")...)
	}
	return found
}
