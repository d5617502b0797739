package apigateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"gotest.tools/v3/assert"
)

func TestOnlyWhatIsSignedPasses(t *testing.T) {
	d := start(t, small(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, c := range []struct {
		name, service, region, secret, body, api, key string
		at                                            time.Time
		change                                        func(*http.Request)
		want                                          int
	}{
		{name: "right", want: http.StatusTeapot},
		{name: "right with a body", body: "{}", want: http.StatusTeapot},
		{name: "another body", change: func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("[]")), 2 }, want: http.StatusForbidden},
		{name: "another service", service: "sqs", want: http.StatusForbidden},
		{name: "another region", region: "us-east-1", want: http.StatusForbidden},
		{name: "another secret", secret: "stranger", want: http.StatusForbidden},
		{name: "old", at: time.Now().Add(-time.Hour), want: http.StatusForbidden},
		{name: "another path", change: func(r *http.Request) { r.URL.RawQuery = "a=1" }, want: http.StatusForbidden},
		{name: "another right", api: "other", want: http.StatusForbidden},
		{name: "stranger", key: "other", want: http.StatusForbidden},
		{name: "none", change: func(r *http.Request) { r.Header.Del("Authorization") }, want: http.StatusForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodGet, d.URL()+"/health", strings.NewReader(c.body))
			assert.NilError(t, err)
			signer, err := keys.Retrieve(context.Background())
			assert.NilError(t, err)
			d.api = cmp.Or(c.api, "api")
			signer.AccessKeyID = cmp.Or(c.key, signer.AccessKeyID)
			if c.secret != "" {
				signer.SecretAccessKey = c.secret
			}
			if c.service == "" {
				c.service = service
			}
			if c.region == "" {
				c.region = "eu-west-1"
			}
			if c.at.IsZero() {
				c.at = time.Now()
			}
			sum := sha256.Sum256([]byte(c.body))
			assert.NilError(t, v4.NewSigner().SignHTTP(context.Background(), signer, request, hex.EncodeToString(sum[:]), c.service, c.region, c.at))
			if c.change != nil {
				c.change(request)
			}
			status, body := send(t, request)
			assert.Equal(t, status, c.want)
			if status == http.StatusForbidden {
				assert.Equal(t, body, `{"message":"Forbidden"}`)
			}
		})
	}
	assert.DeepEqual(t, d.Passed(), map[string]int{"GET /health": 2})
	assert.DeepEqual(t, d.Own(), map[int]int{403: 9})
}
