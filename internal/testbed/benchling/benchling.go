// Package benchling stands in for Benchling: it publishes the keys of an app as
// a JWKS, signs webhooks with them, and serves entries by the API.
// Keys are made at run time.
package benchling

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"benchlingwebhook/internal/process"
)

// JWKSPath is where the keys are published.
const JWKSPath = "/jwks"

// Key signs webhooks.
type Key struct{ private *ecdsa.PrivateKey }

// NewKey returns a fresh P-256 key.
func NewKey() (Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return Key{private}, err
}

// Webhook is a request to the service: headers and body.
type Webhook struct {
	// ID, Timestamp and Signature are the three headers of a signed webhook. An
	// empty one isn't sent.
	ID, Timestamp, Signature string
	// Body is what was signed.
	Body []byte
}

// Sign returns a webhook with a fresh ID, signed at a time.
func (k Key) Sign(body []byte, at time.Time) (Webhook, error) {
	w := Webhook{ID: "wh_" + RandomText(), Timestamp: strconv.FormatInt(at.Unix(), 10), Body: body}
	digest := sha256.Sum256(fmt.Appendf(nil, "%s.%s.%s", w.ID, w.Timestamp, body))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	w.Signature = "v1der," + base64.StdEncoding.EncodeToString(signature)
	return w, err
}

// SetHeaders sets the webhook's headers on a request.
func (w Webhook) SetHeaders(header http.Header) {
	header.Set("Content-Type", "application/json")
	for name, value := range map[string]string{"webhook-id": w.ID, "webhook-timestamp": w.Timestamp, "webhook-signature": w.Signature} {
		if value != "" {
			header.Set(name, value)
		}
	}
}

// JWKS returns the public half as a JSON Web Key Set.
func (k Key) JWKS() ([]byte, error) {
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	// An uncompressed point is 4, then X, then Y, of 32 bytes each.
	encode := base64.RawURLEncoding.EncodeToString
	return json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "EC", "crv": "P-256", "use": "sig", "kid": "rehearsal", "x": encode(point[1:33]), "y": encode(point[33:]),
	}}})
}

// NewDefinition returns a fresh ID of an app definition.
func NewDefinition() string { return "appdef_" + RandomText() }

// RandomText returns 16 random hexadecimal digits.
func RandomText() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// Server publishes a key and serves the API.
type Server struct {
	*process.LocalServer
	// API serves the worker.
	API *API
	// Faults are what goes wrong before a response.
	Faults Faults

	checks   *checks
	document atomic.Pointer[[]byte]
}

// Serve publishes a key's JWKS, and the API, on 127.0.0.1, over TLS unless there is no
// certificate. Each call is checked by the description in the directory of Benchling's
// client.
func Serve(key Key, client string, certificate *tls.Certificate) (*Server, error) {
	described, err := described(client)
	if err != nil {
		return nil, err
	}
	s := &Server{API: newAPI(), checks: &checks{description: described, calls: map[string]int{}}}
	if err := s.Publish(key); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+JWKSPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(*s.document.Load())
	})
	s.API.serve(mux)
	s.LocalServer, err = process.ServeTLS(s.checks.wrap(s.Faults.wrap(mux)), certificate)
	return s, err
}

// Publish rotates the key: the JWKS holds this one alone from now on.
func (s *Server) Publish(key Key) error {
	document, err := key.JWKS()
	if err == nil {
		s.document.Store(&document)
	}
	return err
}
