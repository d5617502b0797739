package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"gotest.tools/v3/assert"
)

const (
	standardQueue = "http://sqs/000000000000/revisions"
	fifoQueue     = "http://sqs/000000000000/events.fifo"
	half          = 600_000
)

// startProxy returns a proxy before a target that takes every request.
func startProxy(t *testing.T) *Proxy {
	t.Helper()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("X-Amz-Target") != "" {
			_, _ = io.WriteString(w, `{"Messages": []}`)
		} else if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "content")
		}
	}))
	t.Cleanup(target.Close)
	p, err := Start(target.URL, nil, func(string) bool { return false })
	assert.NilError(t, err)
	t.Cleanup(p.Stop)
	return p
}

func configOf(p *Proxy) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + p.Address), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("KEY", "secret", ""),
	}
}

// is returns whether an error is of a type of the SDK.
func is[T error](err error) bool {
	var typed T
	return errors.As(err, &typed)
}

// TestGoSDKReadsTheErrors has AWS's SDK for Go read limits and faults by its own types.
func TestGoSDKReadsTheErrors(t *testing.T) {
	p := startProxy(t)
	queues, secrets, events := sqs.NewFromConfig(configOf(p)), secretsmanager.NewFromConfig(configOf(p)), cloudwatchlogs.NewFromConfig(configOf(p))
	objects := s3.NewFromConfig(configOf(p), func(o *s3.Options) { o.UsePathStyle = true })
	ctx := t.Context()
	send := func(body string) error {
		_, err := queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(standardQueue), MessageBody: aws.String(body)})
		return err
	}
	batch := func(body string, ids ...string) error {
		entries := []types.SendMessageBatchRequestEntry{}
		for _, id := range ids {
			entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(id), MessageBody: aws.String(body)})
		}
		_, err := queues.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(standardQueue), Entries: entries})
		return err
	}
	put := func(key string) error {
		_, err := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String(key), Body: strings.NewReader("content"), IfNoneMatch: aws.String("*")})
		return err
	}
	secret := func() error {
		_, err := secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
		return err
	}
	log := func(group string) error {
		_, err := events.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String(group), LogStreamName: aws.String("s")})
		return err
	}
	for _, c := range []struct {
		fault Fault
		call  func() error
		code  string
		typed func(error) bool
	}{
		{Fault{}, func() error { return send("\ufffe") }, "InvalidMessageContents", is[*types.InvalidMessageContents]},
		{Fault{}, func() error { return send(strings.Repeat("x", 2*half)) }, "InvalidParameterValue", is[smithy.APIError]},
		{Fault{}, func() error { return batch("x") }, "AWS.SimpleQueueService.EmptyBatchRequest", is[*types.EmptyBatchRequest]},
		{Fault{}, func() error { return batch("x", "a", "a") }, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", is[*types.BatchEntryIdsNotDistinct]},
		{Fault{}, func() error { return batch("x", "a b") }, "AWS.SimpleQueueService.InvalidBatchEntryId", is[*types.InvalidBatchEntryId]},
		{Fault{}, func() error { return batch("x", strings.Split("abcdefghijk", "")...) }, "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", is[*types.TooManyEntriesInBatchRequest]},
		{Fault{}, func() error { return batch(strings.Repeat("x", half), "a", "b") }, "AWS.SimpleQueueService.BatchRequestTooLong", is[*types.BatchRequestTooLong]},
		{Fault{Throttle: true}, func() error { return send("x") }, "RequestThrottled", is[*types.RequestThrottled]},
		{Fault{Code: "ThrottlingException"}, func() error { return send("x") }, "ThrottlingException", is[smithy.APIError]},
		{Fault{Code: "OverLimit"}, func() error { return send("x") }, "OverLimit", is[*types.OverLimit]},
		{Fault{Code: "KmsThrottled"}, func() error { return send("x") }, "KMS.ThrottlingException", is[*types.KmsThrottled]},
		{Fault{}, func() error { return put(strings.Repeat("k", 1025)) }, "KeyTooLongError", is[smithy.APIError]},
		{Fault{Throttle: true}, func() error { return put("k") }, "SlowDown", is[smithy.APIError]},
		{Fault{Code: "PreconditionFailed"}, func() error { return put("k") }, "PreconditionFailed", is[smithy.APIError]},
		{Fault{Code: "ConditionalRequestConflict"}, func() error { return put("k") }, "ConditionalRequestConflict", is[smithy.APIError]},
		{Fault{Throttle: true}, secret, "ThrottlingException", is[smithy.APIError]},
		{Fault{Throttle: true}, func() error { return log("g") }, "ThrottlingException", is[*logs.ThrottlingException]},
		{Fault{}, func() error { return log("a b") }, "InvalidParameterException", is[*logs.InvalidParameterException]},
	} {
		p.Inject(c.fault)
		err := c.call()
		assert.Assert(t, err != nil, c.code)
		var read smithy.APIError
		assert.Assert(t, errors.As(err, &read), "%v", err)
		assert.Equal(t, read.ErrorCode(), c.code)
		assert.Assert(t, c.typed(err), "%s: %v", c.code, err)
	}
	assert.DeepEqual(t, p.Broken(), map[string]int{
		"sqs-message-characters": 1, "sqs-message-size": 1, "sqs-batch-empty": 1, "sqs-batch-ids": 2, "sqs-batch-entries": 1,
		"sqs-batch-size": 1, "s3-key-size": 1, "model": 1,
	})
	p.Inject()
	assert.NilError(t, errors.Join(send("x"), batch("x", "a"), put("k"), log("g"), secret()))
}

