package process

import (
	"os/exec"
	"runtime"
	"syscall"
)

// StartBound starts a command that gets SIGTERM when this process ends, even by
// SIGKILL. The channel closes when the command has ended and was waited for.
func StartBound(command *exec.Cmd) (<-chan struct{}, error) {
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{}
	}
	command.SysProcAttr.Pdeathsig = syscall.SIGTERM
	started, exited := make(chan error), make(chan struct{})
	go func() {
		// The signal is sent when the thread ends that started the command: it stays
		// this goroutine's.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait()
			close(exited)
		}
	}()
	return exited, <-started
}

// EndWithParent has this process get SIGTERM when the one ends that started it, even by
// SIGKILL. It is called first in main: the kernel sends the signal to this thread's process.
//
// Source: the manual page PR_SET_PDEATHSIG(2const).
func EndWithParent() error {
	const setParentDeathSignal = 1
	runtime.LockOSThread()
	if _, _, failure := syscall.RawSyscall(syscall.SYS_PRCTL, setParentDeathSignal, uintptr(syscall.SIGTERM), 0); failure != 0 {
		return failure
	}
	return nil
}
