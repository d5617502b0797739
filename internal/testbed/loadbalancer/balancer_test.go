package loadbalancer

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"
)

// small are figures with which a test takes milliseconds. No health check comes but the
// first, unless a test changes that.
var small = Figures{
	Port: 80, Scheme: "http", HealthPath: "/health", SuccessCodes: "200",
	Interval: time.Hour, Timeout: time.Second, HealthyThreshold: 2, UnhealthyThreshold: 3,
	DeregistrationDelay: 300 * time.Millisecond, IdleTimeout: 150 * time.Millisecond,
	Algorithm: RoundRobin, DropInvalidHeaders: true,
}

func start(t *testing.T, figures Figures, targets ...string) *Balancer {
	t.Helper()
	b, err := Serve(figures)
	assert.NilError(t, err)
	t.Cleanup(b.Stop)
	for _, address := range targets {
		b.Register(address)
	}
	return b
}

// serve runs a target that responds to health checks, too.
func serve(t *testing.T, handler http.HandlerFunc) (address string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// script runs a target that does something with each connection, and closes it.
func script(t *testing.T, each func(net.Conn, *bufio.Reader)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NilError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				each(c, bufio.NewReader(c))
			}()
		}
	}()
	return listener.Addr().String()
}

// readEvent returns whether the next request is one to /event, and not a health check.
func readEvent(r *bufio.Reader) bool {
	request, err := http.ReadRequest(r)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, request.Body)
	return request.URL.Path == "/event"
}

const okay = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func refusing(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NilError(t, err)
	assert.NilError(t, listener.Close())
	return listener.Addr().String()
}

func post(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := client.Post(url+"/event", "application/json", strings.NewReader("{}"))
	assert.NilError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	assert.NilError(t, err)
	return response.StatusCode, string(text)
}

// client gives up on what takes longer than any test.
var client = &http.Client{Timeout: testTimeout}

const testTimeout = 5 * time.Second

// receive returns what comes from a channel, or fails the test.
func receive[T any](t *testing.T, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(testTimeout):
		t.Fatalf("nothing came within %s", testTimeout)
	}
	return value
}

// hold keeps a request until a channel is closed, or the test is over.
func hold(r *http.Request, end <-chan bool) {
	select {
	case <-end:
	case <-r.Context().Done():
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if holds() {
			return poll.Success()
		}
		return poll.Continue("%s", what)
	}, poll.WithTimeout(testTimeout), poll.WithDelay(2*time.Millisecond))
}

func TestRequestPassesOnceAndChangesNothingButWhatAWSChanges(t *testing.T) {
	seen := make(chan *http.Request, 9)
	b := start(t, small, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			return
		}
		text, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(text)))
		seen <- r
		w.Header().Set("X-Of-Target", "yes")
		w.WriteHeader(http.StatusAccepted)
	}))
	request, err := http.NewRequest(http.MethodPost, b.URL()+"/event?a=%2F", strings.NewReader(`{"a": 1}`))
	assert.NilError(t, err)
	request.Host = "api.example.com"
	for name, value := range map[string]string{
		"webhook-id": "wh_1", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "gopher", "Forwarded": "for=203.0.113.7",
		"Connection": "X-Hop", "X-Hop": "1", "Te": "gzip", "in_valid": "1",
	} {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	assert.NilError(t, err)
	assert.NilError(t, response.Body.Close())
	assert.Equal(t, response.StatusCode, http.StatusAccepted)
	assert.Equal(t, response.Header.Get("X-Of-Target"), "yes")

	got := receive(t, seen)
	body, _ := io.ReadAll(got.Body)
	assert.Equal(t, string(body), `{"a": 1}`)
	assert.Equal(t, got.RequestURI, "/event?a=%2F")
	assert.Equal(t, got.Host, "api.example.com")
	assert.Equal(t, got.ContentLength, int64(8))
	for name, value := range map[string]string{
		"Webhook-Id": "wh_1", "X-Forwarded-For": "203.0.113.7, 127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "80",
		"Forwarded": "for=203.0.113.7", "X-Hop": "", "Te": "", "In_valid": "", "Connection": "",
	} {
		assert.Equal(t, got.Header.Get(name), value, name)
	}
	assert.Assert(t, strings.HasPrefix(got.Header.Get("X-Amzn-Trace-Id"), "Root=1-"))
	assert.Equal(t, len(seen), 0)
	assert.Equal(t, len(b.Own()), 0)
}

func TestWithoutTargets(t *testing.T) {
	b := start(t, small)
	status, body := post(t, b.URL())
	assert.Equal(t, status, http.StatusServiceUnavailable)
	assert.Assert(t, strings.Contains(body, "503 Service Unavailable"), body)
	assert.DeepEqual(t, b.Own(), map[int]int{503: 1})
}

// TestNoRequestIsRepeated sends one whose target closes a connection that it has used
// before, after it has read the request: Go's transport would repeat the GET.
func TestNoRequestIsRepeated(t *testing.T) {
	var events atomic.Int32
	b := start(t, small, script(t, func(c net.Conn, r *bufio.Reader) {
		if readEvent(r) {
			events.Add(1)
			_, _ = io.WriteString(c, okay)
			if readEvent(r) {
				events.Add(1)
			}
		}
	}))
	for _, want := range []int{http.StatusOK, http.StatusBadGateway} {
		response, err := client.Get(b.URL() + "/event")
		assert.NilError(t, err)
		assert.NilError(t, response.Body.Close())
		assert.Equal(t, response.StatusCode, want)
	}
	assert.Equal(t, events.Load(), int32(2))
	assert.DeepEqual(t, b.Own(), map[int]int{502: 1})
	assert.Equal(t, b.Closed(), 0)
}

func TestResponseThatDripsOutlastsTheIdleTimeout(t *testing.T) {
	b := start(t, small, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 6 {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(small.IdleTimeout / 3)
		}
	}))
	status, body := post(t, b.URL())
	assert.Equal(t, status, http.StatusOK)
	assert.Equal(t, body, "xxxxxx")
}

func TestClientThatGoesAway(t *testing.T) {
	arrived := make(chan bool, 1)
	f := small
	f.IdleTimeout = time.Minute
	b := start(t, f, script(t, func(_ net.Conn, r *bufio.Reader) {
		if readEvent(r) {
			arrived <- true
			_, _ = r.ReadByte()
		}
	}))
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL()+"/event", nil)
	assert.NilError(t, err)
	_, err = client.Do(request)
	assert.ErrorIs(t, err, context.Canceled)
	until(t, "460", func() bool { return b.Own()[StatusClientClosed] == 1 })
}

func TestServeRefusesFiguresWithoutTimes(t *testing.T) {
	_, err := Serve(Figures{})
	assert.ErrorContains(t, err, "must be above 0")
}
