package stacks_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/policy"
	"benchlingwebhook/stacks"
)

// dockerfile is the project's own.
const dockerfile = "../docker/Dockerfile"

// TestMain runs the tests in a process of their own with Node 24 of
// package-lock.json and without CloudFormation's validation, for which main's
// tests pay once. jsii reads its environment before any test can set it.
func TestMain(m *testing.M) {
	const ready = "CDK_VALIDATION"
	if os.Getenv(ready) == "false" {
		code := m.Run()
		jsii.Close()
		os.Exit(code)
	}
	bin, err := filepath.Abs("../node_modules/.bin")
	if err != nil {
		panic(err)
	}
	tests := exec.Command(os.Args[0], os.Args[1:]...)
	tests.Env = append(os.Environ(), ready+"=false", "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	tests.Stdout, tests.Stderr = os.Stdout, os.Stderr
	if err := tests.Run(); err != nil {
		os.Exit(1)
	}
}

// contextOf returns the context of cdk.json with one environment chosen.
func contextOf(t *testing.T, environment string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("../cdk.json")
	assert.NilError(t, err)
	var file struct{ Context map[string]any }
	assert.NilError(t, json.Unmarshal(text, &file))
	file.Context["environment"] = environment
	return file.Context
}

// settingsOf returns the settings of an environment of cdk.json.
func settingsOf(t *testing.T, environment string) stacks.Settings {
	t.Helper()
	settings, err := stacks.ReadSettings(contextOf(t, environment))
	assert.NilError(t, err)
	return settings
}

// contractOf returns the contract of a Dockerfile that must be right.
func contractOf(t *testing.T, path string) imagecontract.Contract {
	t.Helper()
	contract, err := imagecontract.Read(path)
	assert.NilError(t, err)
	return contract
}

// imageHash is the content hash in the image's tag.
var imageHash = regexp.MustCompile(`:[0-9a-f]{64}"`)

// synth returns the whole template, which must keep the policy, as `cdk synth` writes it, with the image's
// hash taken out.
func synth(t *testing.T, settings stacks.Settings, contract imagecontract.Contract) string {
	t.Helper()
	context := contextOf(t, settings.Environment)
	app := awscdk.NewApp(&awscdk.AppProps{Context: &context, Outdir: jsii.String(t.TempDir())})
	stacks.NewWebhookStack(app, stacks.WebhookStackProps{Settings: settings, Contract: contract})
	policy.Enforce(app, stacks.Acknowledged(settings))
	assembly := app.Synth(nil)
	text, err := os.ReadFile(filepath.Join(*assembly.Directory(), stacks.StackName(settings.Environment)+".template.json"))
	assert.NilError(t, err)
	return imageHash.ReplaceAllString(string(text), `:IMAGE_HASH"`) + "\n"
}

// resource is a resource of a template.
type resource struct {
	Type           string
	Properties     map[string]any
	DeletionPolicy string
}

// resources returns the template's resources of one type, by logical ID.
func resources(t *testing.T, template, kind string) map[string]resource {
	t.Helper()
	var parsed struct{ Resources map[string]resource }
	assert.NilError(t, json.Unmarshal([]byte(template), &parsed))
	found := map[string]resource{}
	for id, r := range parsed.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// only returns the properties of the template's only resource of one type.
func only(t *testing.T, template, kind string) map[string]any {
	t.Helper()
	found := resources(t, template, kind)
	assert.Equal(t, len(found), 1, kind)
	for _, r := range found {
		return r.Properties
	}
	return nil
}

// web and worker begin the logical IDs of the two services' resources.
const (
	web    = "Webhook"
	worker = "Worker"
)

// of returns the properties of a service's only resource of one type.
func of(t *testing.T, template, service, kind string) map[string]any {
	t.Helper()
	var found []map[string]any
	for id, r := range resources(t, template, kind) {
		if strings.HasPrefix(id, service) {
			found = append(found, r.Properties)
		}
	}
	assert.Equal(t, len(found), 1, service+" "+kind)
	return found[0]
}

// container returns the only container of a service's task definition.
func container(t *testing.T, template, service string) map[string]any {
	t.Helper()
	containers := of(t, template, service, "AWS::ECS::TaskDefinition")["ContainerDefinitions"].([]any)
	assert.Equal(t, len(containers), 1)
	return containers[0].(map[string]any)
}
