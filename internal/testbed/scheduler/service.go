package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// lookEvery is the time between two looks at the tasks. AWS says none.
const lookEvery = time.Second

// Service is one service of ECS, whose tasks Run keeps.
type Service struct {
	figures Figures
	drives  Drives
	work    sync.WaitGroup

	lock    sync.Mutex
	desired int
	// deployments are in the order of their beginning; primary is the newest that
	// tasks are started for, completed the one to roll back to.
	deployments        []*deployment
	primary, completed *deployment
	tasks              []*task
	events             []Event
	faults             []error
	steady             bool
}

// deployment is a task definition that is rolled out, or was.
type deployment struct {
	id         string
	definition types.TaskDefinition
	state      types.DeploymentRolloutState
	reason     string
	// want is how many tasks it keeps while it is replaced.
	want int
	// failed are the tasks that failed, as the circuit breaker counts them.
	failed int
	// launches failed in a row; no task is started before retry.
	launches int
	retry    time.Time
	// watched says whether alarms can fail it; settled is when its tasks were all there
	// and no others.
	watched bool
	settled time.Time
	said    map[string]bool
}

// Deployment is what ECS says of a deployment.
type Deployment struct {
	// ID is "ecs-svc/" and a number, Definition the ARN of its task definition.
	ID, Definition string
	// Status is PRIMARY, ACTIVE while it has tasks, or INACTIVE.
	Status string
	State  types.DeploymentRolloutState
	Reason string
	// Failed are the tasks that failed without one that was healthy between them.
	Failed int
}

// New returns a service that begins to deploy a task definition when it runs.
func New(figures Figures, definition types.TaskDefinition, drives Drives) *Service {
	s := &Service{figures: figures, drives: drives, desired: figures.Desired}
	s.Deploy(definition)
	return s
}

// Run keeps the service until the context ends, and returns once nothing that it began
// goes on. Tasks that run then are left; its error are those of stopping tasks.
func (s *Service) Run(ctx context.Context) error {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for ctx.Err() == nil {
		s.look(ctx)
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
	s.work.Wait()
	s.lock.Lock()
	defer s.lock.Unlock()
	return errors.Join(s.faults...)
}

// look moves the service on by what it sees now.
func (s *Service) look(ctx context.Context) {
	s.lock.Lock()
	defer s.lock.Unlock()
	now := time.Now()
	for _, t := range slices.Clone(s.tasks) {
		s.see(t, now)
	}
	s.stopOlder(ctx)
	s.stopUnhealthy(ctx)
	s.judge()
	s.scaleIn(ctx)
	s.start(ctx, now)
	s.complete(now)
}

// Deploy begins to replace every task by those of a definition, and returns the
// deployment's ID.
func (s *Service) Deploy(definition types.TaskDefinition) string {
	s.lock.Lock()
	defer s.lock.Unlock()
	d := &deployment{id: fmt.Sprintf("ecs-svc/%d", len(s.deployments)+1), definition: definition, said: map[string]bool{}}
	s.deployments = append(s.deployments, d)
	s.begin(d, "ECS deployment "+d.id+" in progress.")
	return d.id
}

// begin makes a deployment the primary one. An alarm that is in ALARM already isn't
// watched.
//
// Source of the last: aws/copilot-cli, pull request 4512.
func (s *Service) begin(d *deployment, reason string) {
	if was := s.primary; was != nil {
		was.want = s.good(was)
	}
	s.primary, s.steady = d, false
	d.state, d.reason, d.failed, d.settled = types.DeploymentRolloutStateInProgress, reason, 0, time.Time{}
	d.watched = s.figures.Rollback.Enable && !s.drives.Alarms.InAlarm(s.figures.Rollback.Alarms)
}

// Scale sets the desired number of tasks, as Application Auto Scaling does. During a
// deployment, the tasks that it replaces become more, too.
//
// Source: AWS's announcement of November 2025, "Amazon ECS improves Service Availability
// during Rolling deployments".
func (s *Service) Scale(desired int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, d := range s.deployments {
		if d != s.primary && d.want > 0 {
			d.want += max(desired-s.desired, 0)
		}
	}
	s.desired, s.steady = desired, false
}

// Running returns the tasks that run and aren't being stopped, the oldest first.
func (s *Service) Running() []Task {
	s.lock.Lock()
	defer s.lock.Unlock()
	var running []Task
	for _, t := range s.tasks {
		if t.phase == runs {
			running = append(running, t.Task)
		}
	}
	return running
}

// Deployments returns all deployments, the oldest first.
func (s *Service) Deployments() []Deployment {
	s.lock.Lock()
	defer s.lock.Unlock()
	var all []Deployment
	for _, d := range s.deployments {
		status := "INACTIVE"
		if slices.ContainsFunc(s.tasks, func(t *task) bool { return t.of == d }) {
			status = "ACTIVE"
		}
		if d == s.primary {
			status = "PRIMARY"
		}
		all = append(all, Deployment{d.id, aws.ToString(d.definition.TaskDefinitionArn), status, d.state, d.reason, d.failed})
	}
	return all
}
