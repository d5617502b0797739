package scale

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
)

var (
	// ownMetric is a name that the service writes: by put or count, in a call of
	// put_of_task, or by a client whose retries are counted.
	ownMetric = regexp.MustCompile(`\.(?:put|count)\(\s*"([A-Z]\w+)"|"([A-Z]\w+)": (?:not_ready|written)|count_retries\(\w+, "([A-Z]\w+)"`)
	// metricRow is a row of the table in docs/logs.md, with what it costs.
	metricRow = regexp.MustCompile("(?m)^\\| `([A-Z]\\w+)` \\|.*\\| ([^|]+) \\|$")
)

// writtenBySource returns the names of the metrics in docker/src, sorted.
func writtenBySource(t *testing.T) []string {
	t.Helper()
	var names []string
	sources := os.DirFS("../../docker/src")
	assert.NilError(t, fs.WalkDir(sources, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".py" {
			return err
		}
		text, err := fs.ReadFile(sources, path)
		for _, found := range ownMetric.FindAllStringSubmatch(string(text), -1) {
			names = append(names, found[1]+found[2]+found[3])
		}
		return err
	}))
	slices.Sort(names)
	return slices.Compact(names)
}

// TestOwnMetricsArePriced holds that each metric of the service is counted, at rest or
// by events, and stands in the table of docs/logs.md with that.
func TestOwnMetricsArePriced(t *testing.T) {
	assert.DeepEqual(t, writtenBySource(t), slices.Sorted(slices.Values(slices.Concat(writtenAtRest, writtenByEvents))))
	page, err := os.ReadFile("../../docs/logs.md")
	assert.NilError(t, err)
	told := map[string]string{}
	for _, row := range metricRow.FindAllStringSubmatch(string(page), -1) {
		told[row[1]] = row[2]
	}
	for _, name := range writtenAtRest {
		assert.Check(t, strings.HasPrefix(told[name], "always"), "docs/logs.md: %s: %q", name, told[name])
	}
	for _, name := range writtenByEvents {
		assert.Check(t, told[name] == "with events", "docs/logs.md: %s: %q", name, told[name])
	}
	assert.Equal(t, len(told), len(writtenAtRest)+len(writtenByEvents))
}

// TestAttentionCosts adds one to a stack that notifies nobody.
func TestAttentionCosts(t *testing.T) {
	dev := templateOf(t, "dev")
	about(t, costOf(restOf(t, dev), "Composite alarm"), 0)
	dev.Resources["Attention"] = cfn.Resource{ID: "Attention", Type: "AWS::CloudWatch::CompositeAlarm"}
	about(t, costOf(restOf(t, dev), "Composite alarm"), 0.50)
}
