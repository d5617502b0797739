package limits

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

const (
	standard = "https://sqs.us-east-1.amazonaws.com/000000000000/revisions"
	fifo     = "https://sqs.us-east-1.amazonaws.com/000000000000/events.fifo"
)

// input is the JSON of an operation's input.
type input map[string]any

// with returns the input with another member.
func (i input) with(name string, value any) input {
	changed := input{name: value}
	for key, it := range i {
		if key != name {
			changed[key] = it
		}
	}
	return changed
}

func sqsCall(operation string, in input) call {
	return call{target: "AmazonSQS." + operation, in: in}
}

func dynamoCall(operation string, in input) call {
	return call{target: "DynamoDB_20120810." + operation, in: in.with("TableName", "claims")}
}

// call is a request: with a target and its input, or to S3.
type call struct {
	target       string
	in           input
	method, path string
	body         string
	header       map[string]string
}

func (c call) request(t *testing.T) (*http.Request, []byte) {
	t.Helper()
	body, method, path := []byte(c.body), c.method, c.path
	if c.target != "" {
		var err error
		body, err = json.Marshal(c.in)
		assert.NilError(t, err)
		method, path = "POST", "/"
	}
	r := httptest.NewRequest(method, "http://s3.us-east-1.amazonaws.com"+path, nil)
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	if c.target != "" {
		r.Header.Set("X-Amz-Target", c.target)
	}
	return r, body
}

// ofBytes returns an attribute's text of a size.
func ofBytes(size int) input { return input{"S": strings.Repeat("x", size)} }

func entries(count int, entry func(n int) input) []input {
	made := []input{}
	for n := range count {
		made = append(made, entry(n))
	}
	return made
}

var (
	message = input{"QueueUrl": standard, "MessageBody": "x"}
	ordered = input{"QueueUrl": fifo, "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d"}
	receive = input{"QueueUrl": standard}
	batch   = func(made []input) call {
		return sqsCall("SendMessageBatch", input{"QueueUrl": standard, "Entries": made})
	}
	small     = func(n int) input { return input{"Id": fmt.Sprint(n), "MessageBody": "x"} }
	hidden    = input{"QueueUrl": standard, "ReceiptHandle": "r", "VisibilityTimeout": 1}
	key       = input{"Key": input{"id": ofBytes(1)}}
	updated   = key.with("UpdateExpression", "SET #state = :state").with("ExpressionAttributeNames", input{"#state": "state"})
	item      = func(size int) input { return input{"Item": input{"id": ofBytes(size)}} }
	attribute = func(value string) input { return input{"DataType": "String", "StringValue": value} }
	put       = call{method: "PUT", path: "/bucket/key", body: "content"}
)

func (c call) with(name, value string) call { c.header = map[string]string{name: value}; return c }

