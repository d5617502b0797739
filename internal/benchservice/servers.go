package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"benchlingwebhook/rehearsal/benchling"
	"benchlingwebhook/rehearsal/emulator"
)

const (
	servicePython  = "docker/.venv/bin/python"
	emulatorPython = "build/tools/bin/python"
	emulatorSource = "rehearsal/emulator"
	baseline       = "internal/benchservice/baseline.py"
	startTimeout   = 30 * time.Second
	stopTimeout    = 20 * time.Second
)

// world is what the servers talk with: an AWS and Benchling's keys.
type world struct {
	emulator  *emulator.Emulator
	benchling *benchling.Server
	queue     string
}

// start starts both, and makes the queue.
func start(ctx context.Context, key benchling.Key) (*world, error) {
	dir, err := filepath.Abs(workDir)
	if err != nil {
		return nil, err
	}
	w := &world{}
	if w.emulator, err = emulator.Start(ctx, emulatorPython, emulatorSource, dir); err != nil {
		return nil, err
	}
	if w.benchling, err = benchling.Serve(key); err != nil {
		w.emulator.Stop()
		return nil, err
	}
	queue, err := w.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String("bench.fifo"), Attributes: map[string]string{"FifoQueue": "true"},
	})
	if err != nil {
		w.stop()
		return nil, err
	}
	w.queue = aws.ToString(queue.QueueUrl)
	return w, nil
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

// server is a process that answers on 127.0.0.1.
type server struct {
	url, log, appDefinition string
	command                 *exec.Cmd
	exited                  chan struct{}
}

// startService starts the web service as the image does.
func (w *world) startService(ctx context.Context) (*server, error) {
	appDefinition := "appdef_" + benchling.RandomText()
	secret, err := json.Marshal(map[string]string{
		"tenant": "bench", "client_id": "bench", "client_secret": benchling.RandomText(), "app_definition_id": appDefinition, "jwks_url": w.jwks(),
	})
	if err != nil {
		return nil, err
	}
	environment := emulator.Environment(w.emulator.Endpoint)
	environment["INTAKE_QUEUE_URL"] = w.queue
	environment["CLAIMS_TABLE"] = "bench"
	environment["PACKAGE_BUCKET"] = "bench"
	environment["BENCHLING_SECRET"] = string(secret)
	return startServer(ctx, "service", appDefinition, "docker", []string{"-m", "src.app"}, environment)
}

// startBaseline starts the server that it is compared with.
func (w *world) startBaseline(ctx context.Context) (*server, error) {
	appDefinition := "appdef_" + benchling.RandomText()
	environment := map[string]string{"JWKS_URL": w.jwks(), "APP_DEFINITION_ID": appDefinition}
	return startServer(ctx, "baseline", appDefinition, ".", []string{baseline}, environment)
}

func (w *world) jwks() string { return "http://" + w.benchling.Address + benchling.JWKSPath }

// startServer returns when the server answers on /health.
func startServer(ctx context.Context, name, appDefinition, dir string, args []string, environment map[string]string) (*server, error) {
	python, err := filepath.Abs(servicePython)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(workDir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s := &server{
		url: "http://127.0.0.1:" + strconv.Itoa(port), log: log.Name(), appDefinition: appDefinition,
		command: exec.Command(python, args...), exited: make(chan struct{}),
	}
	s.command.Dir = dir
	s.command.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "PYTHONDONTWRITEBYTECODE=1")
	for name, value := range environment {
		s.command.Env = append(s.command.Env, name+"="+value)
	}
	s.command.Stdout, s.command.Stderr = log, log
	// A Ctrl-C at the terminal is for the benchmark, which stops its servers.
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.command.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w: run `make bench-service`, which installs it", servicePython, err)
	}
	go func() {
		_ = s.command.Wait()
		close(s.exited)
	}()
	if err := s.wait(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/health", nil)
		if err != nil {
			return err
		}
		if answer, err := client.Do(request); err == nil {
			answer.Body.Close()
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("%s: the server ended before it answered: its last lines say why", s.log)
		case <-ctx.Done():
			return fmt.Errorf("%s: the server didn't answer: %w", s.log, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the server; it may be called more than once.
func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		_ = s.command.Process.Kill()
		<-s.exited
	}
}

// peakMemory returns the most memory that the process has had, in megabytes.
func (s *server) peakMemory() (float64, error) {
	place := fmt.Sprintf("/proc/%d/status", s.command.Process.Pid)
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

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
