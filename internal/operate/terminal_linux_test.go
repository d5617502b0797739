package operate

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"gotest.tools/v3/assert"
)

// pseudoTerminal returns both sides of a terminal: where a person types and reads, and
// where the program does.
func pseudoTerminal(t *testing.T) (outside, inside *os.File) {
	t.Helper()
	outside, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	assert.NilError(t, err)
	t.Cleanup(func() { _ = outside.Close() })
	assert.NilError(t, unix.IoctlSetPointerInt(int(outside.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(outside.Fd()), unix.TIOCGPTN)
	assert.NilError(t, err)
	inside, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	assert.NilError(t, err)
	t.Cleanup(func() { _ = inside.Close() })
	return outside, inside
}

// echoes says whether a terminal shows what is typed.
func echoes(t *testing.T, of *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(of.Fd()), unix.TCGETS)
	assert.NilError(t, err)
	return state.Lflag&unix.ECHO != 0
}

// waitForEcho waits until a terminal shows what is typed, or doesn't.
func waitForEcho(t *testing.T, of *os.File, want bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); echoes(t, of) != want; time.Sleep(time.Millisecond) {
		assert.Assert(t, time.Now().Before(end), "echo is %v", !want)
	}
}

func TestATerminalHidesSecrets(t *testing.T) {
	outside, inside := pseudoTerminal(t)
	var questions bytes.Buffer
	person := newTerminal(inside, &questions)
	_, err := outside.WriteString("acme\n")
	assert.NilError(t, err)
	line, err := person.ask(t.Context(), "Tenant: ", false)
	assert.NilError(t, err)
	assert.Equal(t, line, "acme\n")

	asked := make(chan string, 1)
	go func() {
		line, _ := person.ask(t.Context(), "Secret: ", true)
		asked <- line
	}()
	waitForEcho(t, inside, false)
	_, err = outside.WriteString("s3cret\n")
	assert.NilError(t, err)
	assert.Equal(t, <-asked, "s3cret")
	assert.Check(t, echoes(t, inside))
	assert.Equal(t, questions.String(), "Tenant: Secret: \n")
}

func TestAnInterruptedPromptLeavesTheTerminal(t *testing.T) {
	_, inside := pseudoTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := newTerminal(inside, &bytes.Buffer{}).ask(ctx, "Secret: ", true)
		ended <- err
	}()
	waitForEcho(t, inside, false)
	cancel()
	assert.ErrorIs(t, <-ended, context.Canceled)
	assert.Check(t, echoes(t, inside))
}

func TestAPipeIsNoTerminal(t *testing.T) {
	read, write, err := os.Pipe()
	assert.NilError(t, err)
	defer read.Close()
	defer write.Close()
	assert.Check(t, newTerminal(read, nil) == nil)
}
