package apigateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// service is API Gateway's name in a signature.
const service = "execute-api"

// tolerance is how far a signature's time may be away.
// Source: IAM's guide, "Elements of an AWS API request signature".
const tolerance = 5 * time.Minute

// authorization is what an Authorization header holds.
var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

// verify signs a request again, as its signature says that it was, and compares. AWS's
// own SDK for Go signs, which the service doesn't use.
func (d *Door) verify(r *http.Request, body []byte) error {
	given := r.Header.Get("Authorization")
	parts := authorization.FindStringSubmatch(given)
	if parts == nil {
		return fmt.Errorf("no signature: %q", given)
	}
	if parts[3] != d.region || parts[4] != service {
		return fmt.Errorf("signed for %s in %s", parts[4], parts[3])
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > tolerance {
		return fmt.Errorf("signed at %q", r.Header.Get("X-Amz-Date"))
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return err
	}
	again.ContentLength = int64(len(body))
	for _, name := range strings.Split(parts[5], ";") {
		if value := r.Header.Get(name); value != "" {
			again.Header.Set(name, value)
		}
	}
	credentials, found := d.gate.Credentials(parts[1])
	if !found {
		return fmt.Errorf("nobody has the access key %s", parts[1])
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(r.Context(), credentials, again, hex.EncodeToString(sum[:]), service, d.region, at); err != nil {
		return err
	}
	if signed := again.Header.Get("Authorization"); signed != given {
		return fmt.Errorf("another signature: %s", signed)
	}
	d.lock.Lock()
	api := d.api
	d.lock.Unlock()
	allowed, err := d.gate.Invoke(r.Context(), parts[1], api, r.Method, r.URL.Path)
	if err == nil && !allowed {
		err = fmt.Errorf("%s may not call %s %s", parts[1], r.Method, r.URL.Path)
	}
	return err
}
