package stacks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/stacks"
)

// checkedInSchema is what TestSchema compares and rewrites.
const checkedInSchema = "../" + stacks.SchemaFile

// compiledSchema returns the schema as validators use it.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := stacks.Schema()
	assert.NilError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	assert.NilError(t, err)
	compiler := jsonschema.NewCompiler()
	assert.NilError(t, compiler.AddResource(stacks.SchemaFile, document))
	compiled, err := compiler.Compile(stacks.SchemaFile)
	assert.NilError(t, err)
	return compiled
}

// TestSchema compares cdk.schema.json with the settings, and cdk.json with both.
// Rewrite it with `make golden`.
func TestSchema(t *testing.T) {
	written, err := stacks.Schema()
	assert.NilError(t, err)
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(checkedInSchema, written, 0o644))
	}
	committed, err := os.ReadFile(checkedInSchema)
	assert.NilError(t, err)
	assert.Assert(t, string(committed) == string(written), "cdk.schema.json is of other settings: make golden")

	text, err := os.ReadFile("../cdk.json")
	assert.NilError(t, err)
	var file map[string]any
	assert.NilError(t, json.Unmarshal(text, &file))
	assert.NilError(t, compiledSchema(t).Validate(file))
	assert.Equal(t, file["$schema"], "./"+stacks.SchemaFile)
}

// refusedBySchema says whether the schema refuses an environment's settings.
func refusedBySchema(t *testing.T, compiled *jsonschema.Schema, settings string) bool {
	t.Helper()
	return compiled.Validate(map[string]any{"context": contextWith(t, settings)}) != nil
}

// TestSchemaTakesWhatReadSettingsTakes also tries that the default fits.
func TestSchemaTakesWhatReadSettingsTakes(t *testing.T) {
	compiled := compiledSchema(t)
	for _, settings := range taken {
		assert.Check(t, !refusedBySchema(t, compiled, "{"+settings+"}"), settings)
	}
	for _, s := range stacks.AllSettings() {
		if s.Unset == "" {
			assert.Check(t, !refusedBySchema(t, compiled, `{"`+s.Name+`": `+strings.Trim(s.Default(), "`")+`}`), s.Name)
		}
	}
}

// beyondPatterns are mistakes that no pattern finds.
var beyondPatterns = []string{`"xn--99999999.example.com"`}

// TestSchemaRefusesMistakes tries the mistakes that ReadSettings refuses of single
// values, and values of every other type.
func TestSchemaRefusesMistakes(t *testing.T) {
	compiled := compiledSchema(t)
	for setting, all := range mistakes {
		for _, mistake := range all {
			beyond := slices.Contains(beyondPatterns, mistake.value)
			assert.Check(t, refusedBySchema(t, compiled, `{"`+setting+`": `+mistake.value+`}`) != beyond, "%s: %s", setting, mistake.value)
		}
	}
	for _, s := range stacks.AllSettings() {
		for _, value := range []string{`"\u0000"`, `-1`, `1.5`, `true`, `[]`, `{}`, `null`} {
			one := fmt.Sprintf(`{%q: %s}`, s.Name, value)
			_, err := stacks.ReadSettings(contextWith(t, one))
			assert.Equal(t, refusedBySchema(t, compiled, one), err != nil, one)
		}
	}
}

// TestSchemaRefusesContexts tries what surrounds the settings.
func TestSchemaRefusesContexts(t *testing.T) {
	compiled := compiledSchema(t)
	for _, refused := range []string{
		`{}`, `{"context": {}}`, `{"context": []}`, `{"context": {"environments": {}}}`, `{"context": {"environments": []}}`,
		`{"context": {"environments": {"1": {}}}}`, `{"context": {"environments": {"dev": []}}}`,
		`{"context": {"environments": {"dev": {"memmory": 1024}}}}`, `{"context": {"environments": {"dev": {}}, "cpu": 512}}`,
		`{"context": {"environments": {"dev": {}}, "environment": 1}}`, `{"context": {"environments": {"dev": {}}, "protect": true}}`,
		`{"context": {"environments": {"dev": {"allowedAddresses": ["203.0.113.7"]}}}}`, `{"context": {"environments": {"dev": {"allowedAddresses": ["0.0.0.0/0"]}}}}`,
		`{"context": {"environments": {"dev": {"availabilityZones": ["us-east-1a"]}}}}`, `{"context": {"environments": {"dev": {"availabilityZones": ["us-east-1a", "us-east-1a"]}}}}`,
		`{"context": {"environments": {"dev": {"domain": {"name": "a.example.com"}}}}}`,
	} {
		var file map[string]any
		assert.NilError(t, json.Unmarshal([]byte(refused), &file))
		assert.Check(t, compiled.Validate(file) != nil, refused)
	}
	taken := map[string]any{"app": "x", "context": map[string]any{"@aws-cdk/core:x": true, "environment": "dev", "protect": "after", "environments": map[string]any{"dev": map[string]any{}}}}
	assert.NilError(t, compiled.Validate(taken))
}

// TestSchemaPatternsAreECMAScripts has Node compile every pattern, as editors do.
func TestSchemaPatternsAreECMAScripts(t *testing.T) {
	text, err := stacks.Schema()
	assert.NilError(t, err)
	const compile = `let n = 0;
JSON.parse(require("fs").readFileSync(0), (key, value) => { if (key === "pattern") { new RegExp(value, "u"); n++; } return value; });
console.log(n);`
	node := exec.CommandContext(t.Context(), "node", "-e", compile)
	node.Stdin = bytes.NewReader(text)
	out, err := node.CombinedOutput()
	assert.NilError(t, err, string(out))
	patterns, err := strconv.Atoi(strings.TrimSpace(string(out)))
	assert.NilError(t, err)
	assert.Check(t, patterns > 10, "%d patterns", patterns)
}
