package emulator

import (
	"context"
	"os"
	"path/filepath"
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

func TestEnvironmentRunsNoContainer(t *testing.T) {
	assert.Check(t, contains(environment("1", "/dir"), "IOT_MTLS_ENABLED=0"))
	assert.Check(t, contains(environment("1", "/dir"), "DOCKER_HOST=unix:///dir/no-engine.sock"))
	assert.Equal(t, Environment("http://aws")["AWS_ENDPOINT_URL"], "http://aws")
	e := Emulator{Endpoint: "http://aws"}
	assert.Equal(t, *e.Config().BaseEndpoint, "http://aws")
}

func contains(list []string, wanted string) bool {
	for _, item := range list {
		if item == wanted {
			return true
		}
	}
	return false
}
