package templatediff

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/cfnschema"
	"benchlingwebhook/internal/imagecontract"
)

// TestCases compares the templates of every folder of testdata with the report
// beside them. A new case is a new folder with before.template.json and
// after.template.json, where it needs them with before.Dockerfile,
// after.Dockerfile and between.template.json; -update writes its review.txt.
func TestCases(t *testing.T) {
	schemas, err := cfnschema.Installed("../../build/tools")
	assert.NilError(t, err)
	cases, err := os.ReadDir("testdata")
	assert.NilError(t, err)
	for _, folder := range cases {
		t.Run(folder.Name(), func(t *testing.T) {
			in := Input{
				Before:      templates(t, folder.Name(), "before"),
				After:       templates(t, folder.Name(), "after"),
				Between:     templates(t, folder.Name(), "between"),
				BeforeFacts: facts(t, folder.Name(), "before"),
				AfterFacts:  facts(t, folder.Name(), "after"),
			}
			review, err := Compare(in, schemas)
			assert.NilError(t, err)
			golden.Assert(t, review.Text(), filepath.Join(folder.Name(), "review.txt"))
		})
	}
}

// templates returns one side's template as a stack named after the side; none
// where the folder hasn't one.
func templates(t *testing.T, folder, side string) map[string]Template {
	text, err := os.ReadFile(filepath.Join("testdata", folder, side+".template.json"))
	if errors.Is(err, fs.ErrNotExist) && side == "between" {
		return nil
	}
	assert.NilError(t, err)
	template, err := ReadTemplate(text)
	assert.NilError(t, err)
	return map[string]Template{"stack": template}
}

func facts(t *testing.T, folder, side string) []Fact {
	path := filepath.Join("testdata", folder, side+".Dockerfile")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	contract, err := imagecontract.Read(path)
	assert.NilError(t, err)
	contract.File = "Dockerfile"
	return Facts(contract)
}

// TestEveryChangeIsTold changes each property of a real stack, one by one, and
// demands that each is told.
func TestEveryChangeIsTold(t *testing.T) {
	schemas, err := cfnschema.Installed("../../build/tools")
	assert.NilError(t, err)
	text, err := os.ReadFile("../../stacks/testdata/prod.template.json")
	assert.NilError(t, err)
	stack, err := ReadTemplate(text)
	assert.NilError(t, err)
	changes := 0
	for id, resource := range stack.Resources {
		for name := range resource.Properties() {
			changed := maps.Clone(resource)
			properties := maps.Clone(resource.Properties())
			properties[name] = "another"
			changed["Properties"] = properties
			after := Template{Resources: maps.Clone(stack.Resources), Rest: stack.Rest}
			after.Resources[id] = changed
			review, err := Compare(Input{Before: map[string]Template{"stack": stack}, After: map[string]Template{"stack": after}}, schemas)
			assert.NilError(t, err)
			assert.Assert(t, len(review.Findings) > 0, "%s %s", id, name)
			changes++
		}
	}
	assert.Assert(t, changes > 300, "%d", changes)
}

func TestMarkdownHasNoMarkupOfValues(t *testing.T) {
	review := Review{Stacks: []string{"a", "b"}, Findings: []Finding{
		{Section: Access, Danger: true, Text: "added: Allow *_* @team <b>", Stacks: []string{"a"}, Follows: []string{"x"}},
	}}
	assert.Equal(t, review.Markdown(), `**DANGEROUS: added: Allow \*\_\* &#64;team &lt;b&gt; \[a\]**

### Access

- ⚠️ added: Allow \*\_\* &#64;team &lt;b&gt; \[a\]
  - 1 property follows: x
`)
}

func TestWhatIsNoTemplate(t *testing.T) {
	_, err := ReadTemplate([]byte("{"))
	assert.ErrorContains(t, err, "not a template: unexpected end of JSON input; synthesize it anew")
	_, err = ReadTemplate([]byte(`{"Resources": []}`))
	assert.ErrorContains(t, err, "resources: json: cannot unmarshal array")
}
