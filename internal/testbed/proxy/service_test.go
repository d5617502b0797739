package proxy_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
	"benchlingwebhook/internal/testbed/proxy"
)

// resources are what the service calls, of the forms that the stack gives them.
const resources = `{"Resources": {
	"Events": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "events.fifo", "FifoQueue": true}},
	"Letters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "letters.fifo", "FifoQueue": true}},
	"Revisions": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "revisions"}},
	"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "bucket"}},
	"Claims": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "claims", "BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}}}`

// TestTheServiceKeepsTheLimits has the service's own code call AWS with the hardest
// that it can be given.
func TestTheServiceKeepsTheLimits(t *testing.T) {
	cloud := emulatortest.Start(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	emulatortest.MakeStack(ctx, t, cloud.Config(), "s", resources)
	p, err := proxy.Start(cloud.Endpoint, nil, func(string) bool { return false })
	assert.NilError(t, err)
	t.Cleanup(p.Stop)

	docker, err := filepath.Abs("../../../docker")
	assert.NilError(t, err)
	program, err := os.ReadFile(filepath.Join("testdata", "use_service.py"))
	assert.NilError(t, err)
	// A copy, so that Go knows what the test has read, and doesn't take an old result.
	service := t.TempDir()
	assert.NilError(t, os.CopyFS(filepath.Join(service, "src"), os.DirFS(filepath.Join(docker, "src"))))
	endpoint := "http://" + p.Address
	variables := cloud.Environment()
	maps.Copy(variables, map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_S3": endpoint, "PYTHONPATH": service, "PYTHONDONTWRITEBYTECODE": "1"})
	command := exec.CommandContext(ctx, filepath.Join(docker, ".venv/bin/python"), "-c", string(program), endpoint)
	command.Env = os.Environ()
	for name, value := range variables {
		command.Env = append(command.Env, name+"="+value)
	}
	written, err := command.CombinedOutput()
	assert.NilError(t, err, strings.TrimSpace(string(written)))
	assert.DeepEqual(t, p.Broken(), map[string]int{})
}
