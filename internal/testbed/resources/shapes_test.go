package resources

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

const (
	// root is where the repository begins.
	root = "../../.."
	// goldens are the templates of all shapes of the stack.
	goldens = root + "/stacks/testdata/*.template.json"
)

// bounded returns a context for all that one test calls.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// shape returns the template of a shape, and makes what it expects to exist.
func shape(ctx context.Context, t *testing.T, config aws.Config, name string) string {
	t.Helper()
	text, err := os.ReadFile(strings.Replace(goldens, "*", name, 1))
	assert.NilError(t, err)
	template, err := MakeExisting(ctx, config, string(text))
	assert.NilError(t, err)
	return template
}

// deployed deploys a template under a name, and reads it back.
func deployed(ctx context.Context, t *testing.T, config aws.Config, name, template string) *Deployed {
	t.Helper()
	stack, err := Deploy(ctx, config, name, template, nil)
	assert.NilError(t, err)
	d, err := Read(ctx, config, stack)
	assert.NilError(t, err)
	return d
}

// TestDeployments deploys everything to one local AWS, each stack under a name of its own.
func TestDeployments(t *testing.T) {
	config := emulatortest.Start(t).Config()
	for _, part := range []struct {
		name string
		run  func(*testing.T, aws.Config)
	}{
		{"every shape keeps the rules", shapesKeepTheRules},
		{"mutations are noticed", mutationsAreNoticed},
		{"failed creation leaves nothing", failedCreationLeavesNothing},
		{"protected creation is stuck", protectedCreationIsStuck},
		{"failed update keeps data", failedUpdateKeepsData},
		{"deleted stack leaves its data", deletedStackLeavesItsData},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, config) })
	}
}

// shapesKeepTheRules deploys every golden template, and holds it against the rules, the
// inequalities, and what its environment has.
func shapesKeepTheRules(t *testing.T, config aws.Config) {
	files, err := filepath.Glob(goldens)
	assert.NilError(t, err)
	assert.Assert(t, len(files) >= 7, "%d shapes", len(files))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".template.json")
		t.Run(name, func(t *testing.T) {
			ctx := bounded(t)
			d := deployed(ctx, t, config, name, shape(ctx, t, config, name))
			figures, err := Figures(d, root)
			assert.NilError(t, err)
			for _, problem := range append(Problems(d), Broken(figures)...) {
				t.Error(problem)
			}
			assert.DeepEqual(t, unused(figures), []string(nil))
		})
	}
}