// botocoreCall is a call, and what botocore makes of it.
type botocoreCall struct {
	Service   string         `json:"service"`
	Operation string         `json:"operation"`
	Arguments map[string]any `json:"arguments"`

	fault Fault
	want  outcome
}

type outcome struct {
	Error, Code string
	Status      int
	Retried     bool
	Failed      map[string]string
}

// startBotocore returns what has the service's botocore make a call.
func startBotocore(t *testing.T, p *Proxy) func(botocoreCall) outcome {
	t.Helper()
	program, err := os.ReadFile(filepath.Join("testdata", "call_aws.py"))
	assert.NilError(t, err)
	// It pins botocore: with another, Go must not take an old result.
	_, err = os.ReadFile("../../../docker/requirements.txt")
	assert.NilError(t, err)
	// The test's own context ends before its clean-up.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, "../../../docker/.venv/bin/python", "-c", string(program), "http://"+p.Address)
	command.Stderr = os.Stderr
	calls, err := command.StdinPipe()
	assert.NilError(t, err)
	outcomes, err := command.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, command.Start())
	t.Cleanup(func() {
		calls.Close()
		assert.Check(t, command.Wait() == nil)
	})
	writer, reader := json.NewEncoder(calls), json.NewDecoder(outcomes)
	return func(call botocoreCall) (got outcome) {
		assert.NilError(t, writer.Encode(call))
		assert.NilError(t, reader.Decode(&got))
		if len(got.Failed) == 0 {
			got.Failed = nil
		}
		return got
	}
}

type arguments = map[string]any

