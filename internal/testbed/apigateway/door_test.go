package apigateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"gotest.tools/v3/assert"
)

const listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/b/c"

// keys are made for the tests: they open nothing.
var keys = credentials.NewStaticCredentialsProvider("key", "secret", "token")

// small is an API as the deployed one is, with throttles that no test reaches unless it
// sets others.
func small() API {
	wide := &Throttle{Rate: 1000, Burst: 1000}
	return API{ID: "api", Default: *wide, Routes: []Route{
		{Key: "POST /event", Listener: listener, Timeout: 10 * time.Second, Throttle: wide},
		{Key: "POST /", Listener: listener, Timeout: 10 * time.Second},
		{Key: "GET /health", Listener: listener, Timeout: 10 * time.Second, IAM: true},
	}}
}

// start runs a door in front of a handler in the load balancer's place.
func start(t *testing.T, api API, behind http.HandlerFunc) *Door {
	t.Helper()
	server := httptest.NewServer(behind)
	t.Cleanup(server.Close)
	door, err := Serve(owner{}, "eu-west-1", nil)
	assert.NilError(t, err)
	t.Cleanup(door.Stop)
	assert.NilError(t, door.Deploy(api, map[string]string{listener: server.URL}))
	return door
}

// owner has the keys of the test, and may read what one API says of its health.
type owner struct{}

func (owner) Credentials(key string) (aws.Credentials, bool) {
	own, err := keys.Retrieve(context.Background())
	return own, err == nil && own.AccessKeyID == key
}

func (owner) Invoke(_ context.Context, _, api, method, path string) (bool, error) {
	return api == "api" && method == http.MethodGet && path == "/health", nil
}

func nothing(http.ResponseWriter, *http.Request) {}

// client gives up on what takes longer than any test.
var client = &http.Client{Timeout: 5 * time.Second}

// send returns the status and the body of the response to a request.
func send(t *testing.T, request *http.Request) (int, string) {
	t.Helper()
	response, err := client.Do(request)
	assert.NilError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	assert.NilError(t, err)
	return response.StatusCode, string(text)
}

func post(t *testing.T, d *Door, path, body string) *http.Request {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, d.URL()+path, strings.NewReader(body))
	assert.NilError(t, err)
	return request
}

func TestRequestPassesAndChangesNothingButWhatAWSChanges(t *testing.T) {
	api := small()
	api.Routes[0].Overwrite = map[string]string{"x-source-address": SourceIP, "x-fixed": "text"}
	seen := make(chan *http.Request, 1)
	d := start(t, api, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(text))
		seen <- r
		w.Header().Set("X-Behind", "yes")
		w.WriteHeader(http.StatusBadGateway)
	})
	request := post(t, d, "/event?a=%2F", `{"a": 1}`)
	for name, value := range map[string]string{"webhook-id": "wh_1", "X-Source-Address": "203.0.113.7", "Forwarded": "for=203.0.113.7", "X-Forwarded-For": "203.0.113.7", "Connection": "X-Hop", "X-Hop": "1"} {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	assert.NilError(t, err)
	assert.NilError(t, response.Body.Close())
	// What the load balancer makes itself passes as it is.
	assert.Equal(t, response.StatusCode, http.StatusBadGateway)
	assert.Equal(t, response.Header.Get("X-Behind"), "yes")
	got := <-seen
	body, _ := io.ReadAll(got.Body)
	assert.Equal(t, string(body), `{"a": 1}`)
	assert.Equal(t, got.RequestURI, "/event?a=%2F")
	assert.Equal(t, got.Host, d.Address)
	for name, value := range map[string]string{
		"Webhook-Id": "wh_1", "X-Source-Address": "127.0.0.1", "X-Fixed": "text", "X-Hop": "", "X-Forwarded-For": "203.0.113.7",
		"Via": "HTTP/1.1 AmazonAPIGateway", "Forwarded": "for=203.0.113.7, for=127.0.0.1;host=" + d.Address + ";proto=https",
	} {
		assert.Equal(t, got.Header.Get(name), value, name)
	}
	assert.DeepEqual(t, d.Passed(), map[string]int{"POST /event": 1})
	assert.Equal(t, len(d.Own()), 0)
}

