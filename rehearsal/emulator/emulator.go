// Package emulator runs the local AWS of the rehearsal as a process of its own.
package emulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	// Account and Region are where the emulator pretends to be.
	Account = "000000000000"
	Region  = "us-east-1"
	// accessKey and secretKey open nothing: the emulator checks no signature.
	accessKey = "rehearsal"
	secretKey = "rehearsal"

	startTimeout = time.Minute
	stopTimeout  = 10 * time.Second
)

// Emulator is a running local AWS.
type Emulator struct {
	// Endpoint is "http://127.0.0.1:PORT".
	Endpoint string
	// Log is the file with the emulator's output.
	Log string

	command *exec.Cmd
	exited  chan struct{}
}

// Start runs serve.py of the source directory with the given Python and returns
// when it answers. Its log and temporary files go to dir.
func Start(ctx context.Context, python, source, dir string) (*Emulator, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "emulator.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()

	command := exec.Command(python, filepath.Join(source, "serve.py"))
	command.Env = append(os.Environ(), environment(port, dir)...)
	command.Stdout, command.Stderr = log, log
	// A Ctrl-C at the terminal is for the rehearsal, which stops the emulator last.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w: run `make rehearse`, which installs the emulator", python, err)
	}
	e := &Emulator{
		Endpoint: "http://127.0.0.1:" + strconv.Itoa(port),
		Log:      log.Name(),
		command:  command,
		exited:   make(chan struct{}),
	}
	go func() {
		_ = command.Wait()
		close(e.exited)
	}()
	if err := e.waitUntilItAnswers(ctx); err != nil {
		e.Stop()
		return nil, err
	}
	return e, nil
}

// environment returns what binds the emulator to 127.0.0.1 and keeps it from
// running containers: the rehearsal runs them, under Fargate's rules.
func environment(port int, dir string) []string {
	return []string{
		"BIND_HOST=127.0.0.1",
		"GATEWAY_PORT=" + strconv.Itoa(port),
		"MINISTACK_ACCOUNT_ID=" + Account,
		"MINISTACK_REGION=" + Region,
		"DOCKER_HOST=unix://" + filepath.Join(dir, "no-engine.sock"),
		"TMPDIR=" + dir,
		"PYTHONUNBUFFERED=1",
		"PYTHONDONTWRITEBYTECODE=1",
	}
}

func (e *Emulator) waitUntilItAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Endpoint+"/_ministack/health", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
			return nil
		}
		select {
		case <-e.exited:
			return fmt.Errorf("%s: the emulator ended before it answered: its last lines say why", e.Log)
		case <-ctx.Done():
			return fmt.Errorf("%s: the emulator didn't answer on %s: %w", e.Log, e.Endpoint, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Stop ends the emulator; it may be called more than once.
func (e *Emulator) Stop() {
	_ = e.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-e.exited:
	case <-time.After(stopTimeout):
		_ = e.command.Process.Kill()
		<-e.exited
	}
}

// Config returns an AWS configuration whose every client calls the emulator.
func (e *Emulator) Config() aws.Config {
	return Config(e.Endpoint)
}

// Config returns an AWS configuration for the emulator at an endpoint.
func Config(endpoint string) aws.Config {
	return aws.Config{
		Region:       Region,
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
		BaseEndpoint: aws.String(endpoint),
	}
}

// Environment returns the variables that send an AWS SDK to an endpoint where
// the emulator is reached.
func Environment(endpoint string) map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID":         accessKey,
		"AWS_SECRET_ACCESS_KEY":     secretKey,
		"AWS_REGION":                Region,
		"AWS_ENDPOINT_URL":          endpoint,
		"AWS_ENDPOINT_URL_S3":       endpoint,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
