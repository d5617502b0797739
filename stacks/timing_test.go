package stacks_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// figureOf returns a constant of the service's source: a number, or a product of
// numbers.
func figureOf(t *testing.T, file, name string) int {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(filepath.Dir(dockerfile), "src", file))
	assert.NilError(t, err)
	found := regexp.MustCompile(`(?m)^` + name + ` = ([0-9. *]+)$`).FindSubmatch(source)
	assert.Assert(t, found != nil, "%s sets no %s", file, name)
	product := 1.0
	for _, factor := range strings.Split(string(found[1]), "*") {
		number, err := strconv.ParseFloat(strings.TrimSpace(factor), 64)
		assert.NilError(t, err)
		product *= number
	}
	return int(product)
}

// alarmOf returns the only alarm of the dev template whose logical ID holds the
// name.
func alarmOf(t *testing.T, name string) map[string]any {
	t.Helper()
	for id, r := range resources(t, string(golden.Get(t, "dev.template.json")), "AWS::CloudWatch::Alarm") {
		if strings.Contains(id, name) {
			return r.Properties
		}
	}
	t.Fatalf("no alarm %s", name)
	return nil
}

// TestServiceAndStackMeanTheSame holds the figures of the service's source against
// those of the stack that depend on them.
func TestServiceAndStackMeanTheSame(t *testing.T) {
	template := string(golden.Get(t, "dev.template.json"))
	balancer := only(t, template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
	for _, attribute := range balancer["LoadBalancerAttributes"].([]any) {
		if pair := attribute.(map[string]any); pair["Key"] == "idle_timeout.timeout_seconds" {
			idle, err := strconv.Atoi(pair["Value"].(string))
			assert.NilError(t, err)
			keepAlive := figureOf(t, "runtime/connections.py", "KEEP_ALIVE_SECONDS")
			assert.Assert(t, idle < keepAlive, "the load balancer would reuse connections that the server closes: %d s, %d s", idle, keepAlive)
		}
	}
	assert.Equal(t, alarmOf(t, "FrontDoorClosed")["Period"], float64(figureOf(t, "runtime/front_door.py", "PERIOD_SECONDS")), "the alarm misses probes")
	assert.Equal(t, alarmOf(t, "WebNotReady")["Period"], float64(figureOf(t, "runtime/heartbeat.py", "PERIOD_SECONDS")), "the alarm misses beats")
	// A reading takes ten seconds of Benchling's token at most.
	assert.Assert(t, alarmOf(t, "SecretNotUsed")["Period"].(float64) >= float64(figureOf(t, "runtime/settings.py", "SECRET_READ_SECONDS")+10), "the alarm misses readings of the secret")

	kept := 0.0
	for id, queue := range resources(t, template, "AWS::SQS::Queue") {
		kept = max(kept, queue.Properties["MessageRetentionPeriod"].(float64))
		if redrive, has := queue.Properties["RedrivePolicy"].(map[string]any); has {
			receives := figureOf(t, "queues/consumer.py", "MAX_RECEIVES")
			assert.Assert(t, float64(receives) < redrive["maxReceiveCount"].(float64), "%s: its dead letters would have no reason", id)
		}
	}
	claims := figureOf(t, "queues/claims.py", "KEEP_SECONDS")
	assert.Assert(t, float64(claims) > 2*kept, "a dead letter that is sent again finds no claim: %d s, two queues of %.0f s", claims, kept)
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
