package policy

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/secrets"
)

const readable = ": readable by whoever may describe the task: make it one of Secrets"

// noSecretIn demands that nothing that a task definition shows is a secret.
func noSecretIn(container map[string]any) []Violation {
	var found []Violation
	for i, variable := range flat(container["Environment"]) {
		name, isScalar := cfn.Scalar(cfn.At(variable, "Name"))
		if !isScalar || cfn.IsUndecided(name) {
			found = append(found, fault(fmt.Sprintf("Environment[%d]", i), show(variable)+" can't be decided: write the variable's name")...)
			continue
		}
		value, _ := cfn.Scalar(cfn.At(variable, "Value"))
		if secrets.Named(name) && !secrets.Harmless(value) {
			found = append(found, fault("Environment["+name+"]", name+readable)...)
		}
	}
	if files := flat(container["EnvironmentFiles"]); len(files) > 0 {
		found = append(found, fault("EnvironmentFiles", show(files)+": variables that the template doesn't show: write them")...)
	}
	for _, property := range []string{"DockerLabels", "LogConfiguration.Options", "FirelensConfiguration.Options"} {
		value := cfn.At(container, strings.Split(property, ".")...)
		options, isObject := value.(map[string]any)
		if value != nil && !isObject {
			found = append(found, fault(property, show(value)+" can't be decided: write its names")...)
		}
		for name, value := range options {
			text, _ := cfn.Scalar(value)
			if secrets.Named(name) && !secrets.Harmless(text) {
				found = append(found, fault(property+"["+name+"]", name+readable)...)
			}
		}
	}
	slices.SortFunc(found, func(a, b Violation) int { return strings.Compare(a.Property, b.Property) })
	return found
}

// passed matches a secret that is passed as an option, or as one of several values in
// a text.
var passed = regexp.MustCompile(`(?i)(^|\s)--?(password|passwd|token|secret|api[-_]?key)[= ]\S` +
	`|(^|[\s"'?&;,{_])(password|passwd|pwd|secret|token|api[-_]?key)("\s*:\s*"[^"]|=[^\s&;=])`)

// noSecretValue demands of every text of a resource that it isn't a secret's value, nor
// a dynamic reference to one, which CloudFormation would write into the property.
func noSecretValue(t cfn.Template) []Violation {
	hidden := hiddenParameters(t)
	valuesIn := func(within any, place string, options bool) (found []Violation) {
		eachValue(within, place, func(path, _ string, value any) {
			text, isText := value.(string)
			if isText && (secrets.Valued(text) || isHidden(text, hidden) || options && passed.MatchString(text)) {
				found = append(found, fault(path, "a secret's value: refer to the secret where it is used")...)
			}
		})
		return found
	}
	found := every(func(r cfn.Resource) []Violation {
		if r.Type == secret {
			return nil
		}
		return append(valuesIn(r.Properties, "", r.Type == task), valuesIn(r.Attributes["Metadata"], "Metadata", false)...)
	})(t)
	// Outputs aren't resolved: a reference is a text of its own.
	return append(found, valuesIn(t.Rest["Outputs"], "Outputs", false)...)
}

// isHidden reports whether a text is or holds what CloudFormation doesn't show.
func isHidden(text string, hidden []string) bool {
	if slices.Contains(hidden, text) || strings.Contains(text, "{{resolve:secretsmanager") || strings.Contains(text, "{{resolve:ssm-secure") {
		return true
	}
	return cfn.IsUndecided(text) && slices.ContainsFunc(cfn.Names(text), func(name string) bool {
		return slices.Contains(hidden, name) || strings.HasPrefix(name, "resolve:secretsmanager") || strings.HasPrefix(name, "resolve:ssm-secure")
	})
}

// hiddenParameters returns the names of the parameters that CloudFormation doesn't show.
func hiddenParameters(t cfn.Template) []string {
	parameters, _ := t.Rest["Parameters"].(map[string]any)
	var names []string
	for name, parameter := range parameters {
		if is(cfn.At(parameter, "NoEcho"), "true") {
			names = append(names, name)
		}
	}
	return names
}

// noWrittenSecret demands that a secret's content isn't in the template: in the secret
// itself, or as a parameter's default.
func noWrittenSecret(t cfn.Template) []Violation {
	found := each(func(r cfn.Resource) []Violation {
		text, isText := r.Properties["SecretString"].(string)
		var object map[string]any
		empty := isText && json.Unmarshal([]byte(text), &object) == nil && len(object) == 0
		if r.Properties["SecretString"] == nil || empty {
			return nil
		}
		return fault("SecretString", "the secret's value: set {} and put the value after deployment")
	}, secret)(t)
	parameters, _ := t.Rest["Parameters"].(map[string]any)
	for name, parameter := range parameters {
		value, _ := cfn.Scalar(cfn.At(parameter, "Default"))
		hidden := is(cfn.At(parameter, "NoEcho"), "true") || secrets.Named(name)
		if hidden && !secrets.Harmless(value) || secrets.Valued(value) {
			found = append(found, fault("Parameters["+name+"].Default", "a secret's value: remove the default")...)
		}
	}
	slices.SortFunc(found, func(a, b Violation) int { return strings.Compare(a.Name(), b.Name()) })
	return found
}
