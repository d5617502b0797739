package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"gotest.tools/v3/assert"
)

var signature = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/[0-9]{8}/eu-west-1/execute-api/aws4_request, ` +
	`SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$`)

// respond runs a front door that has one response for everything, and refuses
// calls without a signature as API Gateway does.
func respond(t *testing.T, status int, body string) (door frontDoor, paths *[]string) {
	t.Helper()
	paths = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*paths = append(*paths, r.Method+" "+r.URL.Path)
		if !signature.MatchString(r.Header.Get("Authorization")) || r.Header.Get("X-Amz-Security-Token") != "token" {
			t.Errorf("signature: %q", r.Header.Get("Authorization"))
			status = http.StatusForbidden
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
	})
	stack, err := arn.Parse("arn:aws:cloudformation:eu-west-1:123456789012:stack/BenchlingWebhook-dev/1")
	assert.NilError(t, err)
	return frontDoor{cloud: aws.Config{Credentials: credentials}, url: server.URL + "/", stack: stack}, paths
}

func TestReadiness(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   string // of the error; empty is ready
	}{
		{"ready", 200, `{"status": "ready"}`, ""},
		{"not ready", 503, `{"status": "not ready", "reasons": ["secret: no tenant", "queue: away"]}`, "URLhealth/ready: not ready\nsecret: no tenant\nqueue: away"},
		{"starting", 503, `{"status": "starting"}`, "URLhealth/ready: starting; try again in some seconds"},
		{"no task", 503, `{"message": "Service Unavailable"}`, "URLhealth/ready: HTTP status 503; no web task answers: look at the service's events and at its log"},
		{"no right", 403, `{"message": "Forbidden"}`, "URLhealth/ready: HTTP status 403; allow execute-api:Invoke on arn:aws:execute-api:eu-west-1:123456789012:*/$default/GET/health/ready; " +
			"if you have that right, a web ACL, or an execute-api endpoint in your VPC, refuses the call"},
		{"throttled", 429, `{}`, "URLhealth/ready: HTTP status 429; wait some seconds: the routes for operators are throttled"},
		{"moved", 302, ``, "URLhealth/ready: HTTP status 302; look at the API's access log"},
		{"somebody else's page", 200, `<html>`, "URLhealth/ready: HTTP status 200; look at the API's access log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			door, paths := respond(t, c.status, c.body)
			var out bytes.Buffer
			err := door.printReadiness(context.Background(), false, &out)
			assert.DeepEqual(t, *paths, []string{"GET /health/ready"})
			if c.want == "" {
				assert.NilError(t, err)
				assert.Equal(t, out.String(), "ready\n")
				return
			}
			assert.Error(t, err, regexp.MustCompile(`URL`).ReplaceAllLiteralString(c.want, door.url))
			assert.Equal(t, out.String(), "")
		})
	}
}

func TestWhatIsToBeMendedIsPrintedBelowReady(t *testing.T) {
	door, _ := respond(t, 200, `{"status": "ready", "reasons": ["secret: not used"]}`)
	var out bytes.Buffer
	assert.NilError(t, door.printReadiness(context.Background(), false, &out))
	assert.Equal(t, out.String(), "ready\nsecret: not used\n")
}

func TestReadinessForPrograms(t *testing.T) {
	for _, c := range []struct {
		status           int
		body, want, says string
	}{
		{200, `{"status": "ready"}`, `{"ready":true,"status":"ready","reasons":[]}`, ""},
		{200, `{"status": "ready", "reasons": ["secret: not used"]}`, `{"ready":true,"status":"ready","reasons":["secret: not used"]}`, ""},
		{503, `{"status": "not ready", "reasons": ["queue: away"]}`, `{"ready":false,"status":"not ready","reasons":["queue: away"]}`, "not ready\nqueue: away"},
		{503, `{"status": "starting"}`, `{"ready":false,"status":"starting","reasons":[]}`, "try again"},
		{403, `{"message": "Forbidden"}`, "", "allow execute-api:Invoke"},
	} {
		door, _ := respond(t, c.status, c.body)
		var out, compact bytes.Buffer
		err := door.printReadiness(context.Background(), true, &out)
		if c.says == "" {
			assert.NilError(t, err)
		} else {
			assert.ErrorContains(t, err, c.says)
		}
		if c.want != "" {
			assert.NilError(t, json.Compact(&compact, out.Bytes()))
		}
		assert.Equal(t, strings.TrimSpace(compact.String()), c.want)
	}
}

func TestConfigIsPrinted(t *testing.T) {
	door, paths := respond(t, 200, `{"tenant":"acme","client_secret":"***"}`+"\n")
	var out bytes.Buffer
	assert.NilError(t, door.printConfig(context.Background(), &out))
	assert.DeepEqual(t, *paths, []string{"GET /config"})
	assert.Equal(t, out.String(), "{\n  \"tenant\": \"acme\",\n  \"client_secret\": \"***\"\n}\n")

	door, _ = respond(t, 502, ``)
	assert.ErrorContains(t, door.printConfig(context.Background(), &out), "no web task answers")
}

func TestUnreachableFrontDoor(t *testing.T) {
	door, _ := respond(t, 200, ``)
	door.url = "http://127.0.0.1:1/"
	assert.ErrorContains(t, door.printReadiness(context.Background(), false, nil), "look at the name's DNS record")
}

func TestRouteNamesTheAPI(t *testing.T) {
	stack, err := arn.Parse("arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/s/1")
	assert.NilError(t, err)
	door := frontDoor{url: "https://abc123.execute-api.cn-north-1.amazonaws.com.cn/", stack: stack}
	assert.Equal(t, door.route(readyPath), "arn:aws-cn:execute-api:cn-north-1:123456789012:abc123/$default/GET/health/ready")
}
