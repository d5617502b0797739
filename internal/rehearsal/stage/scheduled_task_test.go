package stage

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/engine"
	"benchlingwebhook/internal/testbed/fargate"
	"benchlingwebhook/internal/testbed/loadbalancer"
	"benchlingwebhook/internal/testbed/scheduler"
	"benchlingwebhook/internal/testbed/taskagent"
)

const (
	starting  = `{"Status": "running", "Health": {"Status": "starting"}}`
	healthy   = `{"Status": "running", "Health": {"Status": "healthy"}}`
	unhealthy = `{"Status": "running", "Health": {"Status": "unhealthy"}}`
	unchecked = `{"Status": "running"}`
	gone      = `{"Status": "exited"}`
)

func TestHealthOf(t *testing.T) {
	for _, c := range []struct {
		states []string
		health types.HealthStatus
	}{
		{nil, types.HealthStatusUnknown},
		{[]string{unchecked}, types.HealthStatusUnknown},
		{[]string{starting}, types.HealthStatusUnknown},
		{[]string{healthy, unchecked}, types.HealthStatusHealthy},
		{[]string{healthy, starting}, types.HealthStatusUnknown},
		{[]string{starting, unhealthy, healthy}, types.HealthStatusUnhealthy},
	} {
		var states []containerState
		for _, text := range c.states {
			var state containerState
			assert.NilError(t, json.Unmarshal([]byte(text), &state))
			states = append(states, state)
		}
		assert.Equal(t, healthOf(states), c.health, "%s", c.states)
	}
}

// engineOf returns a stage whose engine says of the container run-web what is put into
// it; what stops it, ends it.
func engineOf(t *testing.T) (s *Stage, put func(state string)) {
	t.Helper()
	dir := t.TempDir()
	docker, file := filepath.Join(dir, "docker"), filepath.Join(dir, "state")
	script := "#!/bin/sh\ncase \"$*\" in\n" +
		"container*run-web) cat " + file + ";;\n" +
		"stop*run-web) echo '{\"State\": " + gone + "}' >" + file + ";;\n" +
		"inspect*run-web) echo '0 false';;\n" +
		"*) exit 1;;\nesac\n"
	assert.NilError(t, os.WriteFile(docker, []byte(script), 0o755))
	put = func(state string) {
		assert.NilError(t, os.WriteFile(file+"~", []byte(`{"State": `+state+`}`), 0o600))
		assert.NilError(t, os.Rename(file+"~", file))
	}
	return &Stage{Testbed: &testbed.Testbed{Engine: &engine.Engine{Bin: docker}, Agent: &taskagent.Agent{}}}, put
}

// ofTwo is a definition whose second container may end.
var ofTwo = types.TaskDefinition{ContainerDefinitions: []types.ContainerDefinition{
	{Name: aws.String("web")}, {Name: aws.String("side"), Essential: aws.Bool(false)},
}}

func TestScheduledTask(t *testing.T) {
	s, put := engineOf(t)
	balancer, err := loadbalancer.Serve(loadbalancer.Figures{Interval: time.Hour, Timeout: time.Second, IdleTimeout: time.Second})
	assert.NilError(t, err)
	t.Cleanup(balancer.Stop)
	put(starting)
	running := &Task{ID: "one", Name: "run", URL: "http://127.0.0.1:1", Containers: []fargate.Container{{Name: "run-web", StopSeconds: 30}}}
	task := s.watchTask(t.Context(), running, ofTwo, balancer)
	is := func(health types.HealthStatus) {
		t.Helper()
		assert.NilError(t, testbed.Until(t.Context(), 5*time.Second, func() (bool, string) { return task.Health() == health, string(task.Health()) }))
	}
	is(types.HealthStatusUnknown)
	put(healthy)
	is(types.HealthStatusHealthy)
	assert.Equal(t, task.ID(), "one")
	assert.Check(t, !task.Protected())

	group := targets{balancer}
	assert.Equal(t, task.TargetHealth(), elb.TargetHealthStateEnumUnused)
	group.Register(task)
	assert.Equal(t, task.TargetHealth(), elb.TargetHealthStateEnumInitial)
	<-group.Deregister(task)
	assert.Equal(t, task.TargetHealth(), elb.TargetHealthStateEnumUnused)

	assert.NilError(t, task.Stop(t.Context()))
	select {
	case <-task.Exited():
	case <-time.After(5 * time.Second):
		t.Fatal("the task's end wasn't seen")
	}
}

func TestRunnerTakesWhatRuns(t *testing.T) {
	s, put := engineOf(t)
	put(healthy)
	web := func(arn string) types.TaskDefinition { return types.TaskDefinition{TaskDefinitionArn: &arn} }
	r := &runner{stage: s, release: "web:1", adopted: []*Task{{ID: "one"}, {ID: "two"}}}
	assert.Assert(t, r.adopt(web("web:2")) == nil)
	for _, id := range []string{"one", "two"} {
		var task scheduler.Task
		task, err := r.Start(t.Context(), web("web:1"))
		assert.NilError(t, err)
		assert.Equal(t, task.ID(), id)
	}
	assert.Assert(t, r.adopt(web("web:1")) == nil)
	assert.Equal(t, len(r.logs(t.Context())), 2)
}
