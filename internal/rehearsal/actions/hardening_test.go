package actions

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

// status returns what the kernel says of a process that is restricted, but for
// NoNewPrivs and the user.
func status(pid, parent int, name string, uid, noNewPrivileges int) string {
	return fmt.Sprintf("Name:\t%s\nPid:\t%d\nPPid:\t%d\nUid:\t%d\t%[4]d\t%[4]d\t%[4]d\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t%[5]d\n",
		name, pid, parent, uid, noNewPrivileges)
}

// TestRestrictionsFromInside looks at the service's processes, and at no others.
func TestRestrictionsFromInside(t *testing.T) {
	var (
		initial = status(1, 0, "docker-init", 1000, 0)
		python  = status(7, 1, "python", 1000, 1)
		child   = status(30, 7, "child", 1000, 1)
		look    = status(20, 0, "cat", 0, 0)
	)
	assert.NilError(t, unrestricted(initial+look+python+child, 1000, true))
	assert.Error(t, unrestricted(initial+python, 1000, false), "process 1 (docker-init): NoNewPrivs 0, not 1")
	assert.Error(t, unrestricted(initial+look, 1000, true), "no process of the service to look at")
	assert.Error(t, unrestricted("", 1000, true), "no process of the service to look at")
	assert.Error(t, unrestricted(status(1, 0, "docker-init", 0, 0)+python+status(30, 7, "child", 1000, 0), 1000, true),
		"process 1 (docker-init): Uid 0 0 0 0, not 1000 1000 1000 1000\nprocess 30 (child): NoNewPrivs 0, not 1")
	assert.Error(t, unrestricted("Name:\tpython\nPid:\t1\nPPid:\t0\nUid:\t5\t5\t5\t5\nCapEff:\t0000000000000001\n", 5, false),
		"process 1 (python): CapEff 0000000000000001, not 0000000000000000\nprocess 1 (python): CapBnd , not 0000000000000000\nprocess 1 (python): NoNewPrivs , not 1")
}

func TestRestrictionsFromOutside(t *testing.T) {
	definition := types.TaskDefinition{Memory: aws.String("1024"), Cpu: aws.String("512")}
	var has restrictions
	assert.NilError(t, json.Unmarshal([]byte(`{"Config": {"User": "1000:1000"}, "HostConfig": {"ReadonlyRootfs": true, "CapDrop": ["ALL"],
		"Memory": 1073741824, "NanoCpus": 500000000}}`), &has))
	assert.NilError(t, has.lacking(definition, "1000:1000", 2))
	assert.Error(t, has.lacking(types.TaskDefinition{Memory: aws.String("2048"), Cpu: aws.String("1024")}, "0", 2),
		`user 0: not in force: see the task definition in constructs/
memory of 2048 MiB: not in force: see the task definition in constructs/
CPU of 1024 units: not in force: see the task definition in constructs/`)
	has.HostConfig.ReadonlyRootfs, has.HostConfig.Privileged, has.HostConfig.CapDrop = false, true, nil
	has.HostConfig.SecurityOpt = []string{"no-new-privileges"}
	assert.Error(t, has.lacking(definition, "1000:1000", 2),
		`read-only root: not in force: see the task definition in constructs/
no privileges: not in force: see the task definition in constructs/
all capabilities dropped: not in force: see the task definition in constructs/
security options ["no-new-privileges"]: Fargate has none: take them out of internal/testbed/fargate`)
}

func TestOnTime(t *testing.T) {
	definition := types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{{HealthCheck: &types.HealthCheck{Interval: aws.Int32(30)}}}}
	assert.NilError(t, onTime(30*time.Second, definition))
	assert.Error(t, onTime(5*time.Second, definition), "5.0 s after the container's start: 30s was due: see the health check in docker/Dockerfile")
	assert.ErrorContains(t, onTime(36*time.Second, definition), "36.0 s after")
}