// TestBotocoreReadsTheErrors has the SDK of the service read limits and faults: by its
// types, and as errors that are worth another attempt or aren't.
func TestBotocoreReadsTheErrors(t *testing.T) {
	send := func(fault Fault, body string, want outcome) botocoreCall {
		return botocoreCall{"sqs", "SendMessage", arguments{"QueueUrl": standardQueue, "MessageBody": body}, fault, want}
	}
	fifo := func(more arguments, want outcome) botocoreCall {
		all := arguments{"QueueUrl": fifoQueue, "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
		for name, value := range more {
			all[name] = value
		}
		return botocoreCall{"sqs", "SendMessage", all, Fault{}, want}
	}
	update := func(fault Fault, key, expression string, want outcome) botocoreCall {
		return botocoreCall{"dynamodb", "UpdateItem", arguments{"TableName": "t", "Key": arguments{"id": arguments{"S": key}}, "UpdateExpression": expression}, fault, want}
	}
	put := func(fault Fault, more arguments, want outcome) botocoreCall {
		all := arguments{"Bucket": "b", "Key": "k", "Body": "Y29udGVudA=="}
		for name, value := range more {
			all[name] = value
		}
		return botocoreCall{"s3", "PutObject", all, fault, want}
	}
	secret := func(fault Fault, id string, want outcome) botocoreCall {
		return botocoreCall{"secretsmanager", "GetSecretValue", arguments{"SecretId": id}, fault, want}
	}
	p := startProxy(t)
	call := startBotocore(t, p)
	for _, c := range []botocoreCall{
		send(Fault{}, "\ufffe", outcome{"InvalidMessageContents", "InvalidMessageContents", 400, false, nil}),
		send(Fault{}, "", outcome{"ClientError", "MissingParameter", 400, false, nil}),
		send(Fault{}, strings.Repeat("x", 2*half), outcome{"ClientError", "InvalidParameterValue", 400, false, nil}),
		fifo(arguments{"DelaySeconds": 1}, outcome{"ClientError", "InvalidParameterValue", 400, false, nil}),
		fifo(arguments{"MessageGroupId": strings.Repeat("g", 129)}, outcome{"ClientError", "InvalidParameterValue", 400, false, nil}),
		{"sqs", "SendMessageBatch", arguments{"QueueUrl": standardQueue, "Entries": []arguments{}}, Fault{}, outcome{"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400, false, nil}},
		{"sqs", "SendMessageBatch", arguments{"QueueUrl": standardQueue, "Entries": []arguments{{"Id": "a", "MessageBody": "x"}, {"Id": "b", "MessageBody": "\x01"}}},
			Fault{}, outcome{Failed: map[string]string{"a": "InternalError", "b": "InvalidMessageContents"}}},
		update(Fault{}, "", "SET a = b", outcome{"ClientError", "ValidationException", 400, false, nil}),
		update(Fault{}, "k", "SET state = b", outcome{"ClientError", "ValidationException", 400, false, nil}),
		put(Fault{}, arguments{"Key": strings.Repeat("é", 513)}, outcome{"ClientError", "KeyTooLongError", 400, false, nil}),
		put(Fault{}, arguments{"Metadata": arguments{"a": strings.Repeat("x", 2048)}}, outcome{"ClientError", "MetadataTooLarge", 400, false, nil}),
		put(Fault{}, arguments{"ChecksumCRC32": "AAAAAA=="}, outcome{"ClientError", "BadDigest", 400, false, nil}),
		put(Fault{}, arguments{"ContentMD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, outcome{"ClientError", "BadDigest", 400, false, nil}),
		put(Fault{}, arguments{"ChecksumAlgorithm": "SHA256"}, outcome{}),
		secret(Fault{}, strings.Repeat("s", 2049), outcome{"ClientError", "ValidationException", 400, false, nil}),
		// What is worth another attempt is for AWS's own retry rules to say.
		send(Fault{Throttle: true}, "x", outcome{"RequestThrottled", "RequestThrottled", 403, true, nil}),
		send(Fault{Code: "ThrottlingException"}, "x", outcome{"ClientError", "ThrottlingException", 400, true, nil}),
		send(Fault{Code: "OverLimit"}, "x", outcome{"OverLimit", "OverLimit", 403, false, nil}),
		send(Fault{Code: "KmsThrottled"}, "x", outcome{"KmsThrottled", "KMS.ThrottlingException", 400, false, nil}),
		send(Fault{Refuse: true}, "x", outcome{"ClientError", "ServiceUnavailable", 503, true, nil}),
		update(Fault{Throttle: true}, "k", "SET a = b", outcome{"ProvisionedThroughputExceededException", "ProvisionedThroughputExceededException", 400, true, nil}),
		update(Fault{Code: "ThrottlingException"}, "k", "SET a = b", outcome{"ThrottlingException", "ThrottlingException", 400, true, nil}),
		update(Fault{Code: "TransactionConflictException"}, "k", "SET a = b", outcome{"TransactionConflictException", "TransactionConflictException", 400, false, nil}),
		put(Fault{Throttle: true}, nil, outcome{"ClientError", "SlowDown", 503, true, nil}),
		put(Fault{Code: "ThrottlingException"}, nil, outcome{"ClientError", "ThrottlingException", 400, true, nil}),
		put(Fault{Code: "ConditionalRequestConflict"}, nil, outcome{"ClientError", "ConditionalRequestConflict", 409, false, nil}),
		secret(Fault{Throttle: true}, "s", outcome{"ClientError", "ThrottlingException", 400, true, nil}),
		send(Fault{Reset: true}, "x", outcome{Error: "ConnectionClosedError"}),
		// botocore measures no body that it reads whole: of a status of 200, cut JSON is an
		// empty success. A stream it does measure.
		send(Fault{CutBody: true}, "x", outcome{}),
		{"s3", "GetObject", arguments{"Bucket": "b", "Key": "k"}, Fault{CutBody: true}, outcome{Error: "ResponseStreamingError"}},
		send(Fault{HalfOpen: true}, "x", outcome{}),
	} {
		p.Inject(c.fault)
		assert.DeepEqual(t, call(c), c.want)
	}
}
