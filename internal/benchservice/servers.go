package benchservice

import (
	"bufio"
	"context"
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

// environment is what the servers talk with: an AWS and Benchling's keys.
type environment struct {
	// directory is where the processes write their logs.
	directory string
	emulator  *emulator.Emulator
	benchling *benchling.Server
	queue     string
}

// start starts both, with the key that Benchling signs with, and makes the queue.
func start(ctx context.Context, directory string) (*environment, benchling.Key, error) {
	key, err := benchling.NewKey()
	if err != nil {
		return nil, key, err
	}
	dir, err := filepath.Abs(directory)
	if err != nil {
		return nil, key, err
	}
	e := &environment{directory: directory}
	if e.emulator, err = emulator.Start(ctx, emulatorPython, emulatorSource, dir); err != nil {
		return nil, key, err
	}
	if e.benchling, err = benchling.Serve(key, benchling.Client, nil); err != nil {
		e.emulator.Stop()
		return nil, key, err
	}
	queue, err := e.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String("bench.fifo"), Attributes: map[string]string{"FifoQueue": "true"},
	})
	if err != nil {
		e.stop()
		return nil, key, err
	}
	e.queue = aws.ToString(queue.QueueUrl)
	return e, key, nil
}

func (e *environment) stop() {
	e.benchling.Stop()
	e.emulator.Stop()
}

func (e *environment) sqs() *sqs.Client { return sqs.NewFromConfig(e.emulator.Config()) }

// checkQueue says whether the queue holds as many events as were acknowledged.
func (e *environment) checkQueue(ctx context.Context, accepted int) error {
	response, err := e.sqs().GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(e.queue), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		return err
	}
	if held := response.Attributes["ApproximateNumberOfMessages"]; held != strconv.Itoa(accepted) {
		return fmt.Errorf("queue %s: %s events, but %d were acknowledged", e.queue, held, accepted)
	}
	return nil
}

// server is a process that is loaded.
type server struct {
	*process.Server
	url, appDefinition string
}

// startService starts the web service as the image does.
func (e *environment) startService(ctx context.Context) (*server, error) {
	return e.startApplication(ctx, "service", servicePython, "-m", "src.app")
}

// startApplication starts the service's application in the service's directory, with
// the settings that a task has; "PORT" in an argument is where it is to listen.
func (e *environment) startApplication(ctx context.Context, name, program string, args ...string) (*server, error) {
	appDefinition := "appdef_" + benchling.RandomText()
	variables, err := e.variables(appDefinition, e.queue)
	if err != nil {
		return nil, err
	}
	return e.startServer(ctx, name, appDefinition, "docker", program, args, variables)
}

// startBaseline starts the server that it is compared with.
func (e *environment) startBaseline(ctx context.Context) (*server, error) {
	appDefinition := "appdef_" + benchling.RandomText()
	variables := map[string]string{"JWKS_URL": e.jwks(), "APP_DEFINITION_ID": appDefinition}
	return e.startServer(ctx, "baseline", appDefinition, ".", servicePython, []string{baseline}, variables)
}

func (e *environment) jwks() string { return "http://" + e.benchling.Address + benchling.JWKSPath }

// startServer returns when the server answers on /health.
func (e *environment) startServer(ctx context.Context, name, appDefinition, dir, program string, args []string, variables map[string]string) (*server, error) {
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
	command.Env = environ(port, variables)
	s := &server{url: "http://127.0.0.1:" + port, appDefinition: appDefinition}
	if s.Server, err = process.Start(ctx, command, filepath.Join(e.directory, name+".log"), s.url+"/health"); err != nil {
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
