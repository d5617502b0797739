package scale

import (
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/benchworker"
)

// TestCallsAreThoseMeasured holds the calls of a package against the worker's
// benchmark.
func TestCallsAreThoseMeasured(t *testing.T) {
	figures, err := benchworker.Read(figuresOf(t))
	assert.NilError(t, err)
	compared := 0
	for _, r := range figures.Rows {
		if r.Files != 10 || r.Megabytes*1e6 != packageBytes {
			continue
		}
		compared++
		calls := r.Calls
		assert.Check(t, calls["S3 put"]+calls["S3 list"] == callsS3Put, "%s: %v", r.Case, calls)
		assert.Check(t, calls["UpdateItem"] == writeUnits && calls["GetItem"] == readUnits, "%s: %v", r.Case, calls)
		assert.Check(t, calls["Benchling entries"]+calls["Benchling exports"]+calls["Benchling tasks"] == callsOfBenchling, "%s: %v", r.Case, calls)
	}
	assert.Check(t, compared > 0)
}
