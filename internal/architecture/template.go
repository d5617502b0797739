// Package architecture draws docs/architecture.svg and writes the table of alarms
// in docs/operations.md, both of the facts of a synthesized template.
package architecture

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Template is a synthesized template, of which facts are read. What isn't there
// is noted, and Err returns all of it.
type Template struct {
	resources map[string]resource
	problems  []error
}

type resource struct {
	Type       string
	Properties map[string]any
}

// Read returns the template of its JSON.
func Read(text []byte) (*Template, error) {
	var whole struct{ Resources map[string]resource }
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	return &Template{resources: whole.Resources}, nil
}

// Err returns what was asked for and isn't in the template, one line each.
func (t *Template) Err() error { return errors.Join(t.problems...) }

// ids returns the logical IDs of a type's resources, sorted.
func (t *Template) ids(kind string) []string {
	var found []string
	for _, id := range slices.Sorted(maps.Keys(t.resources)) {
		if t.resources[id].Type == kind {
			found = append(found, id)
		}
	}
	return found
}

// one returns the only resource of a type whose logical ID begins with a prefix.
func (t *Template) one(kind, prefix string) string {
	var found []string
	for _, id := range t.ids(kind) {
		if strings.HasPrefix(id, prefix) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		t.problems = append(t.problems, fmt.Errorf("%d resources of the type %s begin with %q: name one", len(found), kind, prefix))
		return ""
	}
	return found[0]
}

// at returns a property by its path, whose parts are names and indices.
func (t *Template) at(id string, path ...any) any {
	if id == "" {
		return nil
	}
	var value any = t.resources[id].Properties
	for _, part := range path {
		switch of := value.(type) {
		case map[string]any:
			value = of[fmt.Sprint(part)]
		case []any:
			if i, isIndex := part.(int); isIndex && i < len(of) {
				value = of[i]
				continue
			}
			value = nil
		default:
			value = nil
		}
	}
	if value == nil {
		t.problems = append(t.problems, fmt.Errorf("%s: no %v", id, path))
	}
	return value
}

// number returns a number of the template, 0 where there is none.
func (t *Template) number(id string, path ...any) int {
	switch value := t.at(id, path...).(type) {
	case float64:
		return int(value)
	case string:
		var n int
		if _, err := fmt.Sscan(value, &n); err == nil {
			return n
		}
	}
	t.problems = append(t.problems, fmt.Errorf("%s: %v is no number", id, path))
	return 0
}

// named returns the value of the entry that has a name (or a key) in a list of
// such, as environments, attributes and dimensions are.
func (t *Template) named(name string, id string, path ...any) string {
	entries, _ := t.at(id, path...).([]any)
	for _, entry := range entries {
		pair, _ := entry.(map[string]any)
		for key, value := range map[string]string{"Name": "Value", "Key": "Value"} {
			if pair[key] == name {
				return fmt.Sprint(pair[value])
			}
		}
	}
	t.problems = append(t.problems, fmt.Errorf("%s: %v has no %s", id, path, name))
	return ""
}

// refersTo reports whether a value holds a reference to a resource.
func refersTo(value any, id string) bool {
	switch of := value.(type) {
	case map[string]any:
		for key, inner := range of {
			if key == "Ref" && inner == id || refersTo(inner, id) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(of, func(inner any) bool { return refersTo(inner, id) })
	}
	return false
}
