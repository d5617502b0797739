// Package loadbalancer stands in for the internal Application Load Balancer in front of
// the web tasks, by the figures that are deployed.
//
// It is Go's httputil.ReverseProxy over a transport whose connections are our own,
// because HAProxy, Caddy and Traefik, or oxy as a library, don't tell who closed an idle
// connection, which is what a server's wrong keep-alive shows in. It runs in this
// process, so that the user's machine needs no other program.
package loadbalancer

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"time"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/testbed/onward"
)

// StatusClientClosed is what a load balancer counts where its client went away before
// the response.
// Source: Elastic Load Balancing's guide, "Troubleshoot your Application Load
// Balancers", HTTP 460.
const StatusClientClosed = 460

// maxIdle is the number of idle connections that a target's transport keeps: more than
// a run has, for AWS names no bound.
const maxIdle = 10_000

// validHeader is what the name of a header may be where invalid ones are dropped.
var validHeader = regexp.MustCompile(`^[-A-Za-z0-9]+$`)

// Balancer takes requests on 127.0.0.1 and passes each on to one target, once.
type Balancer struct {
	*process.LocalServer

	figures Figures

	lock        sync.Mutex
	targets     []*target
	next        int
	transitions []Transition
	closedIdle  int
	own         map[int]int
}

// Serve starts a balancer without a target.
func Serve(figures Figures) (*Balancer, error) {
	if figures.Interval <= 0 || figures.Timeout <= 0 || figures.IdleTimeout <= 0 {
		return nil, fmt.Errorf("health check each %s within %s, idle timeout %s: each must be above 0", figures.Interval, figures.Timeout, figures.IdleTimeout)
	}
	b := &Balancer{figures: figures, own: map[int]int{}}
	var err error
	b.LocalServer, err = process.Serve(b)
	return b, err
}

// Stop ends the health checks and closes every connection.
func (b *Balancer) Stop() {
	b.LocalServer.Stop()
	b.lock.Lock()
	defer b.lock.Unlock()
	for _, t := range b.targets {
		t.endChecks()
		for c := range t.connections {
			go c.Close()
		}
	}
}

// URL returns where the balancer takes requests, without a slash at the end.
func (b *Balancer) URL() string { return "http://" + b.Address }

// Closed returns how many idle connections a target closed before the idle timeout did,
// neither draining nor said to be stopping: each could have been a 502.
func (b *Balancer) Closed() int {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.closedIdle
}

// Own returns how many responses the balancer made itself, by status: 502, 503 and 504,
// and StatusClientClosed, which nobody received.
func (b *Balancer) Own() map[int]int {
	b.lock.Lock()
	defer b.lock.Unlock()
	return maps.Clone(b.own)
}

// ServeHTTP passes a request on. It takes the whole body first, which of API Gateway is
// there at once: Go's server takes the rest away from a proxy whose target responds
// before it has read everything.
func (b *Balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.respond(w, StatusClientClosed)
		return
	}
	t := b.choose()
	if t == nil {
		b.respond(w, http.StatusServiceUnavailable)
		return
	}
	defer b.release(t)
	(&httputil.ReverseProxy{
		Rewrite:      func(p *httputil.ProxyRequest) { b.rewrite(p, t.address, body) },
		Transport:    t.transport,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { b.respond(w, statusOf(r.Context(), err)) },
	}).ServeHTTP(w, r.WithContext(watched(r.Context())))
}

// rewrite makes the target's request: the client's, with the headers that a load
// balancer adds.
// Source: Elastic Load Balancing's guide, "HTTP headers and Application Load Balancers".
func (b *Balancer) rewrite(p *httputil.ProxyRequest, address string, body []byte) {
	onward.Request(p, &url.URL{Scheme: "http", Host: address}, body, "Forwarded", "X-Forwarded-For", "X-Forwarded-Host")
	client, _, _ := net.SplitHostPort(p.In.RemoteAddr)
	if before := p.In.Header.Get("X-Forwarded-For"); before != "" {
		client = before + ", " + client
	}
	p.Out.Header.Set("X-Forwarded-For", client)
	p.Out.Header.Set("X-Forwarded-Proto", b.figures.Scheme)
	p.Out.Header.Set("X-Forwarded-Port", strconv.Itoa(b.figures.Port))
	if p.Out.Header.Get("X-Amzn-Trace-Id") == "" {
		p.Out.Header.Set("X-Amzn-Trace-Id", traceID())
	}
	if b.figures.DropInvalidHeaders {
		maps.DeleteFunc(p.Out.Header, func(name string, _ []string) bool { return !validHeader.MatchString(name) })
	}
}

// traceID returns a value of X-Amzn-Trace-Id.
func traceID() string {
	random := make([]byte, 12)
	_, _ = rand.Read(random) // Never fails.
	return fmt.Sprintf("Root=1-%08x-%s", time.Now().Unix(), hex.EncodeToString(random))
}

// statusOf returns the status of a request whose target gave no response.
// Source: Elastic Load Balancing's guide, "Troubleshoot your Application Load
// Balancers".
func statusOf(ctx context.Context, err error) int {
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return StatusClientClosed
	case errors.As(err, &network) && network.Timeout():
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// respond makes a response of the balancer's own.
func (b *Balancer) respond(w http.ResponseWriter, status int) {
	b.lock.Lock()
	b.own[status]++
	b.lock.Unlock()
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	w.Header().Set("Server", "awselb/2.0")
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<html><head><title>%s</title></head><body><h1>%s</h1></body></html>\n", title, title)
}
