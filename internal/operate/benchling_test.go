package operate

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/benchling"
)

// standIn runs the stand-in of Benchling, and returns credentials that lead to it.
func standIn(t *testing.T) (*benchling.Server, credentials) {
	t.Helper()
	if testing.Short() {
		t.Skip("reads Benchling's description of its API, which takes seconds")
	}
	key, err := benchling.NewKey()
	assert.NilError(t, err)
	server, err := benchling.Serve(key, filepath.Join("../..", benchling.Client), nil)
	assert.NilError(t, err)
	t.Cleanup(server.Stop)
	return server, appOf("http://" + server.Address)
}

// appOf returns credentials for a Benchling at a URL.
func appOf(base string) credentials {
	return credentials{
		"tenant": "acme", "client_id": "id-1", "client_secret": "s3cret-of-the-app", "app_definition_id": "appdef_1",
		"base_url": base, "jwks_url": base + benchling.JWKSPath,
	}
}

// TestAppReadsAnEntry calls the stand-in, which holds each call against Benchling's
// description.
func TestAppReadsAnEntry(t *testing.T) {
	server, app := standIn(t)
	entry, err := newBenchlingApp(app).check(t.Context())
	assert.NilError(t, err)
	assert.Equal(t, entry, benchling.DisplayID(benchling.ListedEntry))
	assert.DeepEqual(t, server.Violations(), []string(nil))
	assert.DeepEqual(t, server.Calls(), map[string]int{"generateToken": 1, "listEntries": 1, "getEntry": 1})
}

// TestBenchlingRefuses lays down what Benchling responds to each path, and wants place,
// fault and remedy, and no secret.
func TestBenchlingRefuses(t *testing.T) {
	type response struct {
		status int
		body   string
	}
	good := map[string]response{
		"/api/v2/token":         {200, `{"access_token": "t0ken"}`},
		"/api/v2/entries":       {200, `{"entries": [{"id": "etr_1"}]}`},
		"/api/v2/entries/etr_1": {200, `{"entry": {"displayId": "EXP-1"}}`},
		benchling.JWKSPath:      {200, `{"keys": [{}]}`},
	}
	const noKeys = "app_definition_id: Benchling publishes no keys for it (HTTP status %d); copy it from the app's page in Benchling, such as appdef_1"
	for _, c := range []struct {
		path string
		response
		want string
	}{
		{"/", response{}, ""},
		{"/api/v2/token", response{401, `s3cret-of-the-app`}, "client_id, client_secret: Benchling refused them (HTTP status 401); copy both from the app's page in Benchling, or make a new secret there"},
		{"/api/v2/token", response{404, ``}, "URL/api/v2/token: HTTP status 404 without a token; look at the tenant's name, or try again"},
		{"/api/v2/token", response{200, `{"s3cret-of-the-app"`}, "URL: the response isn't Benchling's JSON; look at the tenant's name and at your way to the internet"},
		{"/api/v2/token", response{307, ``}, "URL/api/v2/token: HTTP status 307 without a token; look at the tenant's name, or try again"},
		{"/api/v2/entries", response{200, `{"entries": []}`}, "entries: the app sees none; install it, and give it access to a project that has an entry"},
		{"/api/v2/entries", response{403, ``}, "entries: HTTP status 403; install the app, and give it access to a project"},
		{"/api/v2/entries/etr_1", response{404, ``}, "entries: HTTP status 404; install the app, and give it access to a project"},
		{"/api/v2/entries/etr_1", response{200, `<html>`}, "entries: the response isn't Benchling's JSON; try again"},
		{benchling.JWKSPath, response{404, ``}, fmt.Sprintf(noKeys, 404)},
		{benchling.JWKSPath, response{200, `{}`}, fmt.Sprintf(noKeys, 200)},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			said, known := good[r.URL.Path]
			if r.URL.Path == c.path {
				said, known = c.response, true
			}
			if user, password, _ := r.BasicAuth(); r.URL.Path == "/api/v2/token" && user+password != "id-1s3cret-of-the-app" {
				t.Errorf("credentials: %q", user)
			}
			assert.Check(t, known, r.URL.Path)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(said.status)
			_, _ = w.Write([]byte(said.body))
		}))
		_, err := newBenchlingApp(appOf(server.URL)).check(t.Context())
		server.Close()
		if c.want == "" {
			assert.NilError(t, err)
			continue
		}
		assert.Error(t, err, strings.ReplaceAll(c.want, "URL", server.URL))
	}
}

func TestBenchlingIsAway(t *testing.T) {
	_, err := newBenchlingApp(appOf("http://127.0.0.1:1")).check(t.Context())
	assert.ErrorContains(t, err, "look at the tenant's name and at your way to the internet")
	assert.Check(t, !strings.Contains(err.Error(), "s3cret"))
}
