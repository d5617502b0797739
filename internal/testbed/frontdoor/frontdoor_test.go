package frontdoor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"gotest.tools/v3/assert"
)

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// gate lets the holder of one key call one path.
type gate struct{ keys aws.CredentialsProvider }

func (g gate) Credentials(key string) (aws.Credentials, bool) {
	c, err := g.keys.Retrieve(context.Background())
	return c, err == nil && key == c.AccessKeyID
}

func (g gate) Invoke(_ context.Context, _, method, path string) (bool, error) {
	return method == http.MethodGet && path == "/health", nil
}

func TestOnlyWhatIsSignedPasses(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer behind.Close()
	// Made for the test: they open nothing.
	keys := credentials.NewStaticCredentialsProvider("key", "secret", "token")
	door, err := Serve(gate{keys}, "eu-west-1", nil, func() string { return behind.URL })
	assert.NilError(t, err)
	defer door.Stop()
	for _, c := range []struct {
		name, service, region, secret, path string
		at                                  time.Time
		change                              func(*http.Request)
		want                                int
	}{
		{name: "right", want: http.StatusTeapot},
		{name: "another service", service: "sqs", want: http.StatusForbidden},
		{name: "another region", region: "us-east-1", want: http.StatusForbidden},
		{name: "another secret", secret: "stranger", want: http.StatusForbidden},
		{name: "old", at: time.Now().Add(-time.Hour), want: http.StatusForbidden},
		{name: "another path", change: func(r *http.Request) { r.URL.Path = "/config" }, want: http.StatusForbidden},
		{name: "no right", path: "/other", want: http.StatusForbidden},
		{name: "none", change: func(r *http.Request) { r.Header.Del("Authorization") }, want: http.StatusForbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodGet, "http://"+door.Address+"/health", nil)
			assert.NilError(t, err)
			if c.path != "" {
				request.URL.Path = c.path
			}
			signer, err := keys.Retrieve(context.Background())
			assert.NilError(t, err)
			if c.secret != "" {
				signer.SecretAccessKey = c.secret
			}
			service, region, at := c.service, c.region, c.at
			if service == "" {
				service = "execute-api"
			}
			if region == "" {
				region = "eu-west-1"
			}
			if at.IsZero() {
				at = time.Now()
			}
			assert.NilError(t, v4.NewSigner().SignHTTP(context.Background(), signer, request, emptyHash, service, region, at))
			if c.change != nil {
				c.change(request)
			}
			response, err := http.DefaultClient.Do(request)
			assert.NilError(t, err)
			assert.NilError(t, response.Body.Close())
			assert.Equal(t, response.StatusCode, c.want)
		})
	}
	assert.Equal(t, door.Passed(), int64(1))
	assert.Equal(t, door.Refused(), int64(7))
}
