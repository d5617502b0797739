package operate

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/benchling"
)

// written returns what Manifest writes in the repository, with no account in sight.
func written(t *testing.T, asJSON bool) string {
	t.Helper()
	t.Chdir("../..")
	for name, value := range map[string]string{"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_REGION": ""} {
		t.Setenv(name, value)
	}
	var out bytes.Buffer
	assert.NilError(t, Manifest(t.Context(), "prod", asJSON, &out))
	return out.String()
}

func TestManifest(t *testing.T) {
	assert.Equal(t, written(t, false), `# In Benchling's developer console: create an app from this manifest, then enter
# - Webhook URL: the output WebhookUrl, once `+"`make deploy ENVIRONMENT=prod`"+` has been run with your AWS credentials
# - Webhook routing: stable (suffixed works, too)
# Install the app, and give it access to each project whose entries are to be packaged.
manifestVersion: 1
info:
  name: Quilt packages (prod)
  description: Makes a Quilt package of every notebook entry that changes, and shows it in the entry.
  version: 1.0.0
features:
  - name: Quilt package
    id: quilt_entry
    type: CANVAS
    locations:
      - ENTRY
subscriptions:
  deliveryMethod: WEBHOOK
  messages:
    - type: v2.entry.created
    - type: v2.entry.updated.fields
    - type: v2.entry.updated.reviewRecord
    - type: v2.canvas.created
    - type: v2.canvas.initialized
    - type: v2.canvas.userInteracted
`)
}

func TestManifestAsJSONIsTheSame(t *testing.T) {
	var fromJSON, fromYAML any
	assert.NilError(t, json.Unmarshal([]byte(written(t, true)), &fromJSON))
	app, err := newManifest("prod")
	assert.NilError(t, err)
	text, err := yaml.Marshal(app)
	assert.NilError(t, err)
	assert.NilError(t, yaml.Unmarshal(text, &fromYAML))
	again, err := json.Marshal(fromYAML)
	assert.NilError(t, err)
	assert.NilError(t, json.Unmarshal(again, &fromYAML))
	assert.DeepEqual(t, fromJSON, fromYAML)
}

func TestManifestOfNoEnvironment(t *testing.T) {
	t.Chdir("../..")
	assert.ErrorContains(t, Manifest(t.Context(), "prd", false, nil), "prd")
}

// manifestSchema returns Benchling's schema of a manifest, closed: the description
// allows any other property, and Benchling's console none.
func manifestSchema(t *testing.T) *openapi3.Schema {
	t.Helper()
	if testing.Short() {
		t.Skip("reads Benchling's description of its API, which takes seconds")
	}
	document, err := openapi3.NewLoader().LoadFromFile(filepath.Join("../..", benchling.Client, "v2/beta/openapi.yaml"))
	assert.NilError(t, err)
	schema := document.Components.Schemas["BenchlingAppManifest"].Value
	closeObjects(schema)
	return schema
}

// closeObjects forbids the properties that a schema doesn't list, at every depth.
func closeObjects(schema *openapi3.Schema) {
	if len(schema.Properties) > 0 && len(schema.AllOf) == 0 {
		schema.AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
	}
	for _, property := range schema.Properties {
		closeObjects(property.Value)
	}
	for _, part := range schema.AllOf {
		closeObjects(part.Value)
	}
	if schema.Items != nil && len(schema.Items.Value.AnyOf) == 0 {
		closeObjects(schema.Items.Value)
	}
}

// TestManifestMeetsBenchlingsSchema holds our manifest, and manifests with a fault
// each, against the schema.
func TestManifestMeetsBenchlingsSchema(t *testing.T) {
	schema := manifestSchema(t)
	ours, err := newManifest("prod")
	assert.NilError(t, err)
	text, err := json.Marshal(ours)
	assert.NilError(t, err)
	for _, c := range []struct{ from, to, fault string }{
		{"", "", ""},
		{`"CANVAS"`, `"PICTURE"`, "/features/0/type"},
		{`"ENTRY"`, `"NOTEBOOK"`, "/features/0/locations/0"},
		{`"id":"quilt_entry",`, ``, `property "id" is missing`},
		{`"WEBHOOK"`, `"MAIL"`, "/subscriptions/deliveryMethod"},
		{`"v2.entry.created"`, `"v2.entry.painted"`, "/subscriptions/messages/0"},
		{`"v2.entry.updated.fields"`, `"v2.entry.created"`, "duplicate items"},
		{`"1.0.0"`, `"1"`, "/info/version"},
		{`"manifestVersion":1`, `"manifestVersion":1,"webhookUrl":"https://a.example/"`, `property "webhookUrl" is unsupported`},
	} {
		var value any
		assert.Assert(t, strings.Contains(string(text), c.from), c.from)
		assert.NilError(t, json.Unmarshal([]byte(strings.Replace(string(text), c.from, c.to, 1)), &value))
		err := schema.VisitJSON(value, openapi3.MultiErrors())
		if c.fault == "" {
			assert.NilError(t, err)
			continue
		}
		assert.Check(t, err != nil && (strings.Contains(err.Error(), c.fault) || slices.Contains(pointers(err), c.fault)), "%s: %v", c.to, err)
	}
}

// pointers returns where in a value a schema's errors are.
func pointers(err error) []string {
	var all []string
	if several, are := err.(openapi3.MultiError); are {
		for _, one := range several {
			all = append(all, pointers(one)...)
		}
	}
	if one, is := err.(*openapi3.SchemaError); is {
		pointer := "/" + strings.Join(one.JSONPointer(), "/")
		all = append(all, pointer)
		if one.Origin != nil {
			all = append(all, pointers(one.Origin)...)
		}
	}
	return all
}

// TestNoChangeIsSubscribedTwice says that types which differ in their version alone
// are one subscription.
func TestNoChangeIsSubscribedTwice(t *testing.T) {
	kinds, err := subscribed()
	assert.NilError(t, err)
	changes := map[string]string{}
	for _, kind := range kinds {
		version, change, _ := strings.Cut(kind, ".")
		assert.Equal(t, changes[change], "", kind)
		changes[change] = version
	}
	assert.Check(t, len(changes) > 0)
}
