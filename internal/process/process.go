// Package process runs a server as a process of its own, for as long as a tool
// needs it.
package process

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
)

const (
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
	poll         = 50 * time.Millisecond
)

// Server is a running process that answers on 127.0.0.1.
type Server struct {
	// Log is the file with the process's output.
	Log string

	command *exec.Cmd
	exited  <-chan struct{}
}

// Start starts the command, which writes into the log, and returns when it
// answers at the address with 200.
func Start(ctx context.Context, command *exec.Cmd, log, address string) (*Server, error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	command.Stdout, command.Stderr = file, file
	// A Ctrl-C at the terminal is for the tool, which stops its servers last.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	exited, err := StartBound(command)
	if err != nil {
		return nil, err
	}
	s := &Server{Log: log, command: command, exited: exited}
	if err := s.waitUntilItAnswers(ctx, address); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) waitUntilItAnswers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
			// Any other status is a start that goes on, or another server's, which has
			// taken the port.
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.exited:
			return fmt.Errorf("%s: the server ended before it answered: its last lines say why", s.Log)
		case <-ctx.Done():
			return fmt.Errorf("%s: the server didn't answer on %s: %w", s.Log, address, ctx.Err())
		case <-time.After(poll):
		}
	}
}

// PID returns the process's ID.
func (s *Server) PID() int { return s.command.Process.Pid }

// Stop ends the process; it may be called more than once.
func (s *Server) Stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(stopTimeout):
		_ = s.command.Process.Kill()
		<-s.exited
	}
}

// Terminate asks the process to end and waits for it; it returns how it ended, such
// as "exit status 0".
func (s *Server) Terminate(within time.Duration) (string, error) {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return "", err
	}
	select {
	case <-s.exited:
		return s.command.ProcessState.String(), nil
	case <-time.After(within):
		return "still there", nil
	}
}

// FreePort returns a port of 127.0.0.1 that nothing listens on now.
func FreePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}