// TestLimits has for each limit what just keeps it and what just breaks it.
func TestLimits(t *testing.T) {
	many := strings.Repeat("<Object><Key>k</Key></Object>", 1001)
	tested := map[string]bool{}
	for _, c := range []struct {
		limit, code string
		kept        call
		broken      call
	}{
		{Model, "MissingRequiredParameterException", sqsCall("DeleteMessage", hidden), sqsCall("DeleteMessage", receive)},
		{SQSMessageSize, "InvalidParameterValueException", sqsCall("SendMessage", message.with("MessageBody", strings.Repeat("é", maxMessageBytes/2))),
			sqsCall("SendMessage", message.with("MessageBody", strings.Repeat("é", maxMessageBytes/2)+"x"))},
		{SQSMessageSize, "InvalidParameterValueException", sqsCall("SendMessage", message.with("MessageBody", strings.Repeat("x", maxMessageBytes-9)).with("MessageAttributes", input{"at": attribute("x")})),
			sqsCall("SendMessage", message.with("MessageBody", strings.Repeat("x", maxMessageBytes-8)).with("MessageAttributes", input{"at": attribute("x")}))},
		{SQSMessageCharacters, "InvalidMessageContents", sqsCall("SendMessage", message.with("MessageBody", "\t\n\r\u007f\u0085\ud7ff\ue000\ufffd\U0001ffff")), sqsCall("SendMessage", message.with("MessageBody", "\ufffe"))},
		{SQSMessageCharacters, "InvalidMessageContents", sqsCall("SendMessage", message), sqsCall("SendMessage", message.with("MessageBody", "\x00"))},
		{SQSMessageEmpty, "MissingRequiredParameterException", sqsCall("SendMessage", message), sqsCall("SendMessage", message.with("MessageBody", ""))},
		{SQSAttributes, "InvalidParameterValueException", sqsCall("SendMessage", message.with("MessageAttributes", input{"a": attribute("x")})), sqsCall("SendMessage", message.with("MessageAttributes", input{"a": attribute("")}))},
		{SQSBatchSize, "BatchRequestTooLong", batch(entries(2, func(n int) input { return small(n).with("MessageBody", strings.Repeat("x", maxMessageBytes/2)) })),
			batch(entries(2, func(n int) input { return small(n).with("MessageBody", strings.Repeat("x", maxMessageBytes/2+1)) }))},
		{SQSBatchEmpty, "EmptyBatchRequest", batch(entries(1, small)), batch(entries(0, small))},
		{SQSBatchEntries, "TooManyEntriesInBatchRequest", batch(entries(10, small)), batch(entries(11, small))},
		{SQSBatchIDs, "BatchEntryIdsNotDistinct", batch(entries(2, small)), batch(entries(2, func(int) input { return small(1) }))},
		{SQSBatchIDs, "InvalidBatchEntryId", batch(entries(1, func(int) input { return small(1).with("Id", strings.Repeat("i", 80)) })), batch(entries(1, func(int) input { return small(1).with("Id", "a b") }))},
		{SQSIdentifier, "InvalidParameterValueException", sqsCall("SendMessage", ordered.with("MessageGroupId", strings.Repeat("~", 128))), sqsCall("SendMessage", ordered.with("MessageGroupId", strings.Repeat("~", 129)))},
		{SQSIdentifier, "InvalidParameterValueException", sqsCall("SendMessage", ordered.with("MessageDeduplicationId", "!")), sqsCall("SendMessage", ordered.with("MessageDeduplicationId", "é"))},
		{SQSFIFO, "InvalidParameterValueException", sqsCall("SendMessage", ordered), sqsCall("SendMessage", ordered.with("DelaySeconds", 1))},
		{SQSFIFO, "MissingRequiredParameterException", sqsCall("SendMessage", ordered), sqsCall("SendMessage", message.with("QueueUrl", fifo).with("MessageGroupId", "g"))},
		{SQSFIFO, "InvalidParameterValueException", sqsCall("SendMessage", message.with("MessageGroupId", "fair")), sqsCall("SendMessage", message.with("MessageDeduplicationId", "d"))},
		{SQSDelay, "InvalidParameterValueException", sqsCall("SendMessage", message.with("DelaySeconds", 900)), sqsCall("SendMessage", message.with("DelaySeconds", 901))},
		{SQSVisibility, "InvalidParameterValueException", sqsCall("ChangeMessageVisibility", hidden.with("VisibilityTimeout", 43200)), sqsCall("ChangeMessageVisibility", hidden.with("VisibilityTimeout", 43201))},
		{SQSVisibility, "InvalidParameterValueException", sqsCall("ReceiveMessage", receive.with("VisibilityTimeout", 0)), sqsCall("ReceiveMessage", receive.with("VisibilityTimeout", -1))},
		{SQSWait, "InvalidParameterValueException", sqsCall("ReceiveMessage", receive.with("WaitTimeSeconds", 20)), sqsCall("ReceiveMessage", receive.with("WaitTimeSeconds", 21))},
		{SQSReceive, "InvalidParameterValueException", sqsCall("ReceiveMessage", receive.with("MaxNumberOfMessages", 10)), sqsCall("ReceiveMessage", receive.with("MaxNumberOfMessages", 0))},
		{DynamoDBItem, "ValidationException", dynamoCall("PutItem", item(maxItemBytes-2)), dynamoCall("PutItem", item(maxItemBytes-1))},
		{DynamoDBItem, "ValidationException", dynamoCall("PutItem", input{"Item": input{"m": input{"M": input{"n": ofBytes(maxItemBytes - 6)}}}}),
			dynamoCall("PutItem", input{"Item": input{"m": input{"M": input{"n": ofBytes(maxItemBytes - 5)}}}})},
		{DynamoDBKeySize, "ValidationException", dynamoCall("GetItem", input{"Key": input{"id": ofBytes(2048)}}), dynamoCall("GetItem", input{"Key": input{"id": ofBytes(2049)}})},
		{DynamoDBKeySize, "ValidationException", dynamoCall("GetItem", input{"Key": input{"id": ofBytes(2048), "at": ofBytes(1024)}}), dynamoCall("GetItem", input{"Key": input{"id": ofBytes(2048), "at": ofBytes(1025)}})},
		{DynamoDBKeyEmpty, "ValidationException", dynamoCall("GetItem", key), dynamoCall("GetItem", input{"Key": input{"id": ofBytes(0)}})},
		{DynamoDBSet, "ValidationException", dynamoCall("PutItem", input{"Item": input{"id": ofBytes(1), "s": input{"SS": []string{"x"}}, "l": input{"L": []any{}}}}),
			dynamoCall("PutItem", input{"Item": input{"id": ofBytes(1), "l": input{"L": []any{input{"SS": []string{}}}}}})},
		{DynamoDBExpression, "ValidationException", dynamoCall("UpdateItem", updated.with("UpdateExpression", "SET a = "+strings.Repeat("x", 4088))),
			dynamoCall("UpdateItem", updated.with("UpdateExpression", "SET a = "+strings.Repeat("x", 4089)))},
		{DynamoDBReserved, "ValidationException", dynamoCall("UpdateItem", updated), dynamoCall("UpdateItem", updated.with("UpdateExpression", "SET state = :state"))},
		{DynamoDBReserved, "ValidationException", dynamoCall("UpdateItem", updated.with("ConditionExpression", "attribute_not_exists(id) OR size(#state) > :size")),
			dynamoCall("UpdateItem", updated.with("ConditionExpression", "attribute_not_exists(Owner)"))},
		{S3Key, "KeyTooLongError", call{method: "PUT", path: "/bucket/" + strings.Repeat("%C3%A9", 512)}, call{method: "PUT", path: "/bucket/x" + strings.Repeat("%C3%A9", 512)}},
		{S3Metadata, "MetadataTooLarge", put.with("X-Amz-Meta-A", strings.Repeat("x", 2047)), put.with("X-Amz-Meta-A", strings.Repeat("x", 2048))},
		{S3PartNumber, "InvalidArgument", call{method: "PUT", path: "/b/k?uploadId=u&partNumber=10000"}, call{method: "PUT", path: "/b/k?uploadId=u&partNumber=10001"}},
		{S3Checksum, "BadDigest", put.with("X-Amz-Checksum-Crc32", encoded(crc32Of([]byte("content")))), put.with("X-Amz-Checksum-Crc32", encoded(1))},
		{S3Checksum, "BadDigest", put.with("Content-MD5", "mgNkuembtIDdJeHwKEyFVQ=="), put.with("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==")},
		{S3Checksum, "InvalidDigest", put, put.with("Content-MD5", "short")},
		{S3Checksum, "InvalidRequest", put, put.with("X-Amz-Checksum-Sha256", "short")},
		{S3Delete, "MalformedXML", call{method: "POST", path: "/b?delete", body: "<Delete><Object><Key>k</Key></Object></Delete>"}, call{method: "POST", path: "/b?delete", body: "<Delete>" + many + "</Delete>"}},
	} {
		checker := New()
		tested[c.limit] = true
		refusal := checker.Check(c.kept.request(t))
		assert.Assert(t, refusal == nil, "%s: kept: %+v", c.limit, refusal)
		refusal = checker.Check(c.broken.request(t))
		assert.Assert(t, refusal != nil, "%s isn't noticed", c.limit)
		assert.Equal(t, refusal.Limit, c.limit)
		assert.Equal(t, refusal.Error.Code, c.code, c.limit)
		assert.DeepEqual(t, checker.Broken(), map[string]int{c.limit: 1})
	}
	// These have a test of their own, as they need more than one request.
	for _, name := range []string{SQSVisibilityTotal, SQSInFlight, SQSThroughput, S3PartSize} {
		tested[name] = true
	}
	for _, limit := range Limits {
		assert.Assert(t, tested[limit.Name], "no case breaks %s", limit.Name)
		assert.Assert(t, limit.Figure != "" && limit.Source != "", limit.Name)
	}
	assert.Equal(t, len(tested), len(Limits))
}

