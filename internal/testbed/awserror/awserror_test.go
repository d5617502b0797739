package awserror

import (
	"encoding/xml"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs/schemas"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
	"gotest.tools/v3/assert"
)

// TestSQSModel compares codes and statuses with what AWS's model of SQS says, as its
// SDK for Go holds it.
func TestSQSModel(t *testing.T) {
	for _, schema := range []*smithy.Schema{
		schemas.BatchEntryIdsNotDistinct, schemas.BatchRequestTooLong, schemas.EmptyBatchRequest, schemas.InvalidBatchEntryId,
		schemas.InvalidMessageContents, schemas.KmsThrottled, schemas.OverLimit, schemas.QueueDoesNotExist, schemas.ReceiptHandleIsInvalid,
		schemas.RequestThrottled, schemas.TooManyEntriesInBatchRequest, schemas.UnsupportedOperation,
	} {
		code, query := schema.ID().Name, schema.ID().Name
		if trait, listed := smithy.SchemaTrait[*traits.AWSQueryError](schema); listed {
			query = trait.ErrorCode
		}
		status := 400
		if trait, listed := smithy.SchemaTrait[*traits.HTTPError](schema); listed {
			status = trait.Code
		}
		assert.Equal(t, QueryCode(code), query)
		assert.Equal(t, Status(code), status, code)
	}
}

func TestForms(t *testing.T) {
	for target, want := range map[string]string{
		"AmazonSQS.SendMessage":         `{"__type":"com.amazonaws.sqs#OverLimit","message":"many"} OverLimit;Sender application/x-amz-json-1.0`,
		"DynamoDB_20120810.UpdateItem":  `{"__type":"com.amazonaws.dynamodb.v20120810#OverLimit","message":"many"}  application/x-amz-json-1.0`,
		"secretsmanager.GetSecretValue": `{"__type":"OverLimit","message":"many"}  application/x-amz-json-1.1`,
	} {
		request, response := httptest.NewRequest("POST", "/", nil), httptest.NewRecorder()
		request.Header.Set("X-Amz-Target", target)
		Error{"OverLimit", "many"}.Write(response, request)
		header := response.Header()
		assert.Equal(t, response.Body.String()+" "+header.Get("X-Amzn-Query-Error")+" "+header.Get("Content-Type"), want)
		assert.Equal(t, response.Code, 403)
	}
	request, response := httptest.NewRequest("PUT", "/bucket/key", nil), httptest.NewRecorder()
	Throttled(Service(request)).Write(response, request)
	assert.Equal(t, response.Code, 503)
	var read s3Error
	assert.NilError(t, xml.Unmarshal(response.Body.Bytes(), &read))
	assert.Equal(t, read.Code+" "+read.Resource, "SlowDown /bucket/key")
	assert.Equal(t, read.RequestID, response.Header().Get("X-Amz-Request-Id"))
}
