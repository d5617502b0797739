//go:build !linux

package process

import "os/exec"

// StartBound starts a command; only on Linux does it end with this process. The channel
// closes when the command has ended and was waited for.
func StartBound(command *exec.Cmd) (<-chan struct{}, error) {
	if err := command.Start(); err != nil {
		return nil, err
	}
	exited := make(chan struct{})
	go func() {
		_ = command.Wait()
		close(exited)
	}()
	return exited, nil
}

// EndWithParent does nothing: only on Linux does a process end with its parent.
func EndWithParent() error { return nil }
