package stage

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed/apigateway"
	"benchlingwebhook/internal/testbed/benchling"
)

// TestLoadRepeatsWhatIsRefused sends events to a service that refuses the first
// request of each.
func TestLoadRepeatsWhatIsRefused(t *testing.T) {
	var lock sync.Mutex
	seen := map[string]int{}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		id := r.Header.Get("webhook-id")
		if seen[id]++; seen[id] == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer service.Close()
	key, err := benchling.NewKey()
	assert.NilError(t, err)
	s := New(report.New(io.Discard))
	s.App.Key = key
	s.Client = http.DefaultClient
	s.Door, err = apigateway.Serve(nil, "", nil)
	assert.NilError(t, err)
	defer s.Door.Stop()
	wide := apigateway.Throttle{Rate: 1000, Burst: 1000}
	assert.NilError(t, s.Door.Deploy(apigateway.API{Default: wide, Routes: []apigateway.Route{
		{Key: "POST /event", Listener: "listener", Timeout: time.Second},
	}}, map[string]string{"listener": service.URL}))
	sent, err := s.StartLoad(t.Context(), 3, "etr_", 0).Wait()
	assert.NilError(t, err)
	assert.Equal(t, len(sent.Entries), 3)
	assert.Equal(t, sent.Repeated, 3)
	assert.Equal(t, sent.Responses(), "200: 3, 503: 3")
	_, err = s.SendEvents(t.Context())
	assert.Error(t, err, "/event: responses 200: 6, 503: 6: only 200 was due")
}
