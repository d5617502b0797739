// Package limits refuses requests to AWS that break one of AWS's limits, as AWS does
// and its emulator doesn't.
//
// Two sources decide. model.json holds what AWS's own models of its services say of
// each operation's input: required members, lengths, ranges, patterns, enumerations.
// Limits names those that AWS's documentation has beside the models.
package limits

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"benchlingwebhook/internal/testbed/awserror"
)

// Limit is one of AWS's.
type Limit struct {
	// Name is by which Checker counts it.
	Name string
	// Figure is AWS's, with its unit.
	Figure string
	// Source is the page of AWS's documentation.
	Source string
}

// The pages of Limits.
const (
	sqsMessages  = "Amazon SQS Developer Guide, Amazon SQS message quotas"
	sqsStandard  = "Amazon SQS Developer Guide, Amazon SQS standard queue quotas"
	sqsBatch     = "Amazon SQS API Reference, SendMessageBatch"
	sqsSend      = "Amazon SQS API Reference, SendMessage"
	sqsTimeout   = "Amazon SQS Developer Guide, Amazon SQS visibility timeout"
	dynamoItems  = "Amazon DynamoDB Developer Guide, Constraints in Amazon DynamoDB"
	dynamoWords  = "Amazon DynamoDB Developer Guide, Reserved words in DynamoDB"
	dynamoValues = "Amazon DynamoDB Developer Guide, Supported data types and naming rules"
	s3Keys       = "Amazon S3 User Guide, Naming Amazon S3 objects"
	s3Parts      = "Amazon S3 User Guide, Amazon S3 multipart upload limits"
	s3Metadata   = "Amazon S3 User Guide, Working with object metadata"
	s3Integrity  = "Amazon S3 User Guide, Checking object integrity in Amazon S3"
	s3Deletion   = "Amazon S3 API Reference, DeleteObjects"
	models       = "botocore's service models"
)

// The names of the limits.
const (
	Model                = "model"
	SQSMessageSize       = "sqs-message-size"
	SQSMessageCharacters = "sqs-message-characters"
	SQSMessageEmpty      = "sqs-message-empty"
	SQSAttributes        = "sqs-message-attributes"
	SQSBatchSize         = "sqs-batch-size"
	SQSBatchEmpty        = "sqs-batch-empty"
	SQSBatchEntries      = "sqs-batch-entries"
	SQSBatchIDs          = "sqs-batch-ids"
	SQSIdentifier        = "sqs-identifier"
	SQSFIFO              = "sqs-fifo-parameters"
	SQSDelay             = "sqs-delay"
	SQSVisibility        = "sqs-visibility"
	SQSVisibilityTotal   = "sqs-visibility-total"
	SQSWait              = "sqs-wait"
	SQSReceive           = "sqs-receive-messages"
	SQSInFlight          = "sqs-in-flight"
	SQSThroughput        = "sqs-fifo-throughput"
	DynamoDBItem         = "dynamodb-item-size"
	DynamoDBKeySize      = "dynamodb-key-size"
	DynamoDBKeyEmpty     = "dynamodb-key-empty"
	DynamoDBSet          = "dynamodb-set-empty"
	DynamoDBExpression   = "dynamodb-expression-size"
	DynamoDBReserved     = "dynamodb-reserved-word"
	S3Key                = "s3-key-size"
	S3Metadata           = "s3-metadata-size"
	S3PartNumber         = "s3-part-number"
	S3PartSize           = "s3-part-size"
	S3Checksum           = "s3-checksum"
	S3Delete             = "s3-delete-keys"
)

