package benchservice

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/testbed/benchling"
)

// TestLoad loads both servers for moments: the figures mean nothing, but all of
// them are there, and no event was lost.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the service")
	}
	t.Chdir("../..")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	directory := t.TempDir()
	var out strings.Builder
	r, err := load(ctx, directory, 200*time.Millisecond, &out)
	assert.NilError(t, err, out.String())
	assert.Equal(t, out.String(), "loading the service (about a minute)\nloading a Flask development server (about 20 s)\n")
	path := filepath.Join(directory, "result.json")
	assert.NilError(t, r.write(path))
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	var written result
	assert.NilError(t, json.Unmarshal(text, &written))
	assert.DeepEqual(t, written, r)
	assert.Equal(t, len(r.FloodRatios), len(floods))
	for name, figure := range map[string]float64{
		"peak": r.Ours.PeakPerSecond, "p50": r.Ours.P50, "p99": r.Ours.P99, "RSS": r.Ours.RSS, "baseline": r.Baseline.PeakPerSecond,
		"ratio": r.PeakRatio, "health": r.Health, "flood": r.FloodRatios[floods[0].name],
		"CPU": r.Parts.Event, "verification": r.Parts.Verification, "JSON": r.Parts.JSON, "SQS": r.Parts.SQS,
	} {
		assert.Check(t, figure > 0, name)
	}
}

// serve returns a server that has one status for everything, and the number of
// webhooks that it was sent.
func serve(t *testing.T, status int) (*server, *atomic.Int64) {
	t.Helper()
	var webhooks atomic.Int64
	local, err := process.Serve(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/event" {
			webhooks.Add(1)
		}
		w.WriteHeader(status)
	}))
	assert.NilError(t, err)
	t.Cleanup(local.Stop)
	return &server{url: "http://" + local.Address, appDefinition: "appdef_1"}, &webhooks
}

func TestAtRateSendsWhatIsDue(t *testing.T) {
	s, webhooks := serve(t, http.StatusOK)
	key, err := benchling.NewKey()
	assert.NilError(t, err)
	took, err := atRate(t.Context(), s, newEvents(key, s.appDefinition), 100, 200*time.Millisecond)
	assert.NilError(t, err)
	assert.Equal(t, len(took.took), 20)
	assert.Equal(t, webhooks.Load(), int64(20))
	assert.Assert(t, took.lasted >= 190*time.Millisecond, took.lasted)
}

func TestRefusedEventsAreAnError(t *testing.T) {
	s, _ := serve(t, http.StatusServiceUnavailable)
	key, err := benchling.NewKey()
	assert.NilError(t, err)
	_, err = asFastAsPossible(t.Context(), s, newEvents(key, s.appDefinition), 2, time.Second)
	assert.Error(t, err, "/event: status 503, not 200: ")
	_, err = probe(t.Context(), s)
	assert.Error(t, err, "/health: status 503")
	assert.Error(t, floods[0].send(t.Context(), s, 1), "/event: status 503, not 401: ")
}

func TestFloodHeaders(t *testing.T) {
	for _, f := range floods {
		signatures := strings.Split(f.header(), " ")
		assert.Equal(t, len(signatures), f.signatures)
		assert.Assert(t, strings.HasPrefix(signatures[0], "v1der,"))
	}
}

func TestUsedBy(t *testing.T) {
	used, err := usedBy(os.Getpid())
	assert.NilError(t, err)
	assert.Assert(t, used.processes >= 1 && used.rss > 1, "%+v", used)
	_, err = usedBy(1 << 30)
	assert.Error(t, err, "/proc: the server isn't there")
}
