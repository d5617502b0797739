// Package frontdoor stands in for API Gateway in front of the routes that IAM
// guards: it passes on what is signed, and refuses the rest with 403. The
// signature is checked by AWS's own SDK for Go, which the service doesn't use.
package frontdoor

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"benchlingwebhook/internal/process"
)

// service is API Gateway's name in a signature.
const service = "execute-api"

// authorization is what an Authorization header holds.
var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// Gate knows who signed a request, and what they may.
type Gate interface {
	// Credentials returns those of an access key, or false.
	Credentials(key string) (aws.Credentials, bool)
	// Invoke returns whether the holder of an access key may call a method of a path.
	Invoke(ctx context.Context, key, method, path string) (bool, error)
}

// Door passes requests on that a gate knows and lets pass.
type Door struct {
	*process.LocalServer

	gate            Gate
	region          string
	target          func() string
	passed, refused atomic.Int64
}

// Serve returns a door that listens on 127.0.0.1, over TLS unless there is no
// certificate. target returns the URL behind it, or nothing while there is none.
func Serve(gate Gate, region string, certificate *tls.Certificate, target func() string) (*Door, error) {
	d := &Door{gate: gate, region: region, target: target}
	var err error
	d.LocalServer, err = process.ServeTLS(d, certificate)
	return d, err
}

// Passed and Refused return how many requests were.
func (d *Door) Passed() int64  { return d.passed.Load() }
func (d *Door) Refused() int64 { return d.refused.Load() }

// ServeHTTP passes a request on, or refuses it.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := d.verify(r.Context(), r); err != nil {
		d.refused.Add(1)
		http.Error(w, `{"message":"Forbidden"}`, http.StatusForbidden)
		return
	}
	to, err := url.Parse(d.target())
	if err != nil || to.Host == "" {
		http.Error(w, `{"message":"Service Unavailable"}`, http.StatusServiceUnavailable)
		return
	}
	d.passed.Add(1)
	(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(to) }}).ServeHTTP(w, r)
}

// verify signs a request again, as its signature says that it was, and compares.
func (d *Door) verify(ctx context.Context, r *http.Request) error {
	given := r.Header.Get("Authorization")
	parts := authorization.FindStringSubmatch(given)
	if parts == nil {
		return fmt.Errorf("no signature: %q", given)
	}
	if parts[3] != d.region || parts[4] != service {
		return fmt.Errorf("signed for %s in %s", parts[4], parts[3])
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 5*time.Minute {
		return fmt.Errorf("signed at %q", r.Header.Get("X-Amz-Date"))
	}
	again, err := http.NewRequestWithContext(ctx, r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return err
	}
	for _, name := range strings.Split(parts[5], ";") {
		if value := r.Header.Get(name); value != "" {
			again.Header.Set(name, value)
		}
	}
	credentials, found := d.gate.Credentials(parts[1])
	if !found {
		return fmt.Errorf("nobody has the access key %s", parts[1])
	}
	nothing := sha256.Sum256(nil)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, again, hex.EncodeToString(nothing[:]), service, d.region, at); err != nil {
		return err
	}
	if signed := again.Header.Get("Authorization"); signed != given {
		return fmt.Errorf("another signature: %s", signed)
	}
	allowed, err := d.gate.Invoke(ctx, parts[1], r.Method, r.URL.Path)
	if err == nil && !allowed {
		err = fmt.Errorf("%s may not call %s %s", parts[1], r.Method, r.URL.Path)
	}
	return err
}
