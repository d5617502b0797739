// Package awserror writes the errors of AWS's services in each one's own form.
package awserror

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"crypto/rand"
)

// The services, as X-Amz-Target begins with them; S3 has no such header.
const (
	SQS            = "AmazonSQS"
	DynamoDB       = "DynamoDB_20120810"
	SecretsManager = "secretsmanager"
	Logs           = "Logs_20140328"
	S3             = "S3"
)

// Error is an error of an AWS service.
type Error struct {
	// Code is the name of the error: for SQS the one of its JSON protocol, such as
	// "BatchRequestTooLong", from which Write makes that of its query protocol, too.
	Code string
	// Message is for people.
	Message string
}

// statuses are the codes whose HTTP status isn't 400. Sources: Amazon S3 API Reference,
// Error responses; of SQS, the traits smithy.api#httpError in its model.
var statuses = map[string]int{
	"AccessDenied":               http.StatusForbidden,
	"ConditionalRequestConflict": http.StatusConflict,
	"InternalError":              http.StatusInternalServerError,
	"InternalServerError":        http.StatusInternalServerError,
	"OverLimit":                  http.StatusForbidden,
	"PreconditionFailed":         http.StatusPreconditionFailed,
	"ReceiptHandleIsInvalid":     http.StatusNotFound,
	"RequestThrottled":           http.StatusForbidden,
	"ServiceUnavailable":         http.StatusServiceUnavailable,
	"SlowDown":                   http.StatusServiceUnavailable,
}

// Status returns the HTTP status of a code.
func Status(code string) int {
	if status, listed := statuses[code]; listed {
		return status
	}
	return http.StatusBadRequest
}

// queryCodes are the codes of SQS that its query protocol has by another name; SDKs
// report that one. Source: the traits aws.protocols#awsQueryError in the model of SQS.
var queryCodes = map[string]string{
	"BatchEntryIdsNotDistinct":          "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
	"BatchRequestTooLong":               "AWS.SimpleQueueService.BatchRequestTooLong",
	"EmptyBatchRequest":                 "AWS.SimpleQueueService.EmptyBatchRequest",
	"InvalidBatchEntryId":               "AWS.SimpleQueueService.InvalidBatchEntryId",
	"InvalidParameterValueException":    "InvalidParameterValue",
	"KmsThrottled":                      "KMS.ThrottlingException",
	"MissingRequiredParameterException": "MissingParameter",
	"QueueDoesNotExist":                 "AWS.SimpleQueueService.NonExistentQueue",
	"TooManyEntriesInBatchRequest":      "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
	"UnsupportedOperation":              "AWS.SimpleQueueService.UnsupportedOperation",
}

// QueryCode returns the code by which SDKs report an error of SQS.
func QueryCode(code string) string {
	if query, listed := queryCodes[code]; listed {
		return query
	}
	return code
}

// coral are the namespaces of the errors that AWS's framework raises for its services.
var coral = map[string]string{
	"InvalidParameterValueException":    "com.amazon.coral.service",
	"MissingRequiredParameterException": "com.amazon.coral.service",
	"SerializationException":            "com.amazon.coral.service",
	"ExpiredTokenException":             "com.amazon.coral.service",
	"ServiceUnavailable":                "com.amazon.coral.availability",
	"ThrottlingException":               "com.amazon.coral.availability",
	"ValidationException":               "com.amazon.coral.validate",
}

// namespaces are those of the services' own errors; the others' have none.
var namespaces = map[string]string{SQS: "com.amazonaws.sqs", DynamoDB: "com.amazonaws.dynamodb.v20120810"}

// typeOf returns an error's __type.
func typeOf(service, code string) string {
	own, qualified := namespaces[service]
	if !qualified {
		return code
	}
	if shared := coral[code]; shared != "" {
		own = shared
	}
	return own + "#" + code
}

// Service returns the service that a request is for.
func Service(r *http.Request) string {
	service, _, targeted := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !targeted {
		return S3
	}
	return service
}

// Write responds to a request with the error: in XML for S3, in JSON for the others.
func (e Error) Write(w http.ResponseWriter, r *http.Request) {
	service, status := Service(r), Status(e.Code)
	header := w.Header()
	if service == S3 {
		header.Set("Content-Type", "application/xml")
		header.Set("X-Amz-Request-Id", rand.Text()[:16])
		w.WriteHeader(status)
		body, _ := xml.Marshal(s3Error{Code: e.Code, Message: e.Message, Resource: r.URL.Path, RequestID: header.Get("X-Amz-Request-Id")})
		_, _ = w.Write(append([]byte(xml.Header), body...))
		return
	}
	header.Set("Content-Type", ContentType(service))
	header.Set("X-Amzn-RequestId", rand.Text())
	if service == SQS {
		fault := "Sender"
		if status >= http.StatusInternalServerError {
			fault = "Receiver"
		}
		header.Set("X-Amzn-Query-Error", fmt.Sprintf("%s;%s", QueryCode(e.Code), fault))
	}
	w.WriteHeader(status)
	body, _ := json.Marshal(map[string]string{"__type": typeOf(service, e.Code), "message": e.Message})
	_, _ = w.Write(body)
}

// ContentType returns what a service that speaks JSON says of its bodies.
func ContentType(service string) string {
	if service == SQS || service == DynamoDB {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

type s3Error struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Resource  string
	RequestID string `xml:"RequestId"`
}

// Throttled returns the error with which a service says that it is asked too often.
func Throttled(service string) Error {
	switch service {
	case S3:
		return Error{"SlowDown", "Please reduce your request rate."}
	case SQS:
		return Error{"RequestThrottled", "The request was denied due to request throttling."}
	case DynamoDB:
		return Error{"ProvisionedThroughputExceededException", "The request exceeds the table's throughput; it may be sent again later."}
	default:
		return Error{"ThrottlingException", "Rate exceeded"}
	}
}
