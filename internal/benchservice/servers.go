package main

import (
	"bufio"
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
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/emulator"
)

const (
	servicePython  = "docker/.venv/bin/python"
	emulatorPython = "build/tools/bin/python"
	emulatorSource = "internal/testbed/emulator"
	baseline       = "internal/benchservice/baseline.py"
)

// world is what the servers talk with: an AWS and Benchling's keys.
type world struct {
	emulator  *emulator.Emulator
	benchling *benchling.Server
	queue     string
}

// start starts both, with the key that Benchling signs with, and makes the queue.
func start(ctx context.Context) (*world, benchling.Key, error) {
	key, err := benchling.NewKey()
	if err != nil {
		return nil, key, err
	}
	dir, err := filepath.Abs(workDir)
	if err != nil {
		return nil, key, err
	}
	w := &world{}
	if w.emulator, err = emulator.Start(ctx, emulatorPython, emulatorSource, dir); err != nil {
		return nil, key, err
	}
	if w.benchling, err = benchling.Serve(key, benchling.Client); err != nil {
		w.emulator.Stop()
		return nil, key, err
	}
	queue, err := w.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String("bench.fifo"), Attributes: map[string]string{"FifoQueue": "true"},
	})
	if err != nil {
		w.stop()
		return nil, key, err
	}
	w.queue = aws.ToString(queue.QueueUrl)
	return w, key, nil
}

func (w *world) stop() {
	w.benchling.Stop()
	w.emulator.Stop()
}

func (w *world) sqs() *sqs.Client { return sqs.NewFromConfig(w.emulator.Config()) }

// checkQueue says whether the queue holds as many events as were acknowledged.
func (w *world) checkQueue(ctx context.Context, accepted int) error {
	answer, err := w.sqs().GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(w.queue), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		return err
	}
	if held := answer.Attributes["ApproximateNumberOfMessages"]; held != strconv.Itoa(accepted) {
		return fmt.Errorf("queue %s: %s events, but %d were acknowledged", w.queue, held, accepted)
	}
	return nil
}

// server is a process that is loaded.
type server struct {
	*process.Server
	url, appDefinition string
}

// startService starts the web service as the image does.
func (w *world) startService(ctx context.Context) (*server, error) {
	return w.startApplication(ctx, "service", servicePython, "-m", "src.app")
}

// startApplication starts the service's application in the service's folder, with
// the settings that a task has; "PORT" in an argument is where it is to listen.
func (w *world) startApplication(ctx context.Context, name, program string, args ...string) (*server, error) {
	appDefinition := "appdef_" + benchling.RandomText()
	secret, err := json.Marshal(map[string]string{
		"tenant": "bench", "client_id": "bench", "client_secret": benchling.RandomText(), "app_definition_id": appDefinition, "jwks_url": w.jwks(),
		"base_url": "http://" + w.benchling.Address,
	})
	if err != nil {
		return nil, err
	}
	environment := emulator.Environment(w.emulator.Endpoint)
	environment["INTAKE_QUEUE_URL"] = w.queue
	environment["CANVAS_QUEUE_URL"] = w.queue
	environment["BENCHLING_SECRET"] = string(secret)
	return startServer(ctx, name, appDefinition, "docker", program, args, environment)
}

// startBaseline starts the server that it is compared with.
func (w *world) startBaseline(ctx context.Context) (*server, error) {
	appDefinition := "appdef_" + benchling.RandomText()
	environment := map[string]string{"JWKS_URL": w.jwks(), "APP_DEFINITION_ID": appDefinition}
	return startServer(ctx, "baseline", appDefinition, ".", servicePython, []string{baseline}, environment)
}

func (w *world) jwks() string { return "http://" + w.benchling.Address + benchling.JWKSPath }

// startServer returns when the server answers on /health.
func startServer(ctx context.Context, name, appDefinition, dir, program string, args []string, environment map[string]string) (*server, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "PORT", port)
	}
	command := exec.Command(program, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "PORT="+port, "PYTHONDONTWRITEBYTECODE=1")
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	s := &server{url: "http://127.0.0.1:" + port, appDefinition: appDefinition}
	if s.Server, err = process.Start(ctx, command, filepath.Join(workDir, name+".log"), s.url+"/health"); err != nil {
		return nil, fmt.Errorf("%s: %w: `make bench-service` and `make bench-servers` install it", program, err)
	}
	return s, nil
}

// peakMemory returns the most memory that the process has had, in megabytes.
func (s *server) peakMemory() (float64, error) {
	place := fmt.Sprintf("/proc/%d/status", s.PID())
	file, err := os.Open(place)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), "VmHWM:"); found {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(value, "kB")), 64)
			return kib * 1024 / 1e6, err
		}
	}
	return 0, fmt.Errorf("%s: no VmHWM", place)
}
