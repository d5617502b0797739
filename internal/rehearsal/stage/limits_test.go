package stage

import (
	"math"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/engine"
)

func TestOpenFiles(t *testing.T) {
	var limit syscall.Rlimit
	assert.NilError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	with := func(own bool) *Stage { return &Stage{Testbed: &testbed.Testbed{Engine: &engine.Engine{Own: own}}} }
	assert.Equal(t, uint64(with(true).openFiles()), min(limit.Max, math.MaxInt32))
	assert.Equal(t, with(false).openFiles(), math.MaxInt32)
}

func TestPulled(t *testing.T) {
	s := &Stage{Image: "local@sha256:1"}
	assert.Equal(t, s.pulled("a"), "")
	s.Stack.WebTask.ContainerDefinitions = []types.ContainerDefinition{{Image: aws.String("a")}}
	assert.Equal(t, s.pulled("a"), "local@sha256:1")
	assert.Equal(t, s.pulled("b"), "")
}
