package emulator

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gotest.tools/v3/assert"
)

// fake returns a program to take the place of Python.
func fake(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	assert.NilError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755))
	return path
}

func TestStartSaysWhereToLook(t *testing.T) {
	dir := t.TempDir()
	_, err := Start(context.Background(), fake(t, "exit 3\n"), dir, dir)
	assert.ErrorContains(t, err, filepath.Join(dir, "emulator.log"))

	_, err = Start(context.Background(), filepath.Join(dir, "none"), dir, dir)
	assert.ErrorContains(t, err, "`make rehearse` installs the emulator")
}

func TestEnvironment(t *testing.T) {
	e := Emulator{Endpoint: "http://aws", Root: newKey()}
	for _, wanted := range []string{
		"IOT_MTLS_ENABLED=0", "DOCKER_HOST=unix:///dir/no-engine.sock", "AUTH=true", "AWS_ACCESS_KEY_ID=" + e.Root.ID,
	} {
		assert.Check(t, slices.Contains(e.environment("1", "/dir"), wanted), wanted)
	}
	assert.Equal(t, e.Environment()["AWS_ENDPOINT_URL"], "http://aws")
	assert.Equal(t, *e.Config().BaseEndpoint, "http://aws")
}
