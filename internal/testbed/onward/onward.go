// Package onward makes the requests that a reverse proxy passes on, as API Gateway and a
// load balancer do: each is sent once.
package onward

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// Request makes the outgoing request: the caller's, with its Host, to a URL's scheme and
// host, and with a body that has been read. httputil takes away the headers that name
// proxies; kept are those that stay as the caller sent them.
//
// Go's transport repeats a request whose body it can read again, on another connection, so
// this one's can't be. An empty POST keeps its length of 0 instead: it is repeated only
// where nothing of it was sent.
func Request(p *httputil.ProxyRequest, to *url.URL, body []byte, kept ...string) {
	p.SetURL(to)
	p.Out.Host = p.In.Host
	for _, name := range kept {
		if values := p.In.Header.Values(name); len(values) > 0 {
			p.Out.Header[name] = values
		}
	}
	if len(body) > 0 || p.In.Method == http.MethodGet || p.In.Method == http.MethodHead {
		p.Out.Body, p.Out.GetBody = io.NopCloser(struct{ io.Reader }{bytes.NewReader(body)}), nil
	}
}
