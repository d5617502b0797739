// Package proxy stands between the tasks and the local AWS: it refuses what AWS's limits
// don't allow, and lets operations of AWS fail on demand.
//
// Toxiproxy (github.com/Shopify/toxiproxy/v2) has the faults of the network as a library,
// but sees connections, not operations, and none of what TLS hides: a fault of one
// operation of one service would need a proxy of its own. With net/http's Hijacker they
// take the few lines of connections.go, without its server, metrics and logs.
package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/testbed/awserror"
	"benchlingwebhook/internal/testbed/limits"
)

// Proxy passes requests on.
type Proxy struct {
	*process.LocalServer

	expired func(key string) bool
	limits  *limits.Checker
	lock    sync.Mutex
	faults  []Fault
	hits    int
	// mayList says whether who signs with an access key may list a bucket.
	mayList func(key, bucket string) bool
	// held are the connections on which nobody responds any more.
	held []net.Conn
}

// bodyKey is the context's key of a request's body.
type bodyKey struct{}

// Start passes the requests to a free port of 127.0.0.1 on to a target, such as
// "http://127.0.0.1:4566". It is reached over TLS, with the certificate, as AWS is.
// expired returns whether the session of an access key is over.
func Start(target string, certificate *tls.Certificate, expired func(key string) bool) (*Proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	p := &Proxy{expired: expired, limits: limits.New()}
	onward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			// Signatures and queue addresses hold the name that the task called.
			r.Out.Host = r.In.Host
			// By this the target knows aws:SecureTransport.
			r.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		ModifyResponse: p.read,
		// A killed task breaks off its requests: nothing to log.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.LocalServer, err = process.ServeTLS(p.wrap(onward), certificate)
	return p, err
}

// Stop closes the listener and every connection.
func (p *Proxy) Stop() {
	p.LocalServer.Stop()
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, connection := range p.held {
		_ = connection.Close()
	}
	p.held = nil
}

// Inject puts faults into force, in place of those before: none clears.
func (p *Proxy) Inject(faults ...Fault) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.faults, p.hits = faults, 0
}

// Hits returns how many requests met the faults in force.
func (p *Proxy) Hits() int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.hits
}

// Broken returns how often the tasks broke each of AWS's limits, by the limit's name in
// the package limits. One that was kept has no entry.
func (p *Proxy) Broken() map[string]int { return p.limits.Broken() }

// Operation names what a request asks of AWS: "AmazonSQS.SendMessage" with the
// protocols that carry a target, and "S3.PUT", with the method, for the rest; for a part
// of an upload "S3.PUT.part".
func Operation(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target
	}
	if r.URL.Query().Has("partNumber") {
		return "S3." + r.Method + ".part"
	}
	return "S3." + r.Method
}

func (p *Proxy) wrap(onward http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := p.next(Operation(r))
		if p.fail(fault, w, r) {
			return
		}
		if p.expired(accessKey(r)) {
			code := "ExpiredTokenException"
			if awserror.Service(r) == awserror.S3 {
				code = "ExpiredToken"
			}
			awserror.Error{Code: code, Message: "The provided token has expired."}.Write(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			// The task has broken off.
			panic(http.ErrAbortHandler)
		}
		if refusal := p.limits.Check(r, body); refusal != nil {
			refusal.Write(w, r)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), bodyKey{}, body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.pass(fault, onward, w, r)
	})
}

func (p *Proxy) next(operation string) Fault {
	p.lock.Lock()
	defer p.lock.Unlock()
	for _, fault := range p.faults {
		if strings.HasPrefix(operation, fault.Operation) {
			p.hits++
			return fault
		}
	}
	return Fault{}
}

// credential finds the access key in a signature.
var credential = regexp.MustCompile(`Credential=([A-Z0-9]+)/`)

// accessKey returns the access key that a request is signed with, or nothing.
func accessKey(r *http.Request) string {
	found := credential.FindStringSubmatch(r.Header.Get("Authorization"))
	if found == nil {
		return ""
	}
	return found[1]
}
