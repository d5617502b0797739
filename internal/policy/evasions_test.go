package policy

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
)

// evasions is the directory of TestEvasions.
const evasions = "evasions"

// TestEvasions checks templates that break a rule in an unusual way, each named by the
// rule, and those that look as if they did, whose names end in "-fine".
func TestEvasions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", evasions, "*.json"))
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		template, err := cfn.Read(text)
		assert.NilError(t, err, file)
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		rule, _, _ := strings.Cut(name, "-")
		violates := slices.ContainsFunc(Check(template), func(v Violation) bool { return v.Rule == rule })
		assert.Check(t, violates != strings.HasSuffix(name, "-fine"), "%s: %v", name, Check(template))
	}
}

// TestOddValues puts what no template should have in each place of the evasions, a value a
// place: Check must return.
func TestOddValues(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", evasions, "*.json"))
	assert.NilError(t, err)
	odd := []any{
		nil, []any{}, []any{[]any{nil}}, map[string]any{}, "", 0.0, map[string]any{"Ref": []any{"x"}}, map[string]any{"Fn::If": []any{"C"}},
		map[string]any{"Fn::Sub": []any{}}, map[string]any{"Fn::Join": []any{1.0, nil}}, map[string]any{"Fn::GetAtt": nil},
		map[string]any{"Fn::FindInMap": []any{nil, nil, nil}}, map[string]any{"Fn::Select": []any{"x", nil}},
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		for place := range placesOf(t, text) {
			if changed, err := cfn.Read(replaced(t, text, place, odd[(i+place)%len(odd)])); err == nil {
				Check(changed)
			}
		}
	}
}

// placesOf returns the number of values in a JSON text.
func placesOf(t *testing.T, text []byte) int {
	t.Helper()
	var whole any
	assert.NilError(t, json.Unmarshal(text, &whole))
	places := 0
	eachValue(whole, "", func(string, string, any) { places++ })
	return places
}

// replaced returns a JSON text with another value in one place, counted as eachValue
// does.
func replaced(t *testing.T, text []byte, place int, value any) []byte {
	t.Helper()
	var whole any
	assert.NilError(t, json.Unmarshal(text, &whole))
	count := 0
	var walk func(within any)
	put := func(set func(any), inner any) {
		if count == place {
			set(value)
		}
		count++
		walk(inner)
	}
	walk = func(within any) {
		switch v := within.(type) {
		case []any:
			for i, inner := range v {
				put(func(value any) { v[i] = value }, inner)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				put(func(value any) { v[name] = value }, v[name])
			}
		}
	}
	walk(whole)
	encoded, err := json.Marshal(whole)
	assert.NilError(t, err)
	return encoded
}
