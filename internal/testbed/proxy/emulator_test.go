package proxy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
	"benchlingwebhook/internal/testbed/proxy"
	"benchlingwebhook/internal/testbed/rights"
	"benchlingwebhook/internal/testbed/sessions"
)

// policy is a role's policy, whose CONDITION says what of the bucket it may list.
const (
	trust  = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}`
	policy = `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::bucket/*"},
		{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::bucket"CONDITION}]}`
	prefix = `, "Condition": {"StringLike": {"s3:prefix": "packages/*"}}`
)

func codeOf(err error) string {
	var read smithy.APIError
	if errors.As(err, &read) {
		return read.ErrorCode()
	}
	return ""
}

// TestBehindTheProxy holds what the local AWS itself does as AWS: it must go on doing
// so through the proxy.
func TestBehindTheProxy(t *testing.T) {
	cloud := emulatortest.Start(t)
	ctx := t.Context()
	known := sessions.New(cloud.Config())
	p, err := proxy.Start(cloud.Endpoint, nil, known.Expired)
	assert.NilError(t, err)
	t.Cleanup(p.Stop)
	checker := rights.NewChecker(cloud.Config())
	p.HideMissingKeys(func(key, bucket string) bool {
		session, found := known.Of(key)
		assert.Check(t, found)
		allowed, err := checker.Allowed(ctx, session.Role, session.Task, "s3:ListBucket", "arn:aws:s3:::"+bucket)
		assert.Check(t, err)
		return allowed
	})
	root := s3.NewFromConfig(cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err = root.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")})
	assert.NilError(t, err)
	as := func(name, condition string) aws.Config {
		roles := iam.NewFromConfig(cloud.Config())
		made, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(trust)})
		assert.NilError(t, err)
		_, err = roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String(name), PolicyName: aws.String("p"), PolicyDocument: aws.String(strings.Replace(policy, "CONDITION", condition, 1))})
		assert.NilError(t, err)
		return aws.Config{
			Region: emulator.Region, BaseEndpoint: aws.String("http://" + p.Address), RetryMaxAttempts: 1,
			Credentials: known.Provider(aws.ToString(made.Role.Arn), sessions.NewTask()),
		}
	}
	objects := func(config aws.Config) *s3.Client {
		return s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	}
	get := func(client *s3.Client, key string) string {
		_, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String(key)})
		return codeOf(err)
	}
	lister, reader := objects(as("lister", "")), objects(as("reader", prefix))
	assert.Equal(t, get(lister, "missing"), "NoSuchKey")
	assert.Equal(t, get(reader, "missing"), "AccessDenied", "who may list a prefix alone doesn't learn which keys there are")
	_, err = reader.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("missing")})
	assert.ErrorContains(t, err, "StatusCode: 403")

	put := func(change func(*s3.PutObjectInput)) (string, string) {
		input := &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("content")}
		change(input)
		response, err := lister.PutObject(ctx, input)
		if err != nil {
			return "", codeOf(err)
		}
		return aws.ToString(response.ETag), ""
	}
	fresh := func(input *s3.PutObjectInput) { input.IfNoneMatch = aws.String("*") }
	etag, code := put(fresh)
	assert.Equal(t, code, "")
	_, code = put(fresh)
	assert.Equal(t, code, "PreconditionFailed")
	_, code = put(func(input *s3.PutObjectInput) { input.IfMatch = aws.String(`"another"`) })
	assert.Equal(t, code, "PreconditionFailed")
	_, code = put(func(input *s3.PutObjectInput) { input.IfMatch = aws.String(etag) })
	assert.Equal(t, code, "")
	assert.Equal(t, get(reader, "key"), "")

	queues := sqs.NewFromConfig(cloud.Config())
	queue, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	assert.NilError(t, err)
	_, err = queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("x")})
	assert.NilError(t, err)
	through := sqs.NewFromConfig(cloud.Config(), func(o *sqs.Options) { o.BaseEndpoint = aws.String("http://" + p.Address) })
	got, err := through.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, VisibilityTimeout: 60})
	assert.NilError(t, err)
	assert.Equal(t, len(got.Messages), 1)
	_, err = through.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: queue.QueueUrl, ReceiptHandle: got.Messages[0].ReceiptHandle, VisibilityTimeout: 43200})
	assert.ErrorContains(t, err, "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	assert.DeepEqual(t, p.Broken(), map[string]int{"sqs-visibility-total": 1})
}
