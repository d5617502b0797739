package testbed

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestTaken(t *testing.T) {
	assert.Check(t, taken("127.0.0.1"))
	assert.Check(t, !taken("203.0.113.9"))
}

func TestWhereTasksFindTheirAgent(t *testing.T) {
	assert.DeepEqual(t, (&Agents{URL: "http://169.254.170.2"}).Environment("one"), map[string]string{
		"ECS_AGENT_URI": "http://169.254.170.2/api/one", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/one",
	})
	for _, url := range []string{"http://169.254.170.23", "http://169.254.170.2:4321"} {
		assert.DeepEqual(t, (&Agents{URL: url}).Environment("one"), map[string]string{
			"ECS_AGENT_URI": url + "/api/one", "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/v2/credentials/one",
		})
	}
}