func check(t *testing.T, checker *Checker, c call) string {
	t.Helper()
	if refusal := checker.Check(c.request(t)); refusal != nil {
		return refusal.Limit + " " + refusal.Error.Code
	}
	return ""
}

func TestMessagesInFlight(t *testing.T) {
	checker, now := New(), time.Unix(0, 0)
	checker.now, checker.inFlight = func() time.Time { return now }, 2
	got := func(receipts ...string) {
		t.Helper()
		messages := []input{}
		for _, receipt := range receipts {
			messages = append(messages, input{"ReceiptHandle": receipt})
		}
		response, err := json.Marshal(input{"Messages": messages})
		assert.NilError(t, err)
		request, err := json.Marshal(receive.with("VisibilityTimeout", 60))
		assert.NilError(t, err)
		checker.Received("AmazonSQS.ReceiveMessage", request, response)
	}
	got("r", "other")
	assert.Equal(t, check(t, checker, sqsCall("ReceiveMessage", receive)), "sqs-in-flight OverLimit")
	assert.Equal(t, check(t, checker, sqsCall("DeleteMessage", hidden.with("ReceiptHandle", "other"))), "")
	assert.Equal(t, check(t, checker, sqsCall("ReceiveMessage", receive)), "")

	now = now.Add(time.Second)
	assert.Equal(t, check(t, checker, sqsCall("ChangeMessageVisibility", hidden.with("VisibilityTimeout", 43199))), "")
	assert.Equal(t, check(t, checker, sqsCall("ChangeMessageVisibility", hidden.with("VisibilityTimeout", 43200))), "sqs-visibility-total InvalidParameterValueException")
	got("late")
	assert.Equal(t, check(t, checker, sqsCall("ReceiveMessage", receive)), "sqs-in-flight OverLimit")
	now = now.Add(time.Minute)
	assert.Equal(t, check(t, checker, sqsCall("ReceiveMessage", receive)), "")
}

