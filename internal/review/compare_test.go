package review

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/imagecontract"
)

// TestCases compares the templates of every directory of testdata with the report
// beside them. A new case is a new directory with before.template.json and
// after.template.json, where it needs them with before.Dockerfile,
// after.Dockerfile and between.template.json; -update writes its review.txt.
func TestCases(t *testing.T) {
	sources := installed(t)
	cases, err := os.ReadDir("testdata")
	assert.NilError(t, err)
	for _, directory := range cases {
		if !directory.IsDir() {
			continue
		}
		t.Run(directory.Name(), func(t *testing.T) {
			in := Input{
				Before:      templates(t, directory.Name(), "before"),
				After:       templates(t, directory.Name(), "after"),
				Between:     templates(t, directory.Name(), "between"),
				BeforeFacts: facts(t, directory.Name(), "before"),
				AfterFacts:  facts(t, directory.Name(), "after"),
			}
			review, err := Compare(in, sources)
			assert.NilError(t, err)
			golden.Assert(t, review.Text(), filepath.Join(directory.Name(), "review.txt"))
		})
	}
}

func installed(t *testing.T) Sources {
	t.Helper()
	sources, err := Options{Tools: "../../build/tools", Modules: "../../node_modules"}.Sources()
	assert.NilError(t, err)
	return sources
}

// templates returns one side's template as a stack named after the side; none
// where the directory hasn't one.
func templates(t *testing.T, directory, side string) map[string]cfn.Template {
	text, err := os.ReadFile(filepath.Join("testdata", directory, side+".template.json"))
	if errors.Is(err, fs.ErrNotExist) && side == "between" {
		return nil
	}
	assert.NilError(t, err)
	template, err := cfn.Read(text)
	assert.NilError(t, err)
	return map[string]cfn.Template{"stack": template}
}

func facts(t *testing.T, directory, side string) []Fact {
	path := filepath.Join("testdata", directory, side+".Dockerfile")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	contract, err := imagecontract.Read(path)
	assert.NilError(t, err)
	contract.File = "Dockerfile"
	return Facts(contract)
}
