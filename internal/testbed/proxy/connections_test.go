package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// client returns a proxy, over TLS or not, and what sends a request of SQS or, without
// a target, of S3.
func client(t *testing.T, secure bool) (*Proxy, func(method, target string) (string, error)) {
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("content", 1000))
	}))
	t.Cleanup(target.Close)
	scheme := "http://"
	var certificate *tls.Certificate
	trusting := &http.Client{Timeout: time.Second, Transport: &http.Transport{}}
	if secure {
		known := httptest.NewTLSServer(nil)
		t.Cleanup(known.Close)
		scheme, certificate = "https://", &known.TLS.Certificates[0]
		trusting.Transport = known.Client().Transport
	}
	p, err := Start(target.URL, certificate, func(string) bool { return false })
	assert.NilError(t, err)
	t.Cleanup(p.Stop)
	return p, func(method, target string) (string, error) {
		request, err := http.NewRequest(method, scheme+p.Address+"/bucket/key", strings.NewReader(`{"QueueUrl": "q"}`))
		assert.NilError(t, err)
		if target != "" {
			request.Header.Set("X-Amz-Target", target)
		}
		response, err := trusting.Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		return string(content), err
	}
}

// TestConnectionsThatFail has each fault of the network, with and without TLS.
func TestConnectionsThatFail(t *testing.T) {
	for _, secure := range []bool{false, true} {
		p, call := client(t, secure)
		whole, err := call("GET", "")
		assert.NilError(t, err)

		p.Inject(Fault{Operation: "S3.PUT", Reset: true}, Fault{Operation: "AmazonSQS.", CutBody: true})
		_, err = call("PUT", "")
		assert.Assert(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
		cut, err := call("POST", "AmazonSQS.ReceiveMessage")
		assert.Assert(t, errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
		assert.Equal(t, cut, whole[:len(whole)/2])
		assert.Equal(t, p.Hits(), 2)

		p.Inject(Fault{Operation: "S3.GET", HalfOpen: true})
		content, err := call("GET", "")
		assert.NilError(t, err)
		assert.Equal(t, content, whole)
		p.Inject()
		_, err = call("PUT", "")
		assert.Assert(t, os.IsTimeout(err), "the connection must stay silent when the fault is over: %v", err)
		_, err = call("PUT", "")
		assert.NilError(t, err, "another connection responds")
		p.Stop()
		assert.Equal(t, len(p.held), 0)
	}
}

func TestJitterDiffersByResponse(t *testing.T) {
	fault := Fault{Delay: time.Second, Jitter: time.Second}
	shortest, longest := fault.delay(), fault.delay()
	for range 100 {
		by := fault.delay()
		assert.Assert(t, by >= time.Second && by < 2*time.Second)
		shortest, longest = min(shortest, by), max(longest, by)
	}
	assert.Assert(t, longest > shortest)

	p, call := client(t, false)
	p.Inject(Fault{Jitter: time.Nanosecond, Delay: 50 * time.Millisecond})
	began := time.Now()
	_, err := call("GET", "")
	assert.NilError(t, err)
	assert.Assert(t, time.Since(began) >= 50*time.Millisecond)
}

// TestAHeadIsCutToo has a response without a body.
func TestAHeadIsCutToo(t *testing.T) {
	p, call := client(t, false)
	p.Inject(Fault{Operation: "S3.HEAD", CutBody: true})
	_, err := call("HEAD", "")
	assert.ErrorContains(t, err, "EOF")
	p.Inject(Fault{Operation: "S3.HEAD", HalfOpen: true})
	_, err = call("HEAD", "")
	assert.NilError(t, err)
}
