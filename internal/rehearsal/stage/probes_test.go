package stage

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/engine"
	"benchlingwebhook/internal/testbed/fargate"
)

// inspecting returns a stage whose engine knows one container, with a state.
func inspecting(t *testing.T, state string) *Stage {
	t.Helper()
	docker := filepath.Join(t.TempDir(), "docker")
	assert.NilError(t, os.WriteFile(docker, []byte("#!/bin/sh\necho '{\"State\": "+state+"}'\n"), 0o755))
	return &Stage{Testbed: &testbed.Testbed{Engine: &engine.Engine{Bin: docker}}}
}

func TestFirstProbe(t *testing.T) {
	running := &Task{Containers: []fargate.Container{{Name: "run-web"}}}
	probed := inspecting(t, `{"Status": "running", "StartedAt": "2026-11-26T10:00:00.5Z", "Health": {"Status": "healthy",
		"Log": [{"Start": "2026-11-26T11:00:30.75+01:00"}, {"Start": "2026-11-26T11:01:01+01:00"}]}}`)
	after, err := probed.FirstProbe(t.Context(), running)
	assert.NilError(t, err)
	assert.Equal(t, after, 30250*time.Millisecond)

	_, err = inspecting(t, `{"Status": "running"}`).FirstProbe(t.Context(), running)
	assert.Error(t, err, "container run-web: the container has no health check")
}

func TestWaitFor(t *testing.T) {
	const (
		healthy = `{"Status": "running", "Health": {"Status": "healthy"}}`
		done    = `{"Status": "exited", "ExitCode": 0}`
		failed  = `{"Status": "exited", "ExitCode": 3}`
	)
	for _, c := range []struct {
		condition    types.ContainerCondition
		state, fault string
	}{
		{"START", `{"Status": "running"}`, ""},
		{"HEALTHY", healthy, ""},
		{"HEALTHY", done, "dependsOn HEALTHY: container a: ended before it was healthy"},
		{"COMPLETE", failed, ""},
		{"SUCCESS", done, ""},
		{"SUCCESS", failed, "dependsOn SUCCESS: container a: exit status 3"},
	} {
		err := inspecting(t, c.state).waitFor(t.Context(), []fargate.Dependency{{Container: "a", Condition: c.condition}})
		if c.fault == "" {
			assert.Check(t, err, "%s of %s", c.condition, c.state)
		} else {
			assert.Check(t, err != nil && err.Error() == c.fault, "%s of %s: %v", c.condition, c.state, err)
		}
	}
}

// TestMeets has what isn't so yet wait.
func TestMeets(t *testing.T) {
	for _, condition := range []types.ContainerCondition{"HEALTHY", "COMPLETE", "SUCCESS"} {
		ok, err := meets(containerState{Status: "running"}, condition)
		assert.Check(t, !ok && err == nil, "%s: %v", condition, err)
	}
	_, err := meets(containerState{}, "READY")
	assert.Error(t, err, `condition "READY"`)
}
