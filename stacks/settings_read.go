package stacks

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"benchlingwebhook/internal/cdkfile"
)

// ReadSettings returns the settings of the environment that the context names:
// "environment", or DefaultEnvironment, out of "environments". It checks the
// context's keys and every environment, so that a fault in one is found before its
// deployment. The error holds all problems, one a line.
func ReadSettings(context map[string]any) (Settings, error) {
	environments, err := readEnvironments(context)
	problems := []error{checkContextKeys(context, environments)}
	if err != nil {
		return Settings{}, errors.Join(append(problems, err)...)
	}
	chosen, err := chosenEnvironment(context, environments)
	problems = append(problems, err)
	after, err := protectionComesAfter(context)
	problems = append(problems, err)

	all := map[string]Settings{}
	for _, name := range slices.Sorted(maps.Keys(environments)) {
		all[name], err = readEnvironment(name, environments[name])
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return Settings{}, err
	}
	settings := all[chosen]
	settings.DeletionProtection = settings.DeletionProtection && !after
	return settings, nil
}

// readEnvironments returns the environments of the context, not yet read.
func readEnvironments(context map[string]any) (map[string]any, error) {
	value, given := context[environmentsKey]
	if !given {
		return nil, fmt.Errorf("%s: no \"environments\" in the context; add {\"environments\": {%q: {}}}", SettingsFile, DefaultEnvironment)
	}
	environments, isObject := value.(map[string]any)
	if !isObject || len(environments) == 0 {
		return nil, fmt.Errorf("%s: environments: %s is not an object of environments; write {%q: {}}", SettingsFile, cdkfile.Show(value), DefaultEnvironment)
	}
	return environments, nil
}

// chosenEnvironment returns the name of the environment that the context names.
func chosenEnvironment(context, environments map[string]any) (string, error) {
	value, given := context[EnvironmentKey]
	if !given {
		value = DefaultEnvironment
	}
	name, isText := value.(string)
	if !isText {
		return "", fmt.Errorf("context environment: %s is not a string; name one of %s", cdkfile.Show(value), list(environments))
	}
	_, known := environments[name]
	if !known && !given {
		return "", fmt.Errorf("%s: environments: no %q, which is deployed where no other is named; add it, or write -c %s=NAME with one of %s",
			SettingsFile, name, EnvironmentKey, list(environments))
	}
	if !known {
		return "", fmt.Errorf("context environment: no environment %q in %s%s; the environments are %s",
			name, SettingsFile, didYouMean(name, environments), list(environments))
	}
	return name, nil
}

// protectionComesAfter says whether the context leaves protection to a second
// deployment.
func protectionComesAfter(context map[string]any) (bool, error) {
	value, given := context[protectKey]
	if given && value != protectAfter {
		return false, fmt.Errorf("context protect: %s is not a choice; use %q, or leave it out", cdkfile.Show(value), protectAfter)
	}
	return given, nil
}

// readEnvironment returns the settings of an environment on top of the defaults.
func readEnvironment(name string, value any) (Settings, error) {
	var problems []error
	if !environmentName.MatchString(name) {
		problems = append(problems, fmt.Errorf("%s: environments: %q can't end a stack's name; use at most 40 letters, digits and hyphens, a letter first", SettingsFile, name))
	}
	place := SettingsFile + ": environments." + key(name)
	values, isObject := value.(map[string]any)
	if !isObject {
		problems = append(problems, fmt.Errorf("%s: %s is not an object; write its settings as {\"name\": value}", place, cdkfile.Show(value)))
		return Settings{}, errors.Join(problems...)
	}
	settings := DefaultSettings(name)
	wrong := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := readSetting(place, name, values[name], &settings); err != nil {
			problems = append(problems, err)
			wrong[name] = true
		}
	}
	if _, given := values["confirmWithinMinutes"]; !given && settings.PackagingQueueArn != "" {
		settings.ConfirmWithin = confirmWithin
	}
	problems = append(problems, checkTogether(place, values, wrong, settings)...)
	return settings, errors.Join(problems...)
}

// refusedSettings are what one may look for by ECS's names, and why it isn't there.
//
// Source: aws/aws-cdk#36649; docs/decisions/0021-rolling-deployments.md.
var refusedSettings = map[string]string{
	"deploymentStrategy": "deployments are rolling, with ECS's circuit breaker and rollback by alarms; of a canary, linear or blue/green one, " +
		"CloudFormation's next change of the listener would take back the weights that ECS has set, towards a target group without tasks",
}

// readSetting puts the setting of that name into the settings.
func readSetting(place, name string, value any, into *Settings) error {
	setting, known := settingsByName[name]
	reason, refused := refusedSettings[name]
	switch {
	case refused:
		return fmt.Errorf("%s.%s: %s; remove it", place, name, reason)
	case !known:
		return fmt.Errorf("%s: unknown setting %q%s; the settings are %s", place, name, didYouMean(name, settingsByName), list(settingsByName))
	case value == nil:
		return fmt.Errorf("%s.%s: null is no value; give one, or remove %s", place, name, name)
	}
	return prefixed(place+"."+name, setting.read(value, into))
}
