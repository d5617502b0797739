package mutants

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/report"
)

// root is the repository's, from here.
const root = "../../.."

// TestEveryMutantIsOne has each change its template or its module, so that a change of
// those doesn't leave a mutant that is none.
func TestEveryMutantIsOne(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, template))
	assert.NilError(t, err)
	whole, err := Mutant{}.mutate(text)
	assert.NilError(t, err)
	modules := map[string]string{}
	names := map[string]bool{}
	for _, m := range Table {
		assert.Check(t, !names[m.Name], "%s: twice", m.Name)
		names[m.Name] = true
		mutated, err := m.mutate(text)
		assert.Check(t, err, m.Name)
		assert.Check(t, (m.Template != nil) != bytes.Equal(mutated, whole), "%s: the template", m.Name)
		if m.File == "" {
			continue
		}
		module, err := os.ReadFile(filepath.Join(root, source, m.File))
		assert.NilError(t, err, m.Name)
		changed, err := m.replace(module)
		assert.Check(t, err, m.Name)
		modules[m.Name] = string(changed)
	}
	assert.Assert(t, len(Table) >= 40, "%d mutants", len(Table))
	parse(t, modules)
}

// parse has Python read the mutated modules.
func parse(t *testing.T, modules map[string]string) {
	t.Helper()
	input, err := json.Marshal(modules)
	assert.NilError(t, err)
	command := exec.Command(filepath.Join(root, "docker/.venv/bin/python"), "-c",
		"import ast, json, sys\nfor name, text in json.load(sys.stdin).items():\n    ast.parse(text, name)\n")
	command.Stdin = bytes.NewReader(input)
	out, err := command.CombinedOutput()
	assert.NilError(t, err, string(out))
}

// TestTheTemplateStaysWhole writes the template anew without a mutant.
func TestTheTemplateStaysWhole(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, template))
	assert.NilError(t, err)
	again, err := Mutant{}.mutate(text)
	assert.NilError(t, err)
	var before, after any
	assert.NilError(t, json.Unmarshal(text, &before))
	assert.NilError(t, json.Unmarshal(again, &after))
	assert.DeepEqual(t, after, before)
}

func TestJudge(t *testing.T) {
	m := Mutant{Caught: regexp.MustCompile(`^worker: .*no right`), Parts: []string{"worker"}, Rows: []string{"worker: protected"}}
	for _, c := range []struct {
		rows   []report.Row
		killed bool
		row    string
	}{
		{nil, false, "every row held"},
		{[]report.Row{{Check: "worker: a", Held: true, Detail: "no right"}}, false, "every row held"},
		{[]report.Row{{Check: "web", Detail: "no right\nmore"}}, false, "only web: no right"},
		{[]report.Row{{Check: "web", Detail: "away"}, {Check: "worker: a", Detail: "it has no right\nmore"}}, true, "worker: a: it has no right"},
	} {
		killed, row := m.judge(c.rows)
		assert.Equal(t, killed, c.killed)
		assert.Equal(t, row, c.row)
	}
	assert.Check(t, m.chosen("services", "any"), "others stand on it")
	assert.Check(t, m.chosen("worker", "worker: protected while it exports"))
	assert.Check(t, !m.chosen("worker", "worker killed"))
	assert.Check(t, !m.chosen("end", "web: SIGTERM"))
	assert.Check(t, (Mutant{Parts: []string{"worker"}}).chosen("worker", "any"))
}

func TestScore(t *testing.T) {
	text, whole := Score([]Outcome{{Name: "a", Killed: true}})
	assert.Equal(t, text, "1 of 1 killed.")
	assert.Check(t, whole)
	text, whole = Score([]Outcome{{Name: "a"}, {Name: "b", Killed: true}})
	assert.Equal(t, text, "1 of 2 killed. Survivors: a.")
	assert.Check(t, !whole)
}
