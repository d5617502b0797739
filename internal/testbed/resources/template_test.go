package resources

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// change is a change of the resources of a template whose logical IDs begin with Of:
// Path leads through properties, by "/", through a list by "0" or by the key of a pair,
// and Value takes the place of what is there; nil removes it. A path that begins with
// "^" leads through the resource itself.
type change struct {
	Of    string
	Path  string
	Value any
}

// changed returns a template with changes, each of which must hit something.
func changed(t *testing.T, template string, changes ...change) string {
	t.Helper()
	var parsed map[string]any
	assert.NilError(t, json.Unmarshal([]byte(template), &parsed))
	resources := parsed["Resources"].(map[string]any)
	for _, it := range changes {
		hit := false
		for id, resource := range resources {
			if !strings.HasPrefix(id, it.Of) {
				continue
			}
			path, of := it.Path, resource
			if own, is := strings.CutPrefix(path, "^"); is {
				path = own
			} else {
				of = resource.(map[string]any)["Properties"]
			}
			hit = set(of, strings.Split(path, "/"), it.Value) || hit
		}
		assert.Assert(t, hit, "%s has no %s", it.Of, it.Path)
	}
	text, err := json.Marshal(parsed)
	assert.NilError(t, err)
	return string(text)
}

// set puts a value at the end of a path, and says whether there was something.
func set(at any, path []string, value any) bool {
	switch it := at.(type) {
	case map[string]any:
		old, has := it[path[0]]
		if len(path) > 1 {
			return has && set(old, path[1:], value)
		}
		if value == nil {
			delete(it, path[0])
		} else {
			it[path[0]] = value
		}
		return has || value != nil
	case []any:
		for _, item := range it {
			pair, is := item.(map[string]any)
			if is && (pair["Key"] == path[0] || pair["Name"] == path[0]) {
				pair["Value"] = value
				return true
			}
		}
		return path[0] == "0" && len(it) > 0 && len(path) > 1 && set(it[0], path[1:], value)
	}
	return false
}

// with returns a template with one resource more, which is made after all others.
func with(t *testing.T, template, id string, resource map[string]any) string {
	t.Helper()
	var parsed map[string]any
	assert.NilError(t, json.Unmarshal([]byte(template), &parsed))
	resources := parsed["Resources"].(map[string]any)
	resource["DependsOn"] = slices.Sorted(maps.Keys(resources))
	resources[id] = resource
	text, err := json.Marshal(parsed)
	assert.NilError(t, err)
	return string(text)
}
