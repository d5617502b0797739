package stage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/testbed/loadbalancer"
	"benchlingwebhook/internal/testbed/scheduler"
)

// Scheduled is one of the two services while the stand-in for ECS's scheduler has its
// tasks: nobody else may start or stop them until Leave.
type Scheduled struct {
	*scheduler.Service
	// Alarms are those that the deployed service names.
	Alarms *Alarms

	name string
	// left takes the task that Leave leaves, and retire stops one more.
	left   *atomic.Pointer[Task]
	retire func(context.Context, *Task) (string, error)

	stop context.CancelFunc
	over chan struct{}
	// err is set before over is closed.
	err error
}

// ScheduleWeb gives the web tasks to the scheduler, as many as the deployed service has
// at least, and ScheduleWorker the workers: s.Web and s.Worker are among them, and more
// are started first. Grace period and baking are as many times shorter than deployed as
// the load balancer's checks come sooner.
func (s *Stage) ScheduleWeb(ctx context.Context) (*Scheduled, error) {
	d := &Scheduled{name: "WebhookService", left: &s.Web, retire: s.RetireWeb}
	return d, d.begin(ctx, s, s.Stack.WebTask, s.StartWeb, &runner{stage: s, targets: s.Balancer})
}

// ScheduleWorker gives the workers to the scheduler: see ScheduleWeb.
func (s *Stage) ScheduleWorker(ctx context.Context) (*Scheduled, error) {
	d := &Scheduled{name: "WorkerService", left: &s.Worker, retire: s.StopTask}
	return d, d.begin(ctx, s, s.Stack.WorkerTask, s.StartWorker, &runner{stage: s, settings: shortWaits})
}

// begin reads what is deployed, and lets the scheduler run.
func (d *Scheduled) begin(ctx context.Context, s *Stage, definition types.TaskDefinition, start func(context.Context) error, r *runner) error {
	figures, err := scheduler.Read(ctx, s.Emulator.Config(), StackName, d.name)
	if err != nil {
		return err
	}
	figures = figures.Faster(checksFaster)
	template, err := s.Template(ctx)
	if err != nil {
		return err
	}
	if d.Alarms, err = newAlarms([]byte(template), figures.Rollback.Alarms, r.logs); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	r.adopted = []*Task{d.left.Load()}
	for len(r.adopted) < figures.Desired {
		if err := start(ctx); err != nil {
			return err
		}
		r.adopted = append(r.adopted, d.left.Load())
	}
	r.release = aws.ToString(definition.TaskDefinitionArn)
	drives := scheduler.Drives{Runner: r, Alarms: d.Alarms}
	if r.targets != nil {
		drives.Targets = targets{r.targets}
	}
	d.run(ctx, scheduler.New(figures, definition, drives))
	return nil
}

// run lets the scheduler run until Stop, and the alarms be evaluated.
func (d *Scheduled) run(ctx context.Context, service *scheduler.Service) {
	ctx, d.stop = context.WithCancel(ctx)
	d.Service, d.over = service, make(chan struct{})
	go func() {
		defer close(d.over)
		var all sync.WaitGroup
		all.Go(func() { d.Alarms.watch(ctx) })
		d.err = service.Run(ctx)
		all.Wait()
		d.err = errors.Join(d.err, d.Alarms.err)
	}()
}

// Stop ends the scheduler, and leaves the tasks as they are. Its error is of tasks that
// didn't stop as they should, and of alarms that couldn't be evaluated.
func (d *Scheduled) Stop() error {
	if d.stop == nil {
		return nil
	}
	d.stop()
	<-d.over
	if d.err != nil {
		return fmt.Errorf("%s: %w", d.name, d.err)
	}
	return nil
}

// Leave ends the scheduler, leaves its oldest task to the stage, and stops the others as
// a deployment does.
func (d *Scheduled) Leave(ctx context.Context) error {
	problems := []error{d.Stop()}
	running := d.Running()
	if len(running) == 0 {
		return errors.Join(append(problems, fmt.Errorf("%s: no task runs: its events: %s", d.name, d.lastEvents()))...)
	}
	for i, t := range running {
		task := t.(*scheduledTask).task
		if i == 0 {
			d.left.Store(task)
			continue
		}
		_, err := d.retire(ctx, task)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// runner starts a service's tasks. The first ones run already.
type runner struct {
	stage    *Stage
	settings map[string]string
	// targets is nil for tasks that no load balancer sends requests to.
	targets *loadbalancer.Balancer
	// release is the ARN of what adopted tasks run.
	release string

	lock    sync.Mutex
	adopted []*Task
	started []*Task
}

// Start starts a task, or takes one that runs.
func (r *runner) Start(ctx context.Context, definition types.TaskDefinition) (scheduler.Task, error) {
	running := r.adopt(definition)
	if running == nil {
		var err error
		if running, err = r.stage.startTask(ctx, definition, r.settings, true); err != nil {
			return nil, err
		}
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	r.started = append(r.started, running)
	return r.stage.watchTask(ctx, running, definition, r.targets), nil
}

// adopt returns a task that runs of a definition already, once, or nil.
func (r *runner) adopt(definition types.TaskDefinition) *Task {
	r.lock.Lock()
	defer r.lock.Unlock()
	if len(r.adopted) == 0 || aws.ToString(definition.TaskDefinitionArn) != r.release {
		return nil
	}
	first := r.adopted[0]
	r.adopted = r.adopted[1:]
	return first
}

// logs returns what the tasks have logged that were started, those that have ended
// included.
func (r *runner) logs(ctx context.Context) []string {
	r.lock.Lock()
	started := append([]*Task(nil), r.started...)
	r.lock.Unlock()
	var logs []string
	for _, t := range started {
		// A task whose container isn't there yet has written nothing.
		if log, err := r.stage.Logs(ctx, t); err == nil {
			logs = append(logs, log)
		}
	}
	return logs
}

// targets is the load balancer's target group.
type targets struct{ balancer *loadbalancer.Balancer }

// Register makes a task a target.
func (t targets) Register(task scheduler.Task) {
	t.balancer.Register(task.(*scheduledTask).task.address())
}

// Deregister drains a task's target.
func (t targets) Deregister(task scheduler.Task) <-chan struct{} {
	return t.balancer.Deregister(task.(*scheduledTask).task.address())
}
