package operate

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/benchling"
)

// listOf returns a list of a Benchling that refuses the first calls with these statuses,
// and what it waited.
func listOf(t *testing.T, pages map[string]string, refusals ...int) (list *entryList, waited *[]time.Duration) {
	t.Helper()
	tokens := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v2/token" {
			tokens++
			fmt.Fprintf(w, `{"access_token": "t0ken-%d"}`, tokens)
			return
		}
		if len(refusals) > 0 {
			status := refusals[0]
			refusals = refusals[1:]
			if status == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "7")
			}
			w.WriteHeader(status)
			return
		}
		assert.Check(t, r.Header.Get("Authorization") == fmt.Sprintf("Bearer t0ken-%d", tokens))
		fmt.Fprint(w, pages[r.URL.Query().Get("nextToken")])
	}))
	t.Cleanup(server.Close)
	waited = new([]time.Duration)
	list = &entryList{app: newBenchlingApp(appOf(server.URL)), report: func(int) {}, wait: func(_ context.Context, d time.Duration) error {
		*waited = append(*waited, d)
		return nil
	}}
	var err error
	list.base, list.token, err = list.app.signIn(t.Context())
	assert.NilError(t, err)
	return list, waited
}

var twoPages = map[string]string{
	"":   `{"entries": [{"id": "etr_1", "folderId": "lib_1", "days": [{"notes": []}]}, {"id": "etr_2", "folderId": "lib_2"}], "nextToken": "n1"}`,
	"n1": `{"entries": [{"id": "etr_2", "folderId": "lib_2"}, {"id": "etr_3", "folderId": "lib_1"}], "nextToken": ""}`,
}

func TestListIsReadPageByPage(t *testing.T) {
	list, waited := listOf(t, twoPages, 401, 429, 503, 502)
	ids, err := list.read(t.Context(), Filter{All: true})
	assert.NilError(t, err)
	assert.DeepEqual(t, ids, []string{"etr_1", "etr_2", "etr_3"})
	assert.DeepEqual(t, *waited, []time.Duration{7 * time.Second, time.Second, 2 * time.Second})
	ids, err = list.read(t.Context(), Filter{Folder: "lib_1"})
	assert.NilError(t, err)
	assert.DeepEqual(t, ids, []string{"etr_1", "etr_3"})
}

func TestListFails(t *testing.T) {
	busy := make([]int, listAttempts)
	for i := range busy {
		busy[i] = http.StatusTooManyRequests
	}
	for want, c := range map[string]struct {
		pages    map[string]string
		refusals []int
	}{
		"HTTP status 400; look at the IDs of the filter, and give the app access to the project": {twoPages, []int{400}},
		"HTTP status 401; look at the IDs of the filter":                                         {twoPages, []int{401, 401}},
		"HTTP status 429, 8 times; try again later":                                              {twoPages, busy},
		"the response isn't Benchling's JSON; try again":                                         {map[string]string{"": "<html>"}, nil},
		`"bfi_1": no entry ID`:                                                                   {map[string]string{"": `{"entries": [{"id": "bfi_1"}]}`}, nil},
	} {
		list, _ := listOf(t, c.pages, c.refusals...)
		_, err := list.read(t.Context(), Filter{All: true})
		assert.ErrorContains(t, err, "/api/v2/entries: ")
		assert.ErrorContains(t, err, want)
		assert.Check(t, !strings.Contains(err.Error(), "\n") && !strings.Contains(err.Error(), "t0ken"))
	}
}

// TestListIsAsBenchlingDescribesIt asks the stand-in, which holds each call against
// Benchling's description.
func TestListIsAsBenchlingDescribesIt(t *testing.T) {
	server, app := standIn(t)
	list := entryList{app: newBenchlingApp(app), report: func(int) {}, wait: pause}
	var err error
	list.base, list.token, err = list.app.signIn(t.Context())
	assert.NilError(t, err)
	ids, err := list.read(t.Context(), Filter{Project: "src_1", Schema: "ts_1", Since: "2026-01-01", Until: "2026-02-01"})
	assert.NilError(t, err)
	assert.DeepEqual(t, ids, []string{benchling.ListedEntry})
	assert.DeepEqual(t, server.Violations(), []string(nil))
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{"": 0, "0.5": 500 * time.Millisecond, "-1": 0, "1e12": longestBusy, "soon": 0} {
		assert.Equal(t, retryAfter(http.Header{"Retry-After": {header}}), want, header)
	}
	assert.Equal(t, retryAfter(http.Header{"X-Rate-Limit-Reset": {"12"}}), 12*time.Second)
	at := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
	assert.Check(t, retryAfter(http.Header{"Retry-After": {at}}) > 50*time.Second)
}