func TestCallsOfAFIFOQueue(t *testing.T) {
	checker, now := New(), time.Unix(0, 0)
	checker.now = func() time.Time { return now }
	one := sqsCall("SendMessageBatch", input{"QueueUrl": fifo, "Entries": []input{ordered.with("Id", "1")}})
	for range 299 {
		assert.Equal(t, check(t, checker, one), "")
	}
	assert.Equal(t, check(t, checker, sqsCall("SendMessage", ordered)), "")
	assert.Equal(t, check(t, checker, one), "sqs-fifo-throughput RequestThrottled")
	assert.Equal(t, check(t, checker, sqsCall("ReceiveMessage", receive.with("QueueUrl", fifo))), "")
	now = now.Add(time.Second)
	assert.Equal(t, check(t, checker, one), "")
}

// TestABatchFailsByItsEntries has SQS's response, whose other entries may be sent again.
func TestABatchFailsByItsEntries(t *testing.T) {
	request, body := batch([]input{small(1), small(2).with("MessageBody", "\x01")}).request(t)
	refusal := New().Check(request, body)
	assert.Equal(t, refusal.Limit, SQSMessageCharacters)
	response := httptest.NewRecorder()
	refusal.Write(response, request)
	assert.Equal(t, response.Code, 200)
	var got struct {
		Failed []struct {
			ID          string `json:"Id"`
			Code        string
			SenderFault bool
		}
	}
	assert.NilError(t, json.Unmarshal(response.Body.Bytes(), &got))
	assert.Equal(t, fmt.Sprint(got.Failed), "[{1 InternalError false} {2 InvalidMessageContents true}]")
}

