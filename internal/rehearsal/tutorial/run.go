package tutorial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// longest bounds a command.
	longest = 10 * time.Minute
	// endsWithin is how long a command may go on after its end is asked for.
	endsWithin = 30 * time.Second
)

// Shell is where commands are run, each in a bash of its own.
type Shell struct {
	Directory   string
	Environment []string
	// Log is a file that gets each command and what it prints; "" is none.
	Log string
}

// Run runs a command and returns what it printed. Nothing is typed: it has no terminal.
func (s Shell) Run(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	var printed watched
	err := s.command(ctx, command, &printed).Run()
	return printed.text(), errors.Join(err, s.keep(command, &printed))
}

// keep adds a command and what it printed to the log.
func (s Shell) keep(command string, printed *watched) error {
	if s.Log == "" {
		return nil
	}
	log, err := os.OpenFile(s.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(log, "$ %s\n%s\n", command, printed.text())
	return errors.Join(err, log.Close())
}

// Interrupt runs a command, interrupts it, as Ctrl-C does, when it has printed what
// matches, and returns what it printed. A command that ends before, or that ends well, is
// an error.
func (s Shell) Interrupt(ctx context.Context, command string, at *regexp.Regexp) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	printed := watched{at: at, seen: make(chan struct{})}
	running := s.command(ctx, command, &printed)
	if err := running.Start(); err != nil {
		return "", err
	}
	defer func() { _ = s.keep(command, &printed) }()
	ended := make(chan error, 1)
	go func() { ended <- running.Wait() }()
	select {
	case <-ended:
		return printed.text(), fmt.Errorf("%s: ended before it was interrupted: it printed nothing like %q: %s", command, at, strings.TrimSpace(printed.text()))
	case <-printed.seen:
	}
	if err := syscall.Kill(-running.Process.Pid, syscall.SIGINT); err != nil {
		return printed.text(), fmt.Errorf("%s: %w", command, err)
	}
	select {
	case err := <-ended:
		if err == nil {
			return printed.text(), fmt.Errorf("%s: it was interrupted, and says that it succeeded", command)
		}
		return printed.text(), ctx.Err()
	case <-time.After(endsWithin):
		return printed.text(), errors.Join(fmt.Errorf("%s: it runs on %s after it was interrupted", command, endsWithin), running.Cancel())
	}
}

// command returns a command in a group of processes, which ends with its context.
func (s Shell) command(ctx context.Context, text string, printed *watched) *exec.Cmd {
	command := exec.CommandContext(ctx, "bash", "-e", "-u", "-o", "pipefail", "-c", text)
	command.Dir, command.Env = s.Directory, s.Environment
	command.Stdout, command.Stderr = printed, printed
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = endsWithin
	return command
}

// watched keeps what is printed, and closes seen when it matches.
type watched struct {
	at   *regexp.Regexp
	seen chan struct{}

	lock    sync.Mutex
	printed bytes.Buffer
	matched bool
}

// Write implements io.Writer.
func (w *watched) Write(text []byte) (int, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.printed.Write(text)
	if w.at != nil && !w.matched && w.at.Match(w.printed.Bytes()) {
		w.matched = true
		close(w.seen)
	}
	return len(text), nil
}

func (w *watched) text() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.printed.String()
}
