package stacks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/stacks"
)

// TestContextKeys holds which keys of the context are taken for a mistake.
func TestContextKeys(t *testing.T) {
	const (
		environment  = `nothing reads it (did you mean "environment"?); write -c environment=prod`
		environments = `nothing reads it (did you mean "environments"?); write that in cdk.json`
		protect      = `nothing reads it (did you mean "protect"?); write -c protect=after`
		setting      = `nothing reads it: a setting is an environment's; write it in cdk.json, in environments.dev`
	)
	for pair, want := range map[string]string{
		`"enviroment": "prod"`: environment, `"Environment": "prod"`: environment, `"ENVIRONMENT": "prod"`: environment, `"env": "prod"`: environment,
		`"enviornmet": "prod"`: environment, `"environment_name": "prod"`: environment, `"environments ": "prod"`: environment,
		`"environment:": "prod"`: environment, `"stage": "prod"`: environment, `"prod": "true"`: environment, `"enviroments": {"dev": {}}`: environments, `"envs": {"dev": {}}`: environments,
		`"prod": {"cpu": 512}`: `nothing reads it (did you mean "environments"?); write it there, in cdk.json`,
		`"protct": "after"`:    protect, `"portect": "after"`: protect, `"Protection": "after"`: protect,
		`"cpu": "512"`: setting, `"log-level": "DEBUG"`: setting, `"alarm_email": "a@example.com"`: setting,

		// The CDK CLI's, its look-ups', feature flags' and other people's.
		`"aws:cdk:bundling-stacks": ["**"]`: "", `"@aws-cdk/core:newStyleStackSynthesis": true`: "", `"aws-cdk:enableDiffNoFail": true`: "",
		`"availability-zones:account=123456789012:region=eu-west-1": ["eu-west-1a"]`: "", `"acknowledged-issue-numbers": [34892]`: "", `"cli-telemetry": false`: "",
		`"project": "lab"`: "", `"product": "assay"`: "", `"protein": "p53"`: "", `"stage": "lab"`: "", `"owner": "me"`: "", `"government": "none"`: "",
	} {
		var context map[string]any
		assert.NilError(t, json.Unmarshal([]byte(`{"environments": {"dev": {}, "prod": {}}, `+pair+`}`), &context))
		var key string
		for name := range context {
			if name != "environments" {
				key = name
			}
		}
		if strings.ContainsAny(key, " :") {
			key = strconv.Quote(key)
		}
		_, err := stacks.ReadSettings(context)
		if want == "" {
			assert.Check(t, err, pair)
			continue
		}
		assert.Check(t, err != nil && err.Error() == "context "+key+": "+want, "%s: %v", pair, err)
	}
}

// TestContextIsReadWhole holds that every environment is checked, the chosen one or
// not, together with what chooses it.
func TestContextIsReadWhole(t *testing.T) {
	var context map[string]any
	assert.NilError(t, json.Unmarshal([]byte(`{"environment": "prd", "protect": "now", "enviroment": "dev",
		"environments": {"dev": {}, "prod": {"cpu": "x"}, "1": {"logLevel": "LOUD"}, "lab": []}}`), &context))
	_, err := stacks.ReadSettings(context)
	assert.Error(t, err, `context enviroment: nothing reads it (did you mean "environment"?); write -c environment=dev
context environment: no environment "prd" in cdk.json (did you mean "prod"?); the environments are 1, dev, lab, prod
context protect: "now" is not a choice; use "after", or leave it out
cdk.json: environments: "1" can't end a stack's name; use at most 40 letters, digits and hyphens, a letter first
cdk.json: environments.1.logLevel: "LOUD" is not a choice; use one of DEBUG, INFO, WARNING, ERROR
cdk.json: environments.lab: [] is not an object; write its settings as {"name": value}
cdk.json: environments.prod.cpu: "x" is not a choice; use one of the numbers 256, 512, 1024`)
}

// TestContextFile reads that of the working directory.
func TestContextFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := stacks.ReadContextFile()
	assert.Error(t, err, "open cdk.json: no such file or directory; run this in the folder of cdk.json")
	assert.NilError(t, os.WriteFile("cdk.json", []byte("{"), 0o600))
	_, err = stacks.ReadContextFile()
	assert.Error(t, err, "cdk.json:1:1: unexpected end of JSON input; close what is open")
	assert.NilError(t, os.WriteFile("cdk.json", []byte(`{"context": {"environments": {}}}`), 0o600))
	context, err := stacks.ReadContextFile()
	assert.NilError(t, err)
	assert.DeepEqual(t, context, map[string]any{"environments": map[string]any{}})
}

// TestContextOfTheCLI reads what the CDK CLI passes: a variable, and a file for
// what that has no room for. cdk.json is read for what the CLI doesn't refuse.
func TestContextOfTheCLI(t *testing.T) {
	directory := t.TempDir()
	t.Chdir(directory)
	overflow := filepath.Join(directory, "overflow.json")
	assert.NilError(t, os.WriteFile(overflow, []byte(`{"environment": "prod"}`), 0o600))
	t.Setenv("CDK_CONTEXT_JSON", `{"environments": {"dev": {}, "prod": {"cpu": 256}}}`)
	t.Setenv("CONTEXT_OVERFLOW_LOCATION_ENV", overflow)
	context, err := stacks.ReadContext()
	assert.NilError(t, err)
	settings, err := stacks.ReadSettings(context)
	assert.NilError(t, err)
	assert.Equal(t, settings.Size.CPU, 256)

	assert.NilError(t, os.WriteFile("cdk.json", []byte(`{"context": {"environments": {"dev": {}, "dev": {}}}}`), 0o600))
	_, err = stacks.ReadContext()
	assert.Error(t, err, "cdk.json:1:42: context.environments.dev is there twice; keep one")
}
