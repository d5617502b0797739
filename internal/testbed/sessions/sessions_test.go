package sessions_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
	"benchlingwebhook/internal/testbed/proxy"
	"benchlingwebhook/internal/testbed/rights"
	"benchlingwebhook/internal/testbed/sessions"
)

const (
	trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "%s"},
		"Condition": {"ArnLike": {"aws:SourceArn": "%s"}, "StringEquals": {"aws:SourceAccount": "` + emulator.Account + `"}}}]}`
	ofECS  = "ecs-tasks.amazonaws.com"
	source = "arn:aws:ecs:us-east-1:" + emulator.Account + ":*"
	queues = "arn:aws:sqs:us-east-1:" + emulator.Account + ":"
)

// account is a local AWS with two queues, which only take what comes over TLS, and a
// role that may send to one of them.
type account struct {
	*emulator.Emulator
	iam      *iam.Client
	sessions *sessions.Sessions
	urls     map[string]string
}

func start(t *testing.T) account {
	t.Helper()
	cloud := emulatortest.Start(t)
	a := account{cloud, iam.NewFromConfig(cloud.Config()), sessions.New(cloud.Config()), map[string]string{}}
	for _, name := range []string{"open", "closed"} {
		made, err := sqs.NewFromConfig(cloud.Config()).CreateQueue(t.Context(), &sqs.CreateQueueInput{
			QueueName: aws.String(name), Attributes: map[string]string{"Policy": `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:*",
				"Principal": {"AWS": "*"}, "Resource": "` + queues + name + `", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`},
		})
		assert.NilError(t, err)
		a.urls[name] = aws.ToString(made.QueueUrl)
	}
	return a
}

func (a account) role(t *testing.T, name, service, source string) string {
	t.Helper()
	made, err := a.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String(fmt.Sprintf(trust, service, source))})
	assert.NilError(t, err)
	_, err = a.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String(name), PolicyName: aws.String("p"), PolicyDocument: aws.String(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage", "execute-api:Invoke"], "Resource": ["` + queues + `open", "arn:aws:execute-api:us-east-1:*:api/$default/GET/health"]}]}`)})
	assert.NilError(t, err)
	return aws.ToString(made.Role.Arn)
}

// TestRights has AWS's SDK for Go call as a task's role does, and the local AWS decide.
func TestRights(t *testing.T) {
	a := start(t)
	ctx := t.Context()
	role, task := a.role(t, "task", ofECS, source), sessions.NewTask()
	secure, err := proxy.Start(a.Endpoint, nil, a.sessions.Expired)
	assert.NilError(t, err)
	t.Cleanup(secure.Stop)
	config := func(endpoint string) aws.Config {
		return aws.Config{Region: emulator.Region, BaseEndpoint: aws.String(endpoint), Credentials: a.sessions.Provider(role, task), RetryMaxAttempts: 1}
	}
	send := func(endpoint, queue string) error {
		_, err := sqs.NewFromConfig(config(endpoint)).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(a.urls[queue]), MessageBody: aws.String("x")})
		return err
	}
	tls := "http://" + secure.Address
	assert.NilError(t, send(tls, "open"))
	assert.ErrorContains(t, send(tls, "closed"), "AccessDenied")
	assert.ErrorContains(t, send(a.Endpoint, "open"), "AccessDenied", "without TLS")

	batch := []types.SendMessageBatchRequestEntry{{Id: aws.String("1"), MessageBody: aws.String("x")}}
	for queue, want := range map[string]bool{"open": true, "closed": false} {
		_, err := sqs.NewFromConfig(config(tls)).SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: aws.String(a.urls[queue]), Entries: batch})
		assert.Equal(t, err == nil, want, "%s: %v", queue, err)
	}
	_, err = sqs.NewFromConfig(config(tls)).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(a.urls["open"])})
	assert.ErrorContains(t, err, "sqs:ReceiveMessage")

	forged := config(tls)
	own, err := forged.Credentials.Retrieve(ctx)
	assert.NilError(t, err)
	forged.Credentials = credentials.NewStaticCredentialsProvider(own.AccessKeyID, "another secret", own.SessionToken)
	_, err = sqs.NewFromConfig(forged).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(a.urls["open"]), MessageBody: aws.String("x")})
	assert.ErrorContains(t, err, "SignatureDoesNotMatch")

	calls, err := rights.Read(a.Calls)
	assert.NilError(t, err)
	var refused []string
	for _, call := range calls {
		assert.Equal(t, call.Role(), "task")
		assert.Assert(t, strings.HasSuffix(call.Session, "/"+task))
		if !call.Allowed {
			refused = append(refused, fmt.Sprint(call.Action, " ", call.Resource, " ", call.Secure, " ", call.Refusal))
		}
	}
	assert.DeepEqual(t, refused, []string{
		"sqs:SendMessage " + queues + "closed true ImplicitDeny",
		"sqs:SendMessage " + queues + "open false Deny",
		"sqs:ReceiveMessage " + queues + "open true ImplicitDeny",
		"sqs:SendMessage " + queues + "open true SignatureDoesNotMatch",
	})

	checker := rights.NewChecker(a.Config())
	for path, want := range map[string]bool{"health": true, "config": false} {
		allowed, err := checker.Allowed(ctx, role, task, "execute-api:Invoke", "arn:aws:execute-api:us-east-1:"+emulator.Account+":api/$default/GET/"+path)
		assert.NilError(t, err)
		assert.Equal(t, allowed, want, path)
	}
	assert.Equal(t, len(checker.Calls()), 2)
	assert.Equal(t, checker.Calls()[0].Session, calls[0].Session)
}

func TestWhoMayBeATask(t *testing.T) {
	a := start(t)
	for _, c := range []struct{ name, service, source, want string }{
		{"lambda", "lambda.amazonaws.com", source, "AccessDenied"},
		{"other-account", ofECS, "arn:aws:ecs:us-east-1:999999999999:*", "AccessDenied"},
		{"right", ofECS, source, ""},
	} {
		_, err := a.sessions.Get(context.Background(), a.role(t, c.name, c.service, c.source), sessions.NewTask())
		if c.want == "" {
			assert.NilError(t, err)
		} else {
			assert.ErrorContains(t, err, c.want, c.name)
		}
	}
}
