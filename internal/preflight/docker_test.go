package preflight

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

func TestDockerSaysWhy(t *testing.T) {
	program := filepath.Join(t.TempDir(), "docker")
	assert.NilError(t, os.WriteFile(program, []byte("#!/bin/sh\n[ \"$1\" = version ] || { echo 'no engine' >&2; exit 1; }\n"), 0o755))
	t.Setenv("CDK_DOCKER", program)
	assert.NilError(t, runDocker(context.Background(), "version"))
	assert.Error(t, runDocker(context.Background(), "buildx", "version"), "no engine")
	t.Setenv("CDK_DOCKER", program+".none")
	assert.ErrorContains(t, runDocker(context.Background(), "version"), "no such file")
}
