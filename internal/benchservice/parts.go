package benchservice

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"benchlingwebhook/internal/testbed/benchling"
)

// partsProgram measures parts of the service's work.
const partsProgram = "internal/benchservice/parts.py"

// parts are the CPU of one signed event, in milliseconds.
type parts struct {
	// Event is the whole, of the service's process while it takes as many as it can.
	Event float64 `json:"event_ms"`
	// Verification, JSON and SQS are parts of it, each measured alone: SQS of an event in
	// a call of ten.
	Verification float64 `json:"verification_ms"`
	JSON         float64 `json:"json_ms"`
	SQS          float64 `json:"sqs_ms"`
	// Curve is one verification by `openssl speed`, of the curve that Benchling signs with;
	// 0 where it wasn't asked.
	Curve float64 `json:"curve_ms"`
}

// rest is what is neither of the parts: HTTP, Flask, the log line and the threads.
func (p parts) rest() float64 { return p.Event - p.Verification - p.JSON - p.SQS }

// measureParts fills in the parts, with a signed event and a queue of their own.
func (e *environment) measureParts(ctx context.Context, events *events, into *parts) error {
	queue, err := e.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String("parts.fifo"), Attributes: map[string]string{"FifoQueue": "true"},
	})
	if err != nil {
		return err
	}
	variables, err := e.variables(events.appDefinition, aws.ToString(queue.QueueUrl))
	if err != nil {
		return err
	}
	webhook, err := events.next()
	if err != nil {
		return err
	}
	given, err := json.Marshal(map[string]any{
		"headers": map[string]string{"webhook-id": webhook.ID, "webhook-timestamp": webhook.Timestamp, "webhook-signature": webhook.Signature},
		"body":    string(webhook.Body),
	})
	if err != nil {
		return err
	}
	program, err := filepath.Abs(partsProgram)
	if err != nil {
		return err
	}
	python, err := filepath.Abs(servicePython)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, python, program)
	command.Dir, command.Stdin = "docker", bytes.NewReader(given)
	command.Env = append(environ("1", variables), "PYTHONPATH=.")
	var errors bytes.Buffer
	command.Stderr = &errors
	said, err := command.Output()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", partsProgram, err, errors.String())
	}
	return json.Unmarshal(said, into)
}

// curve returns the milliseconds of one verification by OpenSSL, of the curve of
// Benchling's keys.
func curve(ctx context.Context) (float64, error) {
	said, err := exec.CommandContext(ctx, "openssl", "speed", "-seconds", "1", "ecdsap256").Output()
	if err != nil {
		return 0, fmt.Errorf("openssl speed: %w; install OpenSSL's command", err)
	}
	// The last figure of the last line is of verifications a second.
	fields := strings.Fields(string(said))
	if len(fields) == 0 {
		return 0, fmt.Errorf("openssl speed: it printed nothing")
	}
	perSecond, err := strconv.ParseFloat(fields[len(fields)-1], 64)
	if err != nil || perSecond <= 0 {
		return 0, fmt.Errorf("openssl speed: %q is no number of verifications", fields[len(fields)-1])
	}
	return 1000 / perSecond, nil
}

// environ returns the environment of one of the service's processes, with a port and
// variables.
func environ(port string, variables map[string]string) []string {
	all := append(os.Environ(), "PORT="+port, "PYTHONDONTWRITEBYTECODE=1")
	for name, value := range variables {
		all = append(all, name+"="+value)
	}
	return all
}

// variables returns a task's settings, with the queue for events of its own.
func (e *environment) variables(appDefinition, queue string) (map[string]string, error) {
	secret, err := json.Marshal(map[string]string{
		"tenant": "bench", "client_id": "bench", "client_secret": benchling.RandomText(), "app_definition_id": appDefinition, "jwks_url": e.jwks(),
		"base_url": "http://" + e.benchling.Address,
	})
	variables := e.emulator.Environment()
	variables["INTAKE_QUEUE_URL"] = queue
	variables["CANVAS_QUEUE_URL"] = queue
	variables["BENCHLING_SECRET"] = string(secret)
	return variables, err
}
