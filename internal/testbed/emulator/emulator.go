// Package emulator runs the local AWS of the rehearsal as a process of its own.
package emulator

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"benchlingwebhook/internal/process"
)

const (
	// Account and Region are where the emulator pretends to be.
	Account = "000000000000"
	Region  = "us-east-1"
)

// Key is the access key of the account's root, made for one emulator. It is all that
// a variable or a file may hold of a local AWS: nothing outside of it knows the key.
type Key struct{ ID, Secret string }

// newKey returns a fresh key, of the form that AWS's have.
func newKey() Key { return Key{"AKIA" + rand.Text()[:16], rand.Text() + rand.Text()} }

// Emulator is a running local AWS.
type Emulator struct {
	// Endpoint is "http://127.0.0.1:PORT".
	Endpoint string
	// Log is the file with the emulator's output.
	Log string
	// Calls is the file with what the roles of the account called: a Call a line.
	Calls string
	// Root is the key of the account's root, to which no policy applies.
	Root Key

	server *process.Server
}

// starts is how often another port is tried: somebody may take a free one before the
// emulator does.
const starts = 3

// Start runs serve.py of the source directory with the given Python and returns
// when it responds. Its log and temporary files go to dir.
func Start(ctx context.Context, python, source, dir string) (e *Emulator, err error) {
	for range starts {
		if e, err = start(ctx, python, source, dir); err == nil || ctx.Err() != nil {
			return e, err
		}
	}
	return nil, err
}

func start(ctx context.Context, python, source, dir string) (*Emulator, error) {
	port, err := process.FreePort()
	if err != nil {
		return nil, err
	}
	e := &Emulator{
		Endpoint: "http://127.0.0.1:" + port, Log: filepath.Join(dir, "emulator.log"),
		Calls: filepath.Join(dir, "calls.jsonl"), Root: newKey(),
	}
	command := exec.Command(python, filepath.Join(source, "serve.py"), e.Calls)
	command.Env = append(os.Environ(), e.environment(port, dir)...)
	if e.server, err = process.Start(ctx, command, e.Log, e.Endpoint+"/_ministack/health"); err != nil {
		return nil, fmt.Errorf("%s: %w: `make rehearse` installs the emulator", python, err)
	}
	return e, nil
}

// environment returns what binds the emulator to 127.0.0.1, has it check signatures
// and rights, and keeps it from running containers: the rehearsal runs them, under
// Fargate's rules.
func (e *Emulator) environment(port, dir string) []string {
	return []string{
		"AUTH=true",
		"AWS_ACCESS_KEY_ID=" + e.Root.ID,
		"AWS_SECRET_ACCESS_KEY=" + e.Root.Secret,
		"AWS_SESSION_TOKEN=",
		"BIND_HOST=127.0.0.1",
		// Its MQTT broker would listen on every address.
		"IOT_MTLS_ENABLED=0",
		"GATEWAY_PORT=" + port,
		"MINISTACK_ACCOUNT_ID=" + Account,
		"MINISTACK_REGION=" + Region,
		"DOCKER_HOST=unix://" + filepath.Join(dir, "no-engine.sock"),
		"TMPDIR=" + dir,
		"PYTHONUNBUFFERED=1",
		"PYTHONDONTWRITEBYTECODE=1",
	}
}

// Stop ends the emulator; it may be called more than once.
func (e *Emulator) Stop() { e.server.Stop() }

// Reset removes everything that was made in the account; what was called stays in Calls.
func (e *Emulator) Reset(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.Endpoint+"/_ministack/reset", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", request.URL, response.StatusCode)
	}
	return nil
}

// Config returns an AWS configuration whose every client calls the emulator as the
// account's root.
func (e *Emulator) Config() aws.Config { return Config(e.Endpoint, e.Root) }

// Config returns an AWS configuration for the emulator at an endpoint.
func Config(endpoint string, key Key) aws.Config {
	return aws.Config{
		Region:       Region,
		Credentials:  credentials.NewStaticCredentialsProvider(key.ID, key.Secret, ""),
		BaseEndpoint: aws.String(endpoint),
	}
}

// Environment returns the variables that send an AWS SDK to the emulator, as the
// account's root.
func (e *Emulator) Environment() map[string]string {
	return map[string]string{
		"AWS_ACCESS_KEY_ID":         e.Root.ID,
		"AWS_SECRET_ACCESS_KEY":     e.Root.Secret,
		"AWS_REGION":                Region,
		"AWS_ENDPOINT_URL":          e.Endpoint,
		"AWS_ENDPOINT_URL_S3":       e.Endpoint,
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}
