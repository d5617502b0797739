package migrate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

const (
	// profilesDirectory is below the user's configuration directory.
	profilesDirectory = "benchling-webhook"
	profileFile       = "config.json"
	// defaultStack is the stack of the profile "default"; the others' have a hyphen
	// and the profile's name behind it.
	defaultStack   = "BenchlingWebhookStack"
	defaultProfile = "default"
	// mostParents is how many profiles one may inherit from in a row.
	mostParents = 10
)

// readProfile returns the configuration file of a stack and its object, with what
// it inherits; a file that isn't named is looked for where the predecessor has it.
//
// Source: quiltdata/benchling-webhook 0.18.0, lib/xdg-config.ts and xdg-base.ts.
func readProfile(stack, file string) (string, map[string]any, error) {
	if file != "" {
		profile, err := readInherited(file, mostParents)
		return file, profile, err
	}
	files, err := filepath.Glob(filepath.Join(configDirectory(), profilesDirectory, "*", profileFile))
	if err != nil {
		return "", nil, err
	}
	var problems []error
	for _, found := range files {
		profile, err := readInherited(found, mostParents)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if stackOf(filepath.Base(filepath.Dir(found)), profile) == stack {
			return found, profile, nil
		}
	}
	return "", nil, errors.Join(problems...)
}

// configDirectory is where programs have the configuration of the user.
func configDirectory() string {
	if directory := os.Getenv("XDG_CONFIG_HOME"); directory != "" {
		return directory
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".config")
}

// stackOf returns the name of a profile's stack.
func stackOf(name string, profile map[string]any) string {
	if deployment, isObject := profile["deployment"].(map[string]any); isObject {
		if named, isText := deployment["stackName"].(string); isText && named != "" {
			return named
		}
	}
	if name == defaultProfile {
		return defaultStack
	}
	return defaultStack + "-" + name
}

// readInherited reads a file, over the profile that it inherits from. An error has
// nothing of the file's text, which may hold a secret.
func readInherited(file string, parents int) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file; name the predecessor's configuration file", file)
	} else if err != nil {
		return nil, err
	}
	var profile map[string]any
	if json.Unmarshal(text, &profile) != nil {
		return nil, fmt.Errorf("%s: not a JSON object; mend it, or name another file", file)
	}
	parent, inherits := profile["_inherits"].(string)
	if !inherits || parent == "" {
		return profile, nil
	}
	if parents == 0 || parent != filepath.Base(parent) {
		return nil, fmt.Errorf("%s: _inherits %q leads to no profile; name one beside it", file, parent)
	}
	from, err := readInherited(filepath.Join(filepath.Dir(filepath.Dir(file)), parent, profileFile), parents-1)
	if err != nil {
		return nil, err
	}
	return over(from, profile), nil
}

// over returns an object with another's values over its own, in depth.
func over(base, above map[string]any) map[string]any {
	merged := maps.Clone(base)
	for name, value := range above {
		below, isObject := merged[name].(map[string]any)
		if object, both := value.(map[string]any); both && isObject {
			value = over(below, object)
		}
		merged[name] = value
	}
	return merged
}
