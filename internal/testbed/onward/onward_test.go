package onward

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// passedOn returns what a reverse proxy makes of a request.
func passedOn(in *http.Request, body string) *http.Request {
	out := in.Clone(in.Context())
	// As httputil's ReverseProxy does before it calls Rewrite.
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		out.Header.Del(name)
	}
	p := &httputil.ProxyRequest{In: in, Out: out}
	Request(p, &url.URL{Scheme: "http", Host: "127.0.0.1:9"}, []byte(body), "X-Forwarded-For", "X-Forwarded-Host")
	return p.Out
}

func TestRequest(t *testing.T) {
	in := httptest.NewRequest(http.MethodPost, "https://api.example/event?a=b", strings.NewReader("sent"))
	in.Header.Set("X-Forwarded-For", "192.0.2.1")
	in.Header.Set("X-Forwarded-Proto", "https")
	out := passedOn(in, "sent")
	assert.Equal(t, out.URL.String(), "http://127.0.0.1:9/event?a=b")
	assert.Equal(t, out.Host, "api.example")
	assert.Equal(t, out.Header.Get("X-Forwarded-For"), "192.0.2.1")
	assert.Equal(t, out.Header.Get("X-Forwarded-Proto"), "", "one that isn't kept")
	_, comes := out.Header["X-Forwarded-Host"]
	assert.Assert(t, !comes, "one that the caller didn't send")
	text, err := io.ReadAll(out.Body)
	assert.NilError(t, err)
	assert.Equal(t, string(text), "sent")
}

// TestRequestIsSentOnce looks for what Go's transport repeats a request by: no body, or
// GetBody.
func TestRequestIsSentOnce(t *testing.T) {
	for _, c := range []struct {
		method, body string
		once         bool
	}{
		{http.MethodGet, "", true},
		{http.MethodHead, "", true},
		{http.MethodPost, "body", true},
		{http.MethodGet, "body", true},
		{http.MethodPost, "", false},
	} {
		in := httptest.NewRequest(c.method, "/", nil)
		in.Body, in.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
		out := passedOn(in, c.body)
		assert.Equal(t, out.Body != http.NoBody && out.GetBody == nil, c.once, "%s with %q", c.method, c.body)
	}
}
