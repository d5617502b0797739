package actions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// stale is beyond the tolerance of five minutes.
	stale = 10 * time.Minute
	// tooLarge is beyond the service's limit of 1 MiB.
	tooLarge = 1<<20 + 1
	// probeTolerance is how much a busy engine's first health check may be off.
	probeTolerance = 5 * time.Second
)

type firstDeployment struct{ *stage.Stage }

// Run runs the web task with the secret that a first deployment makes.
func (a firstDeployment) Run(ctx context.Context) error {
	var running *stage.Task
	if err := a.Report.Check("first deployment: healthy with an empty secret", func() (string, error) {
		var err error
		if running, err = a.RunTaskInRealTime(ctx, a.Stack.WebTask); err != nil {
			return "", err
		}
		return "the engine's health check passes", a.WaitHealthy(ctx, running)
	}); err != nil {
		return err
	}
	_ = a.Report.Check("web: first probe after one interval, as ECS", func() (string, error) {
		after, err := a.FirstProbe(ctx, running)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%.1f s after the container's start", after.Seconds()), onTime(after, a.Stack.WebTask)
	})
	_ = a.Report.Check("first deployment: not ready, and says why", func() (string, error) {
		status, body, err := testbed.Get(ctx, running.URL+"/health/ready")
		if err == nil && (status != http.StatusServiceUnavailable || !strings.Contains(body, "client_id")) {
			err = fmt.Errorf("/health/ready: status %d, %s: 503 that names the missing settings was due", status, body)
		}
		return "503 " + body, err
	})
	return a.Report.Check("first deployment: SIGTERM", func() (string, error) { return a.StopTask(ctx, running) })
}

// onTime says whether the first health check came when ECS has it come.
func onTime(after time.Duration, definition types.TaskDefinition) error {
	interval := time.Duration(aws.ToInt32(definition.ContainerDefinitions[0].HealthCheck.Interval)) * time.Second
	if (after - interval).Abs() > probeTolerance {
		return fmt.Errorf("%.1f s after the container's start: %s was due: see the health check in docker/Dockerfile", after.Seconds(), interval)
	}
	return nil
}

type webhooks struct{ *stage.Stage }

// Run fills the secret, runs the web task anew and sends it webhooks.
func (a webhooks) Run(ctx context.Context) error {
	a.App.Definition = benchling.NewDefinition()
	var running *stage.Task
	if err := a.Report.Check("new deployment: healthy with the secret filled in", func() (string, error) {
		if err := a.FillSecret(ctx); err != nil {
			return "", err
		}
		var err error
		if running, err = a.RunTask(ctx, a.Stack.WebTask, nil); err != nil {
			return "", err
		}
		return fmt.Sprintf("%.2f s from docker run to the first 200", running.FirstResponse.Seconds()), a.WaitHealthy(ctx, running)
	}); err != nil {
		return err
	}
	checkHardening(ctx, a.Stage, service{"web", a.Stack.WebTask, running})
	for _, path := range []string{"/health", "/health/live", "/health/ready", "/config"} {
		_ = a.Report.Check("GET "+path, func() (string, error) {
			return fmt.Sprint(http.StatusOK), testbed.WaitOK(ctx, running.URL+path)
		})
	}
	signature := a.checkAccepted(ctx, running)
	_ = a.Report.Check("log without complaints", func() (string, error) {
		log, err := a.Logs(ctx, running)
		if err != nil {
			return "", err
		}
		if bad := testbed.LinesWith(log, testbed.Complaint.MatchString); bad != "" {
			return "", errors.New(bad)
		}
		return "no error, warning or traceback", nil
	})
	a.checkRefused(ctx, running)
	_ = a.Report.Check("log without signatures", func() (string, error) {
		_, code, _ := strings.Cut(signature, ",")
		if code == "" {
			return "", errors.New("no event was accepted")
		}
		log, err := a.Logs(ctx, running)
		if err != nil {
			return "", err
		}
		if strings.Contains(log, code) {
			return "", errors.New("the log has the signature of an accepted event")
		}
		return "the accepted event's isn't there", nil
	})
	return a.Report.Check("SIGTERM", func() (string, error) { return a.StopTask(ctx, running) })
}