func TestRefusals(t *testing.T) {
	big := strings.Repeat("x", bodyLimit)
	for _, c := range []struct {
		name, path, body, header string
		status                   int
		message                  string
	}{
		{name: "a route", path: "/event", status: 200},
		{name: "no route", path: "/elsewhere", status: 404, message: `{"message":"Not Found"}`},
		{name: "no route with a slash", path: "/event/", status: 404, message: `{"message":"Not Found"}`},
		{name: "a route of another method", path: "/health", status: 404, message: `{"message":"Not Found"}`},
		{name: "the largest body", path: "/event", body: big, status: 200},
		{name: "a body that is too large", path: "/event", body: big + "x", status: 413, message: `{"message":"Request Entity Too Large"}`},
		{name: "headers below the limit", path: "/event", header: strings.Repeat("x", headLimit-300), status: 200},
		{name: "headers above the limit", path: "/event", header: strings.Repeat("x", headLimit), status: 431, message: `{"message":"Request Header Fields Too Large"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := start(t, small(), nothing)
			request := post(t, d, c.path, c.body)
			request.Header.Set("X-Long", c.header)
			status, body := send(t, request)
			assert.Equal(t, status, c.status)
			assert.Equal(t, body, c.message)
			if c.status != 200 {
				assert.DeepEqual(t, d.Own(), map[int]int{c.status: 1})
				assert.Equal(t, len(d.Passed()), 0)
			}
		})
	}
}

func TestDoorWithoutRoutes(t *testing.T) {
	d, err := Serve(owner{}, "eu-west-1", nil)
	assert.NilError(t, err)
	defer d.Stop()
	status, _ := send(t, post(t, d, "/event", ""))
	assert.Equal(t, status, http.StatusNotFound)
}

// TestThrottles sends more than a route's bucket holds, and then to another route, which
// the stage's bucket is for.
func TestThrottles(t *testing.T) {
	api := small()
	api.Default = Throttle{Rate: 0.001, Burst: 1}
	api.Routes[0].Throttle = &Throttle{Rate: 0.001, Burst: 3}
	d := start(t, api, nothing)
	statuses := func(path string, n int) (all []int) {
		for range n {
			status, _ := send(t, post(t, d, path, ""))
			all = append(all, status)
		}
		return all
	}
	assert.DeepEqual(t, statuses("/event", 5), []int{200, 200, 200, 429, 429})
	assert.DeepEqual(t, statuses("/", 2), []int{200, 429})
	_, body := send(t, post(t, d, "/event", ""))
	assert.Equal(t, body, `{"message":"Too Many Requests"}`)
	assert.DeepEqual(t, d.Own(), map[int]int{429: 4})
	assert.DeepEqual(t, d.Passed(), map[string]int{"POST /event": 3, "POST /": 1})
}

func TestIntegrationThatIsSlowOrAway(t *testing.T) {
	end := make(chan bool)
	api := small()
	api.Routes[0].Timeout = 50 * time.Millisecond
	d := start(t, api, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-end:
		case <-r.Context().Done():
		}
	})
	defer close(end)
	status, body := send(t, post(t, d, "/event", "{}"))
	assert.Equal(t, status, http.StatusGatewayTimeout)
	assert.Equal(t, body, `{"message":"Gateway Timeout"}`)

	away := httptest.NewServer(nil)
	away.Close()
	assert.NilError(t, d.Deploy(small(), map[string]string{listener: away.URL}))
	status, body = send(t, post(t, d, "/event", "{}"))
	assert.Equal(t, status, http.StatusServiceUnavailable)
	assert.Equal(t, body, `{"message":"Service Unavailable"}`)
	assert.DeepEqual(t, d.Own(), map[int]int{504: 1, 503: 1})
}

func TestDeployRefusesRoutesToElsewhere(t *testing.T) {
	d, err := Serve(owner{}, "eu-west-1", nil)
	assert.NilError(t, err)
	defer d.Stop()
	api := small()
	api.Routes = api.Routes[:2]
	assert.Error(t, d.Deploy(api, nil), `API api, route "POST /event": no listener "`+listener+`": integrate it with the load balancer's`+"\n"+
		`API api, route "POST /": no listener "`+listener+`": integrate it with the load balancer's`)
	assert.ErrorContains(t, d.Deploy(api, map[string]string{listener: "nowhere"}), `"nowhere" isn't a URL`)
}
