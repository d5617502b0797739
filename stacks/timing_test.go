package stacks_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// TestServerKeepsConnectionsLongerThanTheLoadBalancer compares the load
// balancer's idle timeout with the server's keep-alive.
func TestServerKeepsConnectionsLongerThanTheLoadBalancer(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(filepath.Dir(dockerfile), "src/connections.py"))
	assert.NilError(t, err)
	found := regexp.MustCompile(`(?m)^KEEP_ALIVE_SECONDS = (\d+)$`).FindSubmatch(source)
	assert.Assert(t, found != nil, "connections.py sets no KEEP_ALIVE_SECONDS")
	keepAlive, err := strconv.Atoi(string(found[1]))
	assert.NilError(t, err)

	balancer := only(t, string(golden.Get(t, "dev.template.json")), "AWS::ElasticLoadBalancingV2::LoadBalancer")
	idle := 0
	for _, attribute := range balancer["LoadBalancerAttributes"].([]any) {
		if pair := attribute.(map[string]any); pair["Key"] == "idle_timeout.timeout_seconds" {
			idle, err = strconv.Atoi(pair["Value"].(string))
			assert.NilError(t, err)
		}
	}
	assert.Assert(t, idle > 0 && idle < keepAlive, "idle timeout %d s, keep-alive %d s", idle, keepAlive)
}

// TestOnlyTheWebTaskDelaysItsShutdown looks at the environments of both tasks: no
// load balancer sends to a worker.
func TestOnlyTheWebTaskDelaysItsShutdown(t *testing.T) {
	for service, want := range map[string]string{web: "10", worker: ""} {
		got := ""
		for _, variable := range container(t, string(golden.Get(t, "dev.template.json")), service)["Environment"].([]any) {
			if pair := variable.(map[string]any); pair["Name"] == "SHUTDOWN_DELAY_SECONDS" {
				got = pair["Value"].(string)
			}
		}
		assert.Equal(t, got, want, service)
	}
}
