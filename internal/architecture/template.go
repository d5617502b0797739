// Package architecture draws docs/architecture.svg and writes the table of alarms
// in docs/operations.md, both of the facts of a synthesized template.
package architecture

import (
	"errors"
	"fmt"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// Template is a synthesized template, of which facts are read. What isn't there
// is noted, and Err returns all of it.
type Template struct {
	cfn.Template
	problems []error
}

// Read returns the template of its JSON.
func Read(text []byte) (*Template, error) {
	template, err := cfn.Read(text)
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	return &Template{Template: template}, nil
}

// Err returns what was asked for and isn't in the template, one line each.
func (t *Template) Err() error { return errors.Join(t.problems...) }

// ids returns the logical IDs of a type's resources, sorted.
func (t *Template) ids(kind string) []string {
	var found []string
	for _, r := range t.OfType(kind) {
		found = append(found, r.ID)
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
	var value any = t.Resources[id].Properties
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
	return cfn.FirstReference(value, map[string]bool{id: true}) != ""
}
