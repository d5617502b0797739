// Package emulatortest runs the local AWS for a test.
package emulatortest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator"
)

// startTimeout bounds the start.
const startTimeout = time.Minute

// shared is the local AWS of a package whose tests Main runs, and its directory.
var shared struct {
	sharing   bool
	directory string
	cloud     *emulator.Emulator
}

// Main is the TestMain of a package of which many tests need a local AWS, one after the
// other: it starts once, and each finds it empty.
func Main(m *testing.M) {
	shared.sharing = true
	status := m.Run()
	if shared.cloud != nil {
		shared.cloud.Stop()
	}
	if err := os.RemoveAll(shared.directory); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// Start returns a local AWS in which nothing is, from whatever directory the test runs
// in. It runs until the test ends, or by Main until all have. Short runs skip the test.
func Start(t *testing.T) *emulator.Emulator {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the local AWS")
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if !shared.sharing {
		cloud := start(ctx, t, t.TempDir())
		t.Cleanup(cloud.Stop)
		t.Cleanup(func() { showLog(t, cloud.Log) })
		return cloud
	}
	if shared.cloud == nil {
		var err error
		shared.directory, err = os.MkdirTemp("", "emulator-")
		assert.NilError(t, err)
		shared.cloud = start(ctx, t, shared.directory)
	} else {
		assert.NilError(t, shared.cloud.Reset(ctx))
	}
	t.Cleanup(func() { showLog(t, shared.cloud.Log) })
	return shared.cloud
}

// logShown is how much of the local AWS's log a test shows that failed, in bytes.
const logShown = 4096

func showLog(t *testing.T, path string) {
	if !t.Failed() {
		return
	}
	text, err := os.ReadFile(path)
	assert.Check(t, err)
	t.Logf("the local AWS: …%s", text[max(len(text)-logShown, 0):])
}

func start(ctx context.Context, t *testing.T, directory string) *emulator.Emulator {
	t.Helper()
	root := root(t)
	cloud, err := emulator.Start(ctx, filepath.Join(root, "build/tools/bin/python"), filepath.Join(root, "internal/testbed/emulator"), directory)
	assert.NilError(t, err)
	return cloud
}

// root returns the repository's directory.
func root(t *testing.T) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	root, err := filepath.Abs(filepath.Join(filepath.Dir(here), "../../../.."))
	assert.NilError(t, err)
	return root
}
