package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// stale is beyond the tolerance of five minutes.
	stale = 10 * time.Minute
	// tooLarge is beyond the service's limit of 1 MiB.
	tooLarge = 1<<20 + 1
)

// complaint matches what a good log doesn't have.
var complaint = regexp.MustCompile(`(?i)error|warning|read-only|traceback`)

// runEmpty runs the task with the secret that a first deployment makes.
func (r *rehearsal) runEmpty(ctx context.Context) error {
	var running *runningTask
	if err := r.rows.Check("first deployment: healthy with an empty secret", func() (string, error) {
		var err error
		if running, err = r.runTask(ctx, r.deployed.task, nil); err != nil {
			return "", err
		}
		return "the engine's health check passes", r.waitHealthy(ctx, running)
	}); err != nil {
		return err
	}
	_ = r.rows.Check("first deployment: not ready, and says why", func() (string, error) {
		status, body, err := get(ctx, running.url+"/health/ready")
		if err == nil && (status != http.StatusServiceUnavailable || !strings.Contains(body, "client_id")) {
			err = fmt.Errorf("/health/ready: status %d, %s: 503 that names the missing settings was due", status, body)
		}
		return "503 " + body, err
	})
	return r.rows.Check("first deployment: SIGTERM", func() (string, error) { return r.stopTask(ctx, running) })
}

// runReady fills the secret, runs the task anew and sends it webhooks.
func (r *rehearsal) runReady(ctx context.Context) error {
	r.appDefinition = "appdef_" + benchling.RandomText()
	var running *runningTask
	if err := r.rows.Check("new deployment: healthy with the secret filled in", func() (string, error) {
		if err := r.fillSecret(ctx); err != nil {
			return "", err
		}
		var err error
		if running, err = r.runTask(ctx, r.deployed.task, nil); err != nil {
			return "", err
		}
		return fmt.Sprintf("%.2f s from docker run to the first 200", running.firstAnswer.Seconds()), r.waitHealthy(ctx, running)
	}); err != nil {
		return err
	}
	r.checkHardening(ctx, running)
	for _, path := range []string{"/health", "/health/live", "/health/ready", "/config"} {
		_ = r.rows.Check("GET "+path, func() (string, error) {
			return fmt.Sprint(http.StatusOK), r.waitOK(ctx, running.url+path)
		})
	}
	signature := r.checkAccepted(ctx, running)
	_ = r.rows.Check("log without complaints", func() (string, error) {
		if bad := linesWith(r.logs(ctx, running), complaint.MatchString); bad != "" {
			return "", errors.New(bad)
		}
		return "no error, warning or traceback", nil
	})
	r.checkRefused(ctx, running)
	_ = r.rows.Check("log without signatures", func() (string, error) {
		_, code, _ := strings.Cut(signature, ",")
		if code == "" {
			return "", errors.New("no event was accepted")
		}
		if strings.Contains(r.logs(ctx, running), code) {
			return "", errors.New("the log has the signature of an accepted event")
		}
		return "the accepted event's isn't there", nil
	})
	return r.rows.Check("SIGTERM", func() (string, error) { return r.stopTask(ctx, running) })
}

// readyTimeout bounds the time until a service that is set up is ready: it asks
// Benchling for a token first.
const readyTimeout = 30 * time.Second

// waitOK waits until an address answers 200.
func (r *rehearsal) waitOK(ctx context.Context, url string) error {
	return until(ctx, readyTimeout, func() (bool, string) {
		status, body, err := get(ctx, url)
		return status == http.StatusOK, fmt.Sprintf("%s: status %d, %s, %v", url, status, body, err)
	})
}

// fillSecret puts what a person would put into the secret.
func (r *rehearsal) fillSecret(ctx context.Context) error {
	text, err := r.secretText()
	if err != nil {
		return err
	}
	return r.putSecret(ctx, text)
}

// putSecret replaces the secret's text, which running tasks don't see.
func (r *rehearsal) putSecret(ctx context.Context, text string) error {
	_, err := secretsmanager.NewFromConfig(r.emulator.Config()).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: aws.String(r.deployed.secretARN), SecretString: aws.String(text),
	})
	return err
}

// secretText returns what a person would put into the secret, and where the
// stand-in is.
func (r *rehearsal) secretText() (string, error) {
	r.clientSecret = benchling.RandomText()
	text, err := json.Marshal(map[string]string{
		"tenant":            "rehearsal",
		"client_id":         benchling.RandomText(),
		"client_secret":     r.clientSecret,
		"app_definition_id": r.appDefinition,
		"base_url":          "http://" + r.benchlingAddress,
		"jwks_url":          "http://" + r.benchlingAddress + benchling.JWKSPath,
	})
	return string(text), err
}

