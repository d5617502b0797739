package scale

import (
	"os"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// pageFile is what TestPage compares and rewrites.
const pageFile = "../../docs/scale.md"

func textOf(t *testing.T, shape string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../stacks/testdata/" + shape + ".template.json")
	assert.NilError(t, err)
	return text
}

func figuresOf(t *testing.T) []byte {
	t.Helper()
	figures, err := os.ReadFile("../../" + workerFigures)
	assert.NilError(t, err)
	return figures
}

// TestPage compares docs/scale.md with what the templates and the price list make
// of it. Rewrite it with `make scale`.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates hours of many rates")
	}
	written, err := Page(textOf(t, "dev"), textOf(t, "prod"), figuresOf(t))
	assert.NilError(t, err)
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(pageFile, []byte(written), 0o644))
	}
	committed, err := os.ReadFile(pageFile)
	assert.NilError(t, err)
	assert.Assert(t, string(committed) == written, "docs/scale.md is of other templates, prices or figures of the worker: make scale")
}

// TestPageFollowsTheTemplate takes prod's template for dev's, which must show.
func TestPageFollowsTheTemplate(t *testing.T) {
	prod, err := environmentOf("dev", textOf(t, "prod"), pricesOf(t))
	assert.NilError(t, err)
	var written strings.Builder
	writeRest(&written, []environment{prod, {name: "prod"}}, 0.01)
	assert.Check(t, strings.Contains(written.String(), "| Web tasks | 36.04 | 0.00 |"), written.String())
	committed, err := os.ReadFile(pageFile)
	assert.NilError(t, err)
	assert.Check(t, !strings.Contains(string(committed), written.String()))
	_, err = Page([]byte("{"), textOf(t, "prod"), figuresOf(t))
	assert.ErrorContains(t, err, "dev: not a template")
}

// TestPageFollowsTheWorker gives the worker other figures than those measured.
func TestPageFollowsTheWorker(t *testing.T) {
	prod, err := environmentOf("prod", textOf(t, "prod"), pricesOf(t))
	assert.NilError(t, err)
	var written strings.Builder
	writeData(&written, prod, pricesOf(t), 0.02)
	writeRest(&written, []environment{prod, prod}, 0.02)
	for _, want := range []string{"takes 2.3 processors", "(20.0 ms a MB, ", "so 5 of prod's worker tasks", "a worker of 512 units reads about 25 MB a second"} {
		assert.Check(t, strings.Contains(written.String(), want), "%s\nhas no %s", written.String(), want)
	}
	_, err = Page(textOf(t, "dev"), textOf(t, "prod"), []byte("{}"))
	assert.Error(t, err, "docs/benchmarks/worker.json: no rows, or no scale; run `make bench-worker`")
}

func TestQuotasComeInTheirOrder(t *testing.T) {
	quotas, err := Quotas(templateOf(t, "prod"))
	assert.NilError(t, err)
	for i, q := range quotas {
		assert.Check(t, q.Rate > 0 && q.Change != "" && q.Source != "", q.Name)
		assert.Check(t, i == 0 || quotas[i-1].Rate <= q.Rate, q.Name)
	}
	throttled := func(q Quota) bool { return strings.HasPrefix(q.Name, "API Gateway: 1000 a second for the route") }
	found := 0
	for _, q := range quotas {
		if throttled(q) {
			found++
			assert.Equal(t, q.Rate, 1000.0)
		}
	}
	assert.Equal(t, found, 1)
}
