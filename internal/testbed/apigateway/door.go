// Package apigateway stands in for the HTTP API of API Gateway in front of the load
// balancer: its routes, throttles, limits, IAM's signatures and the integration, by what
// is deployed. There is no custom domain and no access log.
package apigateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/time/rate"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/testbed/onward"
)

// Limits of an HTTP API.
// Source: API Gateway's guide, "Quotas for configuring and running an HTTP API". It
// names no statuses for them: 413 and 431 are HTTP's.
const (
	bodyLimit = 10 << 20
	// headLimit is for the request line and the headers' values.
	headLimit = 10_240
	// readAway is how much of a body that is too large is taken all the same, so
	// that its sender sees the response.
	readAway = 10 * bodyLimit
)

// keepAlive is how long an idle connection to the load balancer is used again. AWS
// doesn't say how long API Gateway does; shorter than a load balancer's shortest idle
// timeout, it rehearses no race between the two. maxIdle is more than a run has.
const (
	keepAlive = 500 * time.Millisecond
	maxIdle   = 10_000
)

// Gate knows who signed a request, and what they may.
type Gate interface {
	// Credentials returns those of an access key, or false.
	Credentials(key string) (aws.Credentials, bool)
	// Invoke returns whether the holder of an access key may call a method of a path
	// of the API with an ID.
	Invoke(ctx context.Context, key, api, method, path string) (bool, error)
}

// Door takes requests on 127.0.0.1 in API Gateway's place.
type Door struct {
	*process.LocalServer

	gate      Gate
	region    string
	scheme    string
	transport *http.Transport

	lock      sync.Mutex
	api       string
	routes    []Route
	throttles map[string]*rate.Limiter
	stage     *rate.Limiter
	listeners map[string]*url.URL
	passed    map[string]int
	own       map[int]int
}

// Serve returns a door without routes, whose every response is 404, over TLS unless
// there is no certificate. Signatures must be for the region, by what the gate knows.
func Serve(gate Gate, region string, certificate *tls.Certificate) (*Door, error) {
	d := &Door{
		gate: gate, region: region, scheme: "https",
		transport: &http.Transport{IdleConnTimeout: keepAlive, MaxIdleConnsPerHost: maxIdle, DisableCompression: true},
		passed:    map[string]int{}, own: map[int]int{},
	}
	if certificate == nil {
		d.scheme = "http"
	}
	var err error
	d.LocalServer, err = process.ServeTLS(d, certificate)
	return d, err
}

// URL returns where the door takes requests, without a slash at the end.
func (d *Door) URL() string { return d.scheme + "://" + d.Address }

// Deploy gives the door the routes and throttles of an API, in place of those that it
// has, and the URLs of load balancers' listeners, by ARN. A route to another listener is
// an error.
func (d *Door) Deploy(api API, listeners map[string]string) error {
	throttles, urls := map[string]*rate.Limiter{}, map[string]*url.URL{}
	var faults []error
	for arn, text := range listeners {
		parsed, err := url.Parse(text)
		if err != nil || parsed.Host == "" {
			faults = append(faults, fmt.Errorf("listener %s: %q isn't a URL such as http://127.0.0.1:80", arn, text))
		}
		urls[arn] = parsed
	}
	for _, route := range api.Routes {
		if urls[route.Listener] == nil {
			faults = append(faults, fmt.Errorf("API %s, route %q: no listener %q: integrate it with the load balancer's", api.ID, route.Key, route.Listener))
		}
		if route.Throttle != nil {
			throttles[route.Key] = limiter(*route.Throttle)
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	d.api = api.ID
	d.routes, d.throttles, d.stage, d.listeners = api.Routes, throttles, limiter(api.Default), urls
	return nil
}

func limiter(t Throttle) *rate.Limiter { return rate.NewLimiter(rate.Limit(t.Rate), t.Burst) }

// Passed returns how many requests went on to the load balancer, by their routes' keys.
func (d *Door) Passed() map[string]int {
	d.lock.Lock()
	defer d.lock.Unlock()
	return maps.Clone(d.passed)
}

// Own returns how many responses the door made itself, by status.
func (d *Door) Own() map[int]int {
	d.lock.Lock()
	defer d.lock.Unlock()
	return maps.Clone(d.own)
}

// admit returns the route of a request and its listener, or the status of its refusal.
// AWS doesn't say whether what is refused for its signature counts for a throttle: here
// it does, which refuses more.
func (d *Door) admit(r *http.Request) (*Route, *url.URL, int) {
	d.lock.Lock()
	defer d.lock.Unlock()
	route := match(d.routes, r.Method, r.URL.Path)
	if route == nil {
		return nil, nil, http.StatusNotFound
	}
	throttle := d.throttles[route.Key]
	if throttle == nil {
		throttle = d.stage
	}
	if !throttle.Allow() {
		return nil, nil, http.StatusTooManyRequests
	}
	return route, d.listeners[route.Listener], 0
}

// ServeHTTP passes a request on, or refuses it.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if headSize(r) > headLimit {
		d.refuse(w, http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	route, listener, status := d.admit(r)
	if route == nil {
		d.refuse(w, status)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	switch {
	case len(body) > bodyLimit:
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, readAway))
		d.refuse(w, http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		d.refuse(w, http.StatusBadRequest)
		return
	case route.IAM && d.verify(r, body) != nil:
		d.refuse(w, http.StatusForbidden)
		return
	}
	d.lock.Lock()
	d.passed[route.Key]++
	d.lock.Unlock()
	ctx, cancel := context.WithTimeout(r.Context(), route.Timeout)
	defer cancel()
	(&httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { rewrite(p, *route, listener, body) },
		Transport: d.transport,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			d.refuse(w, statusOf(err))
		},
	}).ServeHTTP(w, r.WithContext(ctx))
}

// headSize returns the bytes of the request line and of the headers' values.
func headSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len("  ") + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	return size
}

// rewrite makes the listener's request: the caller's, with the headers that API Gateway
// adds and those that the integration overwrites. The load balancer adds X-Forwarded-For.
// An HTTP API names the caller in Forwarded, and in Via itself.
// Source: API Gateway's guide, "Transform API requests and responses for HTTP APIs",
// on headers that are its own.
func rewrite(p *httputil.ProxyRequest, route Route, listener *url.URL, body []byte) {
	onward.Request(p, listener, body, "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")
	client, _, _ := net.SplitHostPort(p.In.RemoteAddr)
	forwarded := fmt.Sprintf("for=%s;host=%s;proto=https", client, p.In.Host)
	if before := p.In.Header.Get("Forwarded"); before != "" {
		forwarded = before + ", " + forwarded
	}
	p.Out.Header.Set("Forwarded", forwarded)
	p.Out.Header.Set("Via", "HTTP/1.1 AmazonAPIGateway")
	for name, value := range route.Overwrite {
		if value == SourceIP {
			value = client
		}
		p.Out.Header.Set(name, value)
	}
}

// statusOf returns the status of a request that the load balancer gave no response to.
// Source: re:Post's knowledge center, "How do I troubleshoot API HTTP 504 timeout errors
// with API Gateway?". It names none for a load balancer that isn't there.
func statusOf(err error) int {
	if errors.Is(err, context.DeadlineExceeded) {
		return http.StatusGatewayTimeout
	}
	return http.StatusServiceUnavailable
}

// refuse makes a response of the door's own.
func (d *Door) refuse(w http.ResponseWriter, status int) {
	d.lock.Lock()
	d.own[status]++
	d.lock.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, http.StatusText(status))
}