// checkAccepted sends a signed event, looks for it in the queue, and returns its
// signature.
func (r *rehearsal) checkAccepted(ctx context.Context, running *runningTask) (signature string) {
	_ = r.rows.Check("signed event accepted", func() (string, error) {
		entry := "etr_" + benchling.RandomText()
		webhook, err := r.event(r.key, r.appDefinition, entry, time.Now())
		if err != nil {
			return "", err
		}
		status, body, err := post(ctx, running.url+"/event", webhook)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("/event: status %d, %s: log: %s", status, body, lastLines(r.logs(ctx, running), 3))
		}
		if err != nil {
			return "", err
		}
		signature = webhook.Signature
		return "200, and in the queue with the same payload", r.checkQueue(ctx, webhook, entry)
	})
	return signature
}

// checkQueue says whether the queue holds the webhook, whole.
func (r *rehearsal) checkQueue(ctx context.Context, webhook benchling.Webhook, entry string) error {
	answer, err := sqs.NewFromConfig(r.emulator.Config()).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(r.deployed.queueURL), MaxNumberOfMessages: 10, WaitTimeSeconds: 2,
	})
	if err != nil {
		return err
	}
	if len(answer.Messages) != 1 {
		return fmt.Errorf("queue %s: %d messages, not 1", r.deployed.queueURL, len(answer.Messages))
	}
	var message struct {
		WebhookID string `json:"webhook_id"`
		Route     string `json:"route"`
		EntryID   string `json:"entry_id"`
		Payload   any    `json:"payload"`
	}
	if err := json.Unmarshal([]byte(aws.ToString(answer.Messages[0].Body)), &message); err != nil {
		return fmt.Errorf("queue %s: %w", r.deployed.queueURL, err)
	}
	var sent any
	if err := json.Unmarshal(webhook.Body, &sent); err != nil {
		return err
	}
	if message.WebhookID != webhook.ID || message.EntryID != entry || !reflect.DeepEqual(message.Payload, sent) {
		return fmt.Errorf("queue %s: %s isn't what was sent", r.deployed.queueURL, aws.ToString(answer.Messages[0].Body))
	}
	return nil
}

// checkRefused sends what must not be accepted.
func (r *rehearsal) checkRefused(ctx context.Context, running *runningTask) {
	stranger, strangerErr := benchling.NewKey()
	now := time.Now()
	event := func(key benchling.Key, at time.Time) (benchling.Webhook, error) {
		return r.event(key, r.appDefinition, "etr_refused", at)
	}
	for _, attempt := range []struct {
		what string
		make func() (benchling.Webhook, error)
	}{
		{"no signature", func() (benchling.Webhook, error) {
			webhook, err := event(r.key, now)
			webhook.Signature = ""
			return webhook, err
		}},
		{"wrong key", func() (benchling.Webhook, error) {
			webhook, err := event(stranger, now)
			return webhook, errors.Join(strangerErr, err)
		}},
		{"stale timestamp", func() (benchling.Webhook, error) { return event(r.key, now.Add(-stale)) }},
		{"too large", func() (benchling.Webhook, error) {
			return r.key.Sign(bytes.Repeat([]byte(" "), tooLarge), now)
		}},
	} {
		_ = r.rows.Check("refused: "+attempt.what, func() (string, error) {
			webhook, err := attempt.make()
			if err != nil {
				return "", err
			}
			status, body, err := post(ctx, running.url+"/event", webhook)
			if err == nil && (status < 400 || status > 499) {
				err = fmt.Errorf("/event: status %d, %s: 4xx was due", status, body)
			}
			return fmt.Sprintf("%d %s", status, body), err
		})
	}
	_ = r.rows.Check("refused events aren't queued", func() (string, error) {
		answer, err := sqs.NewFromConfig(r.emulator.Config()).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(r.deployed.queueURL), MaxNumberOfMessages: 10,
		})
		if err == nil && len(answer.Messages) > 0 {
			err = fmt.Errorf("queue %s: %s", r.deployed.queueURL, aws.ToString(answer.Messages[0].Body))
		}
		return "the queue has nothing more", err
	})
}

func (r *rehearsal) event(key benchling.Key, appDefinition, entry string, at time.Time) (benchling.Webhook, error) {
	body, err := benchling.EntryUpdated(appDefinition, entry)
	if err != nil {
		return benchling.Webhook{}, err
	}
	return key.Sign(body, at)
}

// linesWith returns the lines that match, as one.
func linesWith(text string, match func(string) bool) string {
	var found []string
	for line := range strings.Lines(text) {
		if match(line) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return strings.Join(found, " | ")
}
