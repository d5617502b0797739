// Package proxy stands between the tasks and the local AWS, and lets
// operations of AWS fail on demand.
package proxy

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"benchlingwebhook/internal/process"
)

// Fault is a way in which AWS fails. Without Refuse, Hang and Delay it has no
// effect.
type Fault struct {
	// Operation is the beginning of the names, as Operation returns them, of what
	// it is for.
	Operation string
	// Refuse responds with 503, and AWS never sees the request.
	Refuse bool
	// Hang takes a request and never responds; AWS doesn't see it.
	Hang bool
	// Delay holds back the response to a request that AWS has carried out.
	Delay time.Duration
}

// Proxy passes requests on.
type Proxy struct {
	*process.LocalServer

	expired func(key string) bool
	lock    sync.Mutex
	faults  []Fault
	hits    int
}

// Start passes the requests to a free port of 127.0.0.1 on to a target, such as
// "http://127.0.0.1:4566". It is reached over TLS, with the certificate, as AWS is.
// expired returns whether the session of an access key is over.
func Start(target string, certificate *tls.Certificate, expired func(key string) bool) (*Proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	p := &Proxy{expired: expired}
	onward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			// Signatures and queue addresses hold the name that the task called.
			r.Out.Host = r.In.Host
			// By this the target knows aws:SecureTransport.
			r.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		// A killed task breaks off its requests: nothing to log.
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.LocalServer, err = process.ServeTLS(p.wrap(onward), certificate)
	return p, err
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

// Operation names what a request asks of AWS: "AmazonSQS.SendMessage" with the
// protocols that carry a target, and "S3.PUT", with the method, for the rest.
func Operation(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target
	}
	return "S3." + r.Method
}

func (p *Proxy) wrap(onward http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := p.next(Operation(r))
		if fault.Refuse {
			refuse(w, r, http.StatusServiceUnavailable, "SlowDown", "ServiceUnavailable", "a fault on demand")
			return
		}
		if fault.Hang {
			// The server notices that the client has gone only when it has read all.
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		if p.expired(accessKey(r)) {
			refuse(w, r, http.StatusBadRequest, "ExpiredToken", "ExpiredTokenException", "The provided token has expired.")
			return
		}
		if fault.Delay == 0 {
			onward.ServeHTTP(w, r)
			return
		}
		onward.ServeHTTP(&late{ResponseWriter: w, by: fault.Delay}, r)
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

// refuse responds with an error as a service of AWS does: S3 in XML and by one code,
// the others in JSON and by another.
func refuse(w http.ResponseWriter, r *http.Request, status int, xml, json, message string) {
	if r.Header.Get("X-Amz-Target") == "" {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", xml, message)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type": %q, "message": %q}`, json, message)
}

// late writes a response after a while.
type late struct {
	http.ResponseWriter
	by time.Duration
}

// WriteHeader waits, then writes.
func (l *late) WriteHeader(status int) {
	time.Sleep(l.by)
	l.ResponseWriter.WriteHeader(status)
}
