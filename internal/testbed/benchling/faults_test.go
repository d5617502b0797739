package benchling

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// ask returns the status and Retry-After of a response, or 0 where none came.
func ask(t *testing.T, method, url, token string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(`{"blocks": []}`))
	assert.NilError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	assert.NilError(t, err)
	return response.StatusCode, response.Header.Get("Retry-After")
}

func TestFaults(t *testing.T) {
	var faults Faults
	server := httptest.NewServer(faults.wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	defer server.Close()
	expect := func(path string, status int, after string) {
		t.Helper()
		gotStatus, gotAfter := ask(t, "POST", server.URL+path, "")
		assert.Equal(t, gotStatus, status)
		assert.Equal(t, gotAfter, after)
	}
	expect("/a", 200, "")
	faults.Inject(Fault{Path: "/a", Times: 2, Status: 429, RetryAfter: 2 * time.Second})
	faults.Inject(Fault{Reset: true})
	expect("/a/b", 429, "2")
	expect("/b", 0, "")
	expect("/a", 429, "2")
	expect("/a", 0, "")
	assert.Equal(t, faults.Hits(), 4)
	faults.Clear("")
	expect("/a", 200, "")

	faults.Inject(Fault{Times: 1, Delay: 50 * time.Millisecond})
	began := time.Now()
	expect("/a", 200, "")
	assert.Check(t, time.Since(began) >= 50*time.Millisecond)
	assert.Equal(t, faults.Hits(), 5)
}

func TestExpiredTokenAndRotatedKey(t *testing.T) {
	key, err := NewKey()
	assert.NilError(t, err)
	server, err := Serve(key, client, nil)
	assert.NilError(t, err)
	defer server.Stop()
	url := "http://" + server.Address

	before := server.API.Token()
	status, _ := ask(t, "GET", url+"/api/v2/entries/etr_1", before)
	assert.Equal(t, status, 200)
	server.API.ExpireToken()
	status, _ = ask(t, "GET", url+"/api/v2/entries/etr_1", before)
	assert.Equal(t, status, 401)
	assert.Equal(t, server.API.Refused(), 1)
	status, _ = ask(t, "GET", url+"/api/v2/entries/etr_1", server.API.Token())
	assert.Equal(t, status, 200)

	next, err := NewKey()
	assert.NilError(t, err)
	assert.NilError(t, server.Publish(next))
	document, err := next.JWKS()
	assert.NilError(t, err)
	response, err := http.Get(url + JWKSPath)
	assert.NilError(t, err)
	defer response.Body.Close()
	published, err := io.ReadAll(response.Body)
	assert.NilError(t, err)
	assert.Equal(t, string(published), string(document))
}

func TestCanvasIsRecorded(t *testing.T) {
	key, err := NewKey()
	assert.NilError(t, err)
	server, err := Serve(key, client, nil)
	assert.NilError(t, err)
	defer server.Stop()
	url := "http://" + server.Address + "/api/v2/app-canvases/cnvs_1"
	status, _ := ask(t, "PATCH", url, "none")
	assert.Equal(t, status, 401)
	status, _ = ask(t, "PATCH", url, server.API.Token())
	assert.Equal(t, status, 200)
	drawn := server.API.Drawn("cnvs_1")
	assert.Equal(t, len(drawn), 1)
	assert.DeepEqual(t, drawn[0]["blocks"], []any{})
}
