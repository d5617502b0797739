package benchservice

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/benchpages"
)

// within keeps every limit, but barely.
func within() result {
	r := result{
		Ours:        measured{PeakPerSecond: leastRoom * constructs.RequestsPerCPU, P50: 5, P99: milliseconds(mostP99) - 1, RSS: 90},
		Baseline:    measured{PeakPerSecond: 60, P50: 20, P99: 40, RSS: 50},
		PeakRatio:   leastPeakRatio,
		FloodRatios: map[string]float64{},
		Health:      milliseconds(mostHealth) - 1,
		Parts:       parts{Event: 2, Verification: 0.5, JSON: 0.1, SQS: 0.4, Curve: 0.1},
	}
	for _, f := range floods {
		r.FloodRatios[f.name] = mostFloodRatio
	}
	return r
}

func TestLimitsThatAreKept(t *testing.T) {
	assert.NilError(t, within().missed())
}

func TestLimitsThatAreMissed(t *testing.T) {
	r := within()
	r.PeakRatio -= 0.5
	r.Ours.PeakPerSecond--
	r.Ours.P99++
	r.FloodRatios[floods[0].name] += 0.5
	r.Health++
	lines := strings.Split(r.missed().Error(), "\n")
	assert.Equal(t, len(lines), 5, "all of them at once")
	for i, fault := range []string{
		"peak: 9.5 times the development server's, below 10",
		"peak: 2.0 times constructs.RequestsPerCPU, below 2",
		"p99 at half of the peak: 100.0 ms, not below 100 ms",
		"flood of one signature: signed events take 2.50 times as long, over 2",
		"/health: answered after up to 1000.0 ms, not below 1000 ms",
	} {
		assert.Equal(t, lines[i], fault)
	}
}

func TestTables(t *testing.T) {
	var out strings.Builder
	within().print(&out)
	for _, line := range []string{
		"peak, times the development server's                         10.0   at least 10\n",
		"signed events beside a flood of 5 signatures, times          2.00   at most 2\n",
		"p99 at half of the peak, ms                                  99.0   below 100\n",
		"development server           60       20.0       40.0         50\n",
	} {
		assert.Check(t, strings.Contains(out.String(), line), "%s\nhas no line %s", out.String(), line)
	}
	out.Reset()
	printCompared(&out, []compared{{name: "granian", peak: 900, idle: -1, head: 12 * time.Millisecond, exit: time.Second, status: "exit status 0"}})
	assert.Check(t, strings.HasSuffix(out.String(), "granian                   900      0.00        0      0 none in 10 s        12 ms         0 ms      1.0  exit status 0\n"), out.String())
}

func TestPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	r := within()
	r.Machine = benchpages.Machine{Date: "2026-11-26", Processors: 2, Load: 1.5}
	assert.NilError(t, r.write(path))
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	page, err := Page(text)
	assert.NilError(t, err)
	for _, want := range []string{
		"on 2026-11-26, on a machine of 2 processors whose load was 1.5 before it began",
		"| peak, times the development server's | 10.0 | at least 10 |", "| development server | 60 | 20.0 ms | 40.0 ms | 50 MB |",
		"| verification | 0.50 | 25 % |", "| the rest: HTTP, Flask, the log line, threads | 1.00 | 50 % |",
	} {
		assert.Check(t, strings.Contains(page.Text, want), "%s\nhas no %s", page.Text, want)
	}
	assert.Check(t, !strings.Contains(page.Text, "missed"))
	r.Health++
	assert.NilError(t, r.write(path))
	text, err = os.ReadFile(path)
	assert.NilError(t, err)
	missed, err := Page(text)
	assert.NilError(t, err)
	assert.Check(t, strings.Contains(missed.Text, "\nThis run missed limits:\n\n- /health: answered after up to 1000.0 ms, not below 1000 ms\n"), missed.Text)
	for name := range page.Charts {
		assert.Check(t, strings.Contains(page.Text, "](service-"+name+".svg)"), name)
	}
	_, err = Page([]byte("{}"))
	assert.Error(t, err, `no ratio of the flood "of one signature"`)
}
