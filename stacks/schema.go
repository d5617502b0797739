package stacks

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// SchemaFile is the JSON Schema of cdk.json, beside it.
const SchemaFile = "cdk.schema.json"

// Schema returns the JSON Schema of cdk.json, by which editors complete and check it:
// what this app reads of the context. Rules between settings, and what no pattern can
// say, are left to ReadSettings. It is of draft 7, the latest that Visual Studio Code
// supports in full.
//
// Source: Visual Studio Code's documentation, JSON schemas and settings.
func Schema() ([]byte, error) {
	settings := map[string]schema{}
	for _, setting := range AllSettings() {
		settings[setting.Name] = setting.describedSchema()
	}
	environment := schema{"type": "object", "properties": settings, "additionalProperties": false}
	context := schema{
		"type":     "object",
		"required": []string{environmentsKey},
		// Settings are an environment's.
		"propertyNames": schema{"not": schema{"enum": slices.Sorted(maps.Keys(settings))}},
		"properties": map[string]schema{
			environmentsKey: {
				"description": "The environments by name. `make setup` writes them; docs/settings.md lists their settings.",
				"type":        "object", "minProperties": 1, "additionalProperties": reference("environment"),
				"propertyNames": schema{"pattern": environmentName.String()},
			},
			EnvironmentKey: {"description": "The environment to synthesize where none is named.", "type": "string"},
			protectKey:     {"description": "Leaves protection against deletion to a second deployment.", "const": protectAfter},
		},
	}
	definitions := maps.Clone(shared)
	definitions["environment"] = environment
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(schema{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"$comment":    "Written by `make golden` from the settings in stacks/: change a setting there.",
		"title":       "cdk.json of the Benchling webhook",
		"type":        "object",
		"required":    []string{"context"},
		"properties":  map[string]schema{"context": context},
		"definitions": definitions,
	})
	return text.Bytes(), err
}

// describedSchema is the setting's schema with its description and default.
func (s Setting) describedSchema() schema {
	described := maps.Clone(s.schema)
	described["description"] = withoutLinks(s.Meaning) + " Allowed: " + withoutLinks(s.Allowed()) + "."
	if s.Unset == "" {
		described["default"] = s.value(DefaultSettings(""))
	} else {
		described["description"] = described["description"].(string) + " Default: " + withoutLinks(s.Unset) + "."
	}
	return described
}

var markdownLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// withoutLinks returns Markdown as a description shows it, which is no page.
func withoutLinks(text string) string {
	return strings.ReplaceAll(markdownLink.ReplaceAllString(text, "$1"), "`", "")
}
