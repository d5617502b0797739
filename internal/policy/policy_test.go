package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/cfn"
)

// TestCases compares the violations of every directory's template with its
// report. A new case is a new directory; -update writes its report.txt.
func TestCases(t *testing.T) {
	directories, err := os.ReadDir("testdata")
	assert.NilError(t, err)
	for _, directory := range directories {
		if directory.Name() == evasions {
			continue
		}
		t.Run(directory.Name(), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", directory.Name(), "template.json"))
			assert.NilError(t, err)
			template, err := cfn.Read(text)
			assert.NilError(t, err)
			var report strings.Builder
			for _, v := range Check(template) {
				report.WriteString(v.String() + "\n")
			}
			golden.Assert(t, report.String(), filepath.Join(directory.Name(), "report.txt"))
		})
	}
}

// examples are the templates on a rule's page, by heading.
var examples = regexp.MustCompile("(?s)## (Bad|Good)\n\n```json\n(.*?)```")

// TestPages holds every page's examples against its rule: the bad one violates
// it, the good one doesn't.
func TestPages(t *testing.T) {
	const pages = "../../docs/rules"
	index, err := os.ReadFile(filepath.Join(pages, "README.md"))
	assert.NilError(t, err)
	for _, rule := range Rules {
		t.Run(rule.ID, func(t *testing.T) {
			assert.Assert(t, strings.Contains(string(index), "["+rule.ID+"]("+rule.ID+".md)"))
			page, err := os.ReadFile(filepath.Join(pages, rule.ID+".md"))
			assert.NilError(t, err)
			assert.Assert(t, strings.HasPrefix(string(page), "# "+rule.ID+": "+rule.Demand+"\n"))
			violates := map[string]bool{}
			for _, example := range examples.FindAllStringSubmatch(string(page), -1) {
				template, err := cfn.Read([]byte(example[2]))
				assert.NilError(t, err)
				violates[example[1]] = slices.ContainsFunc(Check(template), func(v Violation) bool { return v.Rule == rule.ID })
			}
			assert.DeepEqual(t, violates, map[string]bool{"Bad": true, "Good": false})
		})
	}
	files, err := filepath.Glob(filepath.Join(pages, "*.md"))
	assert.NilError(t, err)
	assert.Equal(t, len(files), len(Rules)+2, "a page a rule, the index, and the table of Security Hub")
}

func TestAcknowledgementsThatAreNotRight(t *testing.T) {
	p := plugin{acknowledged: []Acknowledgement{{Name: "LOG1[Log.RetentionInDays]", Reason: "scratch"}, {Name: "ECS3[Task.PidMode]"}, {Name: "ECS3[Other.PidMode]", Reason: "old"}}}
	found := p.idle([]string{"LOG1[Log.RetentionInDays]", "ECS3[Task.PidMode]"})
	assert.Equal(t, len(found), 2)
	assert.Equal(t, found[0].Name()+" "+found[0].Fault, "ACK2[ECS3[Task.PidMode]] the acknowledgement says no reason: give one")
	assert.Equal(t, found[1].Name()+" "+found[1].Fault, "ACK1[ECS3[Other.PidMode]] the acknowledgement excuses nothing: remove it")
}

func TestFilesThatAreNoTemplate(t *testing.T) {
	_, err := checkFile(filepath.Join(t.TempDir(), "missing"))
	assert.ErrorContains(t, err, "no such file")
	path := filepath.Join(t.TempDir(), "template.json")
	assert.NilError(t, os.WriteFile(path, []byte("["), 0o600))
	_, err = checkFile(path)
	assert.ErrorContains(t, err, "not a template: unexpected end of JSON input")
}

// TestNestedTemplatesAndTheirStack checks a cloud assembly with a nested stack, and with
// a stack that isn't protected.
func TestNestedTemplatesAndTheirStack(t *testing.T) {
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	main := write("stack.template.json", `{"Resources": {}}`)
	nested := write("stackNested.nested.template.json", `{"Resources": {}}`)
	write("manifest.json", `{"artifacts": {"stack": {"properties": {"templateFile": "stack.template.json"}}}}`)
	assert.DeepEqual(t, withNested([]*string{&main}), []string{main, nested})
	found, err := checkFile(main)
	assert.NilError(t, err)
	assert.Equal(t, len(found), 1)
	assert.Equal(t, found[0].String(), "STACK1[terminationProtection]: not set: set true")
	found, err = checkFile(nested)
	assert.NilError(t, err)
	assert.Equal(t, len(found), 0)
	write("manifest.json", "[")
	_, err = checkFile(main)
	assert.ErrorContains(t, err, "manifest.json: unexpected end of JSON input; synthesize it anew")
}