func TestAnUploadInParts(t *testing.T) {
	contents := []string{strings.Repeat("a", minPartBytes), strings.Repeat("b", minPartBytes-1), "c"}
	uploaded := func(contents ...string) *Checker {
		checker := New()
		for i, content := range contents {
			assert.Equal(t, check(t, checker, call{method: "PUT", path: fmt.Sprintf("/b/k?uploadId=u&partNumber=%d", i+1), body: content}), "")
		}
		return checker
	}
	completion := func(parts int) call {
		body := ""
		for i := range parts {
			body += fmt.Sprintf("<Part><PartNumber>%d</PartNumber></Part>", i+1)
		}
		return call{method: "POST", path: "/b/k?uploadId=u", body: "<CompleteMultipartUpload>" + body + "</CompleteMultipartUpload>"}
	}
	assert.Equal(t, check(t, uploaded(contents...), completion(3)), "s3-part-size EntityTooSmall")
	assert.Equal(t, check(t, uploaded(contents[:2]...), completion(2)), "")
	contents[1] += "b"
	whole := encoded(crc32Of([]byte(strings.Join(contents, ""))))
	assert.Equal(t, check(t, uploaded(contents...), completion(3).with("X-Amz-Checksum-Crc32", whole)), "")
	assert.Equal(t, check(t, uploaded(contents...), completion(3).with("X-Amz-Checksum-Crc32", encoded(1))), "s3-checksum BadDigest")
}

func TestContentInChunks(t *testing.T) {
	sum := base64.StdEncoding.EncodeToString(checksums["X-Amz-Checksum-Crc64nvme"]([]byte("content")))
	for body, want := range map[string]string{
		"4\r\ncont\r\n3;chunk-signature=x\r\nent\r\n0\r\nx-amz-checksum-crc64nvme:" + sum + "\r\n\r\n": "",
		"4\r\ncont\r\n3\r\nenT\r\n0\r\nx-amz-checksum-crc64nvme:" + sum + "\r\n\r\n":                   "s3-checksum BadDigest",
		"4\r\ncont\r\n0\r\n\r\n": "s3-checksum IncompleteBody",
		"9\r\ncont":              "s3-checksum IncompleteBody",
	} {
		c := put
		c.body, c.header = body, map[string]string{"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "7"}
		assert.Equal(t, check(t, New(), c), want, body)
	}
}

// TestNVMe has the check value of the catalogue of parametrised CRC algorithms.
func TestNVMe(t *testing.T) {
	assert.Equal(t, fmt.Sprintf("%x", checksums["X-Amz-Checksum-Crc64nvme"]([]byte("123456789"))), "ae8b14860a799888")
}

// TestObject has both forms of address.
func TestObject(t *testing.T) {
	for url, want := range map[string][2]string{
		"http://bucket.s3.us-east-1.amazonaws.com/a/b": {"bucket", "a/b"},
		"http://s3.us-east-1.amazonaws.com/a/b":        {"a", "b"},
		"http://127.0.0.1:4566/a":                      {"a", ""},
	} {
		bucket, key := Object(httptest.NewRequest("PUT", url, nil))
		assert.Equal(t, [2]string{bucket, key}, want)
	}
}