// Limits are those that are kept, in the order of their services.
var Limits = []Limit{
	{Model, "as the model says", models},
	{SQSMessageSize, "1,048,576 bytes, attributes included", sqsMessages},
	{SQSMessageCharacters, "#x9, #xA, #xD, #x20 to #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF", sqsMessages},
	{SQSMessageEmpty, "1 character at least", sqsMessages},
	{SQSAttributes, "10 attributes, none of them empty", sqsMessages},
	{SQSBatchSize, "1,048,576 bytes of all messages together", sqsBatch},
	{SQSBatchEmpty, "1 entry at least", sqsBatch},
	{SQSBatchEntries, "10 entries", sqsMessages},
	{SQSBatchIDs, "1 to 80 letters, digits, - and _; distinct", sqsMessages},
	{SQSIdentifier, "1 to 128 letters, digits and punctuation", sqsMessages},
	{SQSFIFO, "a group and a deduplication ID; no delay of one message", sqsSend},
	{SQSDelay, "0 to 900 seconds", sqsMessages},
	{SQSVisibility, "0 to 43,200 seconds", sqsMessages},
	{SQSVisibilityTotal, "43,200 seconds from when the message was received", sqsTimeout},
	{SQSWait, "0 to 20 seconds", sqsStandard},
	{SQSReceive, "1 to 10 messages", sqsMessages},
	{SQSInFlight, "120,000 messages of a standard queue; no error of a FIFO queue", sqsStandard},
	{SQSThroughput, "300 calls a second of each action, without high throughput", sqsMessages},
	{DynamoDBItem, "409,600 bytes, names included", dynamoItems},
	{DynamoDBKeySize, "2,048 bytes of a partition key, 1,024 of a sort key", dynamoItems},
	{DynamoDBKeyEmpty, "1 byte at least", dynamoItems},
	{DynamoDBSet, "1 element at least", dynamoValues},
	{DynamoDBExpression, "4,096 bytes", dynamoItems},
	{DynamoDBReserved, "573 words, which an expression has by a placeholder", dynamoWords},
	{S3Key, "1,024 bytes of UTF-8", s3Keys},
	{S3Metadata, "2,048 bytes, names included", s3Metadata},
	{S3PartNumber, "1 to 10,000", s3Parts},
	{S3PartSize, "5,242,880 bytes but for the last part", s3Parts},
	{S3Checksum, "the one that the request has", s3Integrity},
	{S3Delete, "1,000 keys a call", s3Deletion},
}

// Refusal is AWS's response to a request that breaks a limit.
type Refusal struct {
	// Limit is the broken one's name.
	Limit string
	// Error is what AWS answers; of a batch's entries, AWS says it in a response of 200.
	Error  awserror.Error
	failed []failedEntry
}

func refused(limit, code, message string) *Refusal {
	return &Refusal{Limit: limit, Error: awserror.Error{Code: code, Message: message}}
}

// Write responds.
func (r *Refusal) Write(w http.ResponseWriter, request *http.Request) {
	if r.failed == nil {
		r.Error.Write(w, request)
		return
	}
	w.Header().Set("Content-Type", awserror.ContentType(awserror.SQS))
	body, _ := json.Marshal(map[string]any{"Successful": []any{}, "Failed": r.failed})
	_, _ = w.Write(body)
}

// Checker checks requests, and remembers of them and of AWS's responses what later
// requests are measured by. It is safe for concurrent use.
type Checker struct {
	now func() time.Time
	// inFlight is how many messages of a standard queue may be in flight.
	inFlight int

	lock   sync.Mutex
	broken map[string]int
	queues map[string]*queue
	// parts are the parts' content by the ID of their upload and by their number.
	parts map[string]map[int]part
}

// New returns a checker.
func New() *Checker {
	return &Checker{
		now: time.Now, inFlight: maxInFlight,
		broken: map[string]int{}, queues: map[string]*queue{}, parts: map[string]map[int]part{},
	}
}

// Broken returns how often each limit was broken, by its name.
func (c *Checker) Broken() map[string]int {
	c.lock.Lock()
	defer c.lock.Unlock()
	broken := map[string]int{}
	for name, count := range c.broken {
		broken[name] = count
	}
	return broken
}

// Check returns AWS's refusal of a request with a body, or nil; a refusal is counted.
func (c *Checker) Check(r *http.Request, body []byte) *Refusal {
	c.lock.Lock()
	defer c.lock.Unlock()
	refusal := c.check(r, body)
	if refusal != nil {
		c.broken[refusal.Limit]++
	}
	return refusal
}

func (c *Checker) check(r *http.Request, body []byte) *Refusal {
	service, operation, targeted := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !targeted {
		return c.checkS3(r, body)
	}
	// Before the model, which doesn't know the empty batch.
	if service == awserror.SQS {
		if refusal := c.checkSQS(operation, body); refusal != nil {
			return refusal
		}
	}
	if refusal := checkModel(service, operation, body); refusal != nil {
		return refusal
	}
	if service == awserror.DynamoDB {
		return checkDynamoDB(body)
	}
	return nil
}
