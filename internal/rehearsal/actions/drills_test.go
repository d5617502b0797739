package actions

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/rehearsal/tutorial"
)

// root is the repository's.
var root = filepath.Join("..", "..", "..")

// target finds make's targets in a block of commands.
var target = regexp.MustCompile(`(?m)^make ([a-z -]+)`)

// TestDrillsOfTheRunbook wants ten drills, a section with commands for each, and that
// bash and make know each command.
func TestDrillsOfTheRunbook(t *testing.T) {
	all := drills{}.all()
	assert.Equal(t, len(all), 10)
	sections := []string{"Upgrade base image, Python packages or CDK", "A region is lost"}
	for _, drill := range all {
		sections = append(sections, drill.section)
	}
	before, err := tutorial.Section(filepath.Join(root, runbookPage), beforeAll)
	assert.NilError(t, err)
	assert.Equal(t, len(before), 1)
	assert.Check(t, strings.Contains(before[0].Command, "ENVIRONMENT=prod\n"))
	for _, name := range sections {
		steps, err := tutorial.Section(filepath.Join(root, runbookPage), name)
		assert.NilError(t, err)
		for _, step := range steps {
			output, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", step.Command).CombinedOutput()
			assert.NilError(t, err, "%s: %s", step.Place, output)
			for _, found := range target.FindAllStringSubmatch(step.Command, -1) {
				makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
				assert.NilError(t, err)
				for _, one := range strings.Fields(found[1]) {
					assert.Check(t, strings.Contains(string(makefile), "\n.PHONY: "+one+"\n"), "%s: make has no target %q", step.Place, one)
				}
			}
			assert.Check(t, !strings.Contains(step.Command, "purge"), "%s: a queue is never purged", step.Place)
		}
	}
}

// TestTemplateWithoutQueue changes the web tasks alone.
func TestTemplateWithoutQueue(t *testing.T) {
	golden, err := os.ReadFile(filepath.Join(root, "stacks", "testdata", "dev.template.json"))
	assert.NilError(t, err)
	changed, err := withoutQueue(string(golden))
	assert.NilError(t, err)
	assert.Equal(t, strings.Count(changed, wrongQueue), 1)
	_, err = withoutQueue(`{"Resources": {}}`)
	assert.Error(t, err, "0 web tasks with INTAKE_QUEUE_URL in the template, not 1")
}
