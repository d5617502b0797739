package apigateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/poll"

	"benchlingwebhook/internal/testbed/apigateway"
	"benchlingwebhook/internal/testbed/loadbalancer"
)

// TestDoorBeforeLoadBalancer sends requests the whole way: to a target, to one that is
// slower than the integration's timeout, and to none.
func TestDoorBeforeLoadBalancer(t *testing.T) {
	from := make(chan string, 1)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		} else if r.URL.Path == "/event" {
			from <- r.Header.Get("X-Forwarded-For") + " " + r.Header.Get("Via")
		}
	}))
	defer target.Close()
	address := strings.TrimPrefix(target.URL, "http://")
	balancer, err := loadbalancer.Serve(loadbalancer.Figures{
		ListenerARN: "arn", HealthPath: "/", SuccessCodes: "200", Interval: time.Hour, Timeout: time.Second, HealthyThreshold: 2, UnhealthyThreshold: 2,
		IdleTimeout: time.Minute, DeregistrationDelay: time.Second, Algorithm: loadbalancer.RoundRobin,
	})
	assert.NilError(t, err)
	defer balancer.Stop()
	balancer.Register(address)
	door, err := apigateway.Serve(nil, "", nil)
	assert.NilError(t, err)
	defer door.Stop()
	wide := apigateway.Throttle{Rate: 1000, Burst: 1000}
	assert.NilError(t, door.Deploy(apigateway.API{ID: "api", Default: wide, Routes: []apigateway.Route{
		{Key: "POST /event", Listener: "arn", Timeout: 10 * time.Second},
		{Key: "POST /slow", Listener: "arn", Timeout: 50 * time.Millisecond},
	}}, map[string]string{"arn": balancer.URL()}))
	client := &http.Client{Timeout: 5 * time.Second}
	send := func(path string) int {
		response, err := client.Post(door.URL()+path, "application/json", strings.NewReader("{}"))
		assert.NilError(t, err)
		assert.NilError(t, response.Body.Close())
		return response.StatusCode
	}

	assert.Equal(t, send("/event"), http.StatusOK)
	assert.Equal(t, <-from, "127.0.0.1 HTTP/1.1 AmazonAPIGateway")
	assert.Equal(t, send("/slow"), http.StatusGatewayTimeout)
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if balancer.Own()[loadbalancer.StatusClientClosed] == 1 {
			return poll.Success()
		}
		return poll.Continue("%v", balancer.Own())
	}, poll.WithTimeout(5*time.Second), poll.WithDelay(2*time.Millisecond))
	<-balancer.Deregister(address)
	assert.Equal(t, send("/event"), http.StatusServiceUnavailable)
	assert.DeepEqual(t, door.Own(), map[int]int{504: 1})
	assert.DeepEqual(t, balancer.Own(), map[int]int{loadbalancer.StatusClientClosed: 1, 503: 1})
	assert.Equal(t, balancer.Closed(), 0)
}
