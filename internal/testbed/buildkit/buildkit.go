// Package buildkit runs a BuildKit daemon of the version that go.mod pins. The
// one inside Docker's engine can't write images whose layers have rewritten
// timestamps.
package buildkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"benchlingwebhook/internal/process"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 20 * time.Second
	module       = "github.com/moby/buildkit"
)

// Daemon is a running buildkitd.
type Daemon struct {
	// Address is "unix://PATH".
	Address string

	// sockets is the directory of its socket.
	sockets string
	process *os.Process
	exited  <-chan struct{}
}

// Start builds buildkitd where dir has none, which takes minutes, and runs it.
// It needs root, Go and runc; environment is added to its own.
func Start(ctx context.Context, dir string, environment []string) (*Daemon, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	program, err := build(ctx, dir)
	if err != nil {
		return nil, err
	}
	// Beside dir its path could be too long for a socket.
	sockets, err := os.MkdirTemp("", "buildkit-")
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(sockets, "buildkitd.sock")
	log, err := os.Create(filepath.Join(dir, "buildkitd.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command(program, "--addr", "unix://"+socket, "--root", filepath.Join(dir, "root"),
		"--containerd-worker=false", "--oci-worker-net=host", "--allow-insecure-entitlement=network.host")
	command.Env = append(os.Environ(), environment...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	exited, err := process.StartBound(command)
	if err != nil {
		return nil, err
	}
	d := &Daemon{Address: "unix://" + socket, sockets: sockets, process: command.Process, exited: exited}
	if err := d.wait(ctx, socket, log.Name()); err != nil {
		d.Stop()
		return nil, err
	}
	return d, nil
}

// Version returns the version that go.mod pins, such as "v0.34.2".
func Version(ctx context.Context) (string, error) {
	version, _, err := pinned(ctx)
	return version, err
}

func pinned(ctx context.Context) (version, source string, err error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", module).Output()
	version, source, found := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || !found {
		return "", "", fmt.Errorf("go list -m %s: %w: run `go mod download`", module, err)
	}
	return version, source, nil
}

// build returns the path of buildkitd, made from the module's source where it
// is missing.
func build(ctx context.Context, dir string) (string, error) {
	version, source, err := pinned(ctx)
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "buildkitd-"+version)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	command := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/buildkitd")
	command.Dir = source
	if text, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build of buildkitd: %w: %s", err, text)
	}
	return program, nil
}

func (d *Daemon) wait(ctx context.Context, socket, log string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if _, err := os.Stat(socket); err == nil {
			return nil
		}
		select {
		case <-d.exited:
			return fmt.Errorf("%s: buildkitd ended while starting: its last lines say why", log)
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s: buildkitd doesn't respond", log), ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Stop ends the daemon; it may be called more than once.
func (d *Daemon) Stop() {
	// Its log says why it ended.
	defer func() { _ = os.RemoveAll(d.sockets) }()
	_ = d.process.Signal(syscall.SIGTERM)
	select {
	case <-d.exited:
	case <-time.After(stopTimeout):
		_ = d.process.Kill()
		<-d.exited
	}
}
