package testbed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockFile is held by the run that uses the directories below build.
const lockFile = "build/rehearsal.lock"

// Lock returns what gives the checkout back, or an error where another run of it has
// it. A run that is killed holds it no longer.
func Lock() (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(lockFile), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: another rehearsal, gates run or bench of this checkout goes on: wait for its end, or use another checkout", lockFile)
		}
		return nil, fmt.Errorf("%s: %w", lockFile, err)
	}
	return func() { _ = file.Close() }, nil
}
