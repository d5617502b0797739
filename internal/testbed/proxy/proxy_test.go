package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"gotest.tools/v3/assert"
)

func TestProxy(t *testing.T) {
	reached := 0
	local := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached++
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, r.Host)
	}))
	defer local.Close()
	proxy, err := Start(local.URL, nil, func(key string) bool { return key == "OLD" })
	assert.NilError(t, err)
	defer proxy.Stop()
	call := func(method, target string) (int, string) {
		t.Helper()
		request, err := http.NewRequest(method, "http://"+proxy.Address+"/bucket/key", strings.NewReader(`{"QueueUrl": "queue"}`))
		assert.NilError(t, err)
		request.Host = "aws.example"
		if target != "" {
			request.Header.Set("X-Amz-Target", target)
		}
		response, err := http.DefaultClient.Do(request)
		assert.NilError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		assert.NilError(t, err)
		return response.StatusCode, string(body)
	}

	status, body := call("PUT", "")
	assert.Equal(t, status, 200)
	assert.Equal(t, body, "aws.example")

	proxy.Inject(Fault{Operation: "AmazonSQS.Send", Refuse: true}, Fault{Operation: "S3.PUT", Refuse: true})
	status, body = call("POST", "AmazonSQS.SendMessageBatch")
	assert.Equal(t, status, 503)
	assert.Equal(t, body, `{"__type":"com.amazon.coral.availability#ServiceUnavailable","message":"a fault on demand"}`)
	status, body = call("PUT", "")
	assert.Equal(t, status, 503)
	assert.Assert(t, strings.Contains(body, "<Error><Code>SlowDown</Code><Message>a fault on demand</Message>"), body)
	status, _ = call("POST", "AmazonSQS.ReceiveMessage")
	assert.Equal(t, status, 200)
	assert.Equal(t, proxy.Hits(), 2)
	assert.Equal(t, reached, 2)

	proxy.Inject(Fault{Operation: "S3.GET", Delay: 50 * time.Millisecond})
	began := time.Now()
	status, _ = call("GET", "")
	assert.Equal(t, status, 200)
	assert.Check(t, time.Since(began) >= 50*time.Millisecond)
	assert.Equal(t, reached, 3)

	proxy.Inject()
	assert.Equal(t, proxy.Hits(), 0)
	status, _ = call("PUT", "")
	assert.Equal(t, status, 200)
}

func TestARequestThatHangsHasNoAnswerAndReachesNobody(t *testing.T) {
	reached := 0
	local := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer local.Close()
	proxy, err := Start(local.URL, nil, func(key string) bool { return key == "OLD" })
	assert.NilError(t, err)
	defer proxy.Stop()
	proxy.Inject(Fault{Operation: "S3.PUT", Hang: true})
	request, err := http.NewRequest(http.MethodPut, "http://"+proxy.Address+"/key", strings.NewReader("content"))
	assert.NilError(t, err)
	impatient := &http.Client{Timeout: 100 * time.Millisecond}
	_, err = impatient.Do(request)
	assert.ErrorContains(t, err, "Timeout exceeded")
	assert.Equal(t, reached, 0)
	assert.Equal(t, proxy.Hits(), 1)
}

func TestTargetIsAnAddress(t *testing.T) {
	_, err := Start("http://a b", nil, nil)
	assert.ErrorContains(t, err, "invalid character")
}

// TestASessionThatIsOver has AWS's own SDK for Go read the refusals.
func TestASessionThatIsOver(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Check(t, r.Header.Get("X-Forwarded-Proto") == "https")
	}))
	defer target.Close()
	proxy, err := Start(target.URL, nil, func(key string) bool { return key == "OLD" })
	assert.NilError(t, err)
	defer proxy.Stop()
	config := func(key string) aws.Config {
		return aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String("http://" + proxy.Address), RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider(key, "secret", "token"),
		}
	}
	ctx := context.Background()
	head := func(key string) error {
		_, err := s3.NewFromConfig(config(key), func(o *s3.Options) { o.UsePathStyle = true }).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")})
		return err
	}
	assert.NilError(t, head("NEW"))
	assert.ErrorContains(t, head("OLD"), "ExpiredToken")
	_, err = sqs.NewFromConfig(config("OLD")).DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String("http://queue"), ReceiptHandle: aws.String("x")})
	assert.ErrorContains(t, err, "ExpiredTokenException")
}
