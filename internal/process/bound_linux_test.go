package process

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// parentVariable has this test binary be a parent that is killed.
const parentVariable = "PROCESS_TEST_PARENT"

func TestMain(m *testing.M) {
	switch os.Getenv(parentVariable) {
	case "":
		os.Exit(m.Run())
	case "child":
		if EndWithParent() != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("bound\n")
		time.Sleep(time.Minute)
	}
	child := exec.Command("sleep", "60")
	start := func() error { _, err := StartBound(child); return err }
	if os.Getenv(parentVariable) == "of itself" {
		// What a shell or make does, which binds nothing.
		self, _ := os.Executable()
		child = exec.Command(self)
		child.Env = append(os.Environ(), parentVariable+"=child")
		said, _ := child.StdoutPipe()
		start = func() error {
			if err := child.Start(); err != nil {
				return err
			}
			_, err := bufio.NewReader(said).ReadString('\n')
			return err
		}
	}
	if start() != nil {
		os.Exit(1)
	}
	os.Stdout.WriteString(strconv.Itoa(child.Process.Pid) + "\n")
	time.Sleep(time.Minute)
}

func TestACommandEndsWithAParentThatIsKilled(t *testing.T) { endsWithParent(t, "of the command") }

func TestAProcessEndsWithAParentThatIsKilled(t *testing.T) { endsWithParent(t, "of itself") }

func endsWithParent(t *testing.T, kind string) {
	t.Helper()
	self, err := os.Executable()
	assert.NilError(t, err)
	parent := exec.Command(self)
	parent.Env = append(os.Environ(), parentVariable+"="+kind)
	out, err := parent.StdoutPipe()
	assert.NilError(t, err)
	assert.NilError(t, parent.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	assert.NilError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	assert.NilError(t, err)
	assert.NilError(t, syscall.Kill(pid, 0), "the child runs")
	assert.NilError(t, parent.Process.Kill())
	_ = parent.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for syscall.Kill(pid, 0) == nil {
		// Whoever adopted it may not have waited for it yet.
		if text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); strings.Contains(string(text), ") Z ") {
			return
		}
		assert.Assert(t, time.Now().Before(deadline), "process %d outlived its parent", pid)
		time.Sleep(20 * time.Millisecond)
	}
}

func TestStartBoundSaysWhatItCannotStart(t *testing.T) {
	_, err := StartBound(exec.Command("/none"))
	assert.ErrorContains(t, err, "/none")
}