// checkAccepted sends a signed event, looks for it in the queue, and returns its
// signature.
func (a webhooks) checkAccepted(ctx context.Context, running *stage.Task) (signature string) {
	_ = a.Report.Check("signed event accepted", func() (string, error) {
		entry := "etr_" + benchling.RandomText()
		webhook, err := a.App.Event(entry, time.Now())
		if err != nil {
			return "", err
		}
		status, body, err := testbed.Post(ctx, running.URL+"/event", webhook)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("/event: status %d, %s: log: %s", status, body, a.LastLines(ctx, running, 3))
		}
		if err != nil {
			return "", err
		}
		signature = webhook.Signature
		return "200, and in the queue with the same payload", a.checkQueue(ctx, webhook, entry)
	})
	return signature
}

// checkQueue says whether the queue holds the webhook, whole.
func (a webhooks) checkQueue(ctx context.Context, webhook benchling.Webhook, entry string) error {
	response, err := sqs.NewFromConfig(a.Emulator.Config()).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(a.Stack.IntakeURL), MaxNumberOfMessages: 10, WaitTimeSeconds: 2,
	})
	if err != nil {
		return err
	}
	if len(response.Messages) != 1 {
		return fmt.Errorf("queue %s: %d messages, not 1", a.Stack.IntakeURL, len(response.Messages))
	}
	var message struct {
		WebhookID string `json:"webhook_id"`
		Route     string `json:"route"`
		EntryID   string `json:"entry_id"`
		Payload   any    `json:"payload"`
	}
	if err := json.Unmarshal([]byte(aws.ToString(response.Messages[0].Body)), &message); err != nil {
		return fmt.Errorf("queue %s: %w", a.Stack.IntakeURL, err)
	}
	var sent any
	if err := json.Unmarshal(webhook.Body, &sent); err != nil {
		return err
	}
	if message.WebhookID != webhook.ID || message.EntryID != entry || !reflect.DeepEqual(message.Payload, sent) {
		return fmt.Errorf("queue %s: %s isn't what was sent", a.Stack.IntakeURL, aws.ToString(response.Messages[0].Body))
	}
	return nil
}

// checkRefused sends what must not be accepted.
func (a webhooks) checkRefused(ctx context.Context, running *stage.Task) {
	stranger, strangerErr := benchling.NewKey()
	now := time.Now()
	event := func(key benchling.Key, at time.Time) (benchling.Webhook, error) {
		app := a.App
		app.Key = key
		return app.Event("etr_refused", at)
	}
	for _, attempt := range []struct {
		what string
		make func() (benchling.Webhook, error)
	}{
		{"no signature", func() (benchling.Webhook, error) {
			webhook, err := event(a.App.Key, now)
			webhook.Signature = ""
			return webhook, err
		}},
		{"wrong key", func() (benchling.Webhook, error) {
			webhook, err := event(stranger, now)
			return webhook, errors.Join(strangerErr, err)
		}},
		{"stale timestamp", func() (benchling.Webhook, error) { return event(a.App.Key, now.Add(-stale)) }},
		{"too large", func() (benchling.Webhook, error) {
			return a.App.Key.Sign(bytes.Repeat([]byte(" "), tooLarge), now)
		}},
	} {
		_ = a.Report.Check("refused: "+attempt.what, func() (string, error) {
			webhook, err := attempt.make()
			if err != nil {
				return "", err
			}
			status, body, err := testbed.Post(ctx, running.URL+"/event", webhook)
			if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
				// It is refused unread, and closed while the rest is on its way.
				return "the connection is closed before the end", nil
			}
			if err == nil && (status < 400 || status > 499) {
				err = fmt.Errorf("/event: status %d, %s: 4xx was due", status, body)
			}
			return fmt.Sprintf("%d %s", status, body), err
		})
	}
	_ = a.Report.Check("refused events aren't queued", func() (string, error) {
		response, err := sqs.NewFromConfig(a.Emulator.Config()).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(a.Stack.IntakeURL), MaxNumberOfMessages: 10,
		})
		if err == nil && len(response.Messages) > 0 {
			err = fmt.Errorf("queue %s: %s", a.Stack.IntakeURL, aws.ToString(response.Messages[0].Body))
		}
		return "the queue has nothing more", err
	})
}
