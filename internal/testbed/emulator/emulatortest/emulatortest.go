// Package emulatortest runs the local AWS for a test.
package emulatortest

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator"
)

// startTimeout bounds the start.
const startTimeout = time.Minute

// Start runs the local AWS until the test ends, from whatever directory the test
// runs in. Short runs skip the test.
func Start(t *testing.T) *emulator.Emulator {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the local AWS")
	}
	root := root(t)
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cloud, err := emulator.Start(ctx, filepath.Join(root, "build/tools/bin/python"), filepath.Join(root, "internal/testbed/emulator"), t.TempDir())
	assert.NilError(t, err)
	t.Cleanup(cloud.Stop)
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
