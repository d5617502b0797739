package limits

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// python has botocore, the one that the service is built with.
const python = "../../../docker/.venv/bin/python"

// TestModelIsBotocores compares model.json with what botocore says.
func TestModelIsBotocores(t *testing.T) {
	program, err := os.ReadFile(filepath.Join("testdata", "model.py"))
	assert.NilError(t, err)
	// It pins botocore: with another, Go must not take an old result.
	_, err = os.ReadFile("../../../docker/requirements.txt")
	assert.NilError(t, err)
	command := exec.CommandContext(t.Context(), python, "-c", string(program))
	command.Stderr = os.Stderr
	got, err := command.Output()
	assert.NilError(t, err)
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile("model.json", got, 0o644))
		modelJSON = got
	}
	assert.Assert(t, bytes.Equal(got, modelJSON), "model.json isn't what botocore says: run go test ./internal/testbed/limits -update and read the diff")
}

// TestPatternsAreReadable holds that Go reads every pattern of the models.
func TestPatternsAreReadable(t *testing.T) {
	patterns := 0
	for _, service := range services {
		for name, s := range service.Shapes {
			_, err := regexp.Compile(s.Pattern)
			assert.NilError(t, err, name)
			if s.Pattern != "" {
				patterns++
			}
		}
	}
	assert.Assert(t, patterns > 0)
}

func TestCheckModel(t *testing.T) {
	for _, c := range []struct{ service, operation, body, code, message string }{
		{"AmazonSQS", "SendMessage", `{"QueueUrl": "u", "MessageBody": "x"}`, "", ""},
		{"AmazonSQS", "SendMessage", `{"QueueUrl": "u"}`, "MissingRequiredParameterException", "The request must contain the parameter MessageBody."},
		{"AmazonSQS", "SendMessage", `{"QueueUrl": 1, "MessageBody": "x"}`, "SerializationException", "QueueUrl is not a string"},
		{"AmazonSQS", "SendMessage", `{`, "SerializationException", "the body is not JSON"},
		{"AmazonSQS", "ReceiveMessage", `{"QueueUrl": "u", "WaitTimeSeconds": 1.5}`, "SerializationException", "WaitTimeSeconds is not a integer"},
		{"AmazonSQS", "ReceiveMessage", `{"QueueUrl": "u", "MessageSystemAttributeNames": ["Nothing"]}`, "InvalidParameterValueException", ""},
		{"AmazonSQS", "ListQueues", `[]`, "", ""},
		{"DynamoDB_20120810", "GetItem", `{"TableName": "t", "Key": {"id": {"S": "x"}}, "ConsistentRead": true}`, "", ""},
		{"DynamoDB_20120810", "GetItem", `{"TableName": "t", "Key": {"id": {"S": "x"}}, "ConsistentRead": "yes"}`, "SerializationException", "ConsistentRead is not a boolean"},
		{"DynamoDB_20120810", "GetItem", `{"TableName": "", "Key": {"id": {"S": "x"}}}`, "ValidationException",
			"1 validation error detected: Value at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"DynamoDB_20120810", "UpdateItem", `{"TableName": "t", "Key": {}, "ReturnValues": "SOME"}`, "ValidationException",
			"1 validation error detected: Value at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [NONE, ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATED_NEW]"},
		{"secretsmanager", "GetSecretValue", `{"SecretId": ""}`, "ValidationException", ""},
		{"Logs_20140328", "PutLogEvents", `{"logGroupName": "a b", "logStreamName": "s", "logEvents": []}`, "InvalidParameterException", ""},
	} {
		refusal := checkModel(c.service, c.operation, []byte(c.body))
		if c.code == "" {
			assert.Assert(t, refusal == nil, "%v", refusal)
			continue
		}
		assert.Assert(t, refusal != nil, c.body)
		assert.Equal(t, refusal.Error.Code, c.code)
		assert.Equal(t, refusal.Limit, Model)
		if c.message != "" {
			assert.Equal(t, refusal.Error.Message, c.message)
		}
	}
}
