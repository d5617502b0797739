package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/scheduler"
)

const (
	// rolloutTimeout bounds a deployment, and its rollback.
	rolloutTimeout = 150 * time.Second
	// eventsShown is how many of a service's last events an error shows.
	eventsShown = 4
)

// Current returns the deployment that tasks are started for.
func (d *Scheduled) Current() scheduler.Deployment {
	all := d.Deployments()
	return all[slices.IndexFunc(all, func(each scheduler.Deployment) bool { return each.Status == "PRIMARY" })]
}

func (d *Scheduled) deployment(id string) scheduler.Deployment {
	all := d.Deployments()
	return all[slices.IndexFunc(all, func(each scheduler.Deployment) bool { return each.ID == id })]
}

// IDs returns those of the tasks that run and aren't being stopped, the oldest first.
func (d *Scheduled) IDs() []string {
	var ids []string
	for _, t := range d.Running() {
		ids = append(ids, t.ID())
	}
	return ids
}

// HealthyTasks returns how many of the tasks that run are healthy by their health checks.
func (d *Scheduled) HealthyTasks() int {
	n := 0
	for _, t := range d.Running() {
		if t.Health() == types.HealthStatusHealthy {
			n++
		}
	}
	return n
}

// Said says whether a text is in one of the service's events.
func (d *Scheduled) Said(text string) bool {
	return slices.ContainsFunc(d.Events(), func(e scheduler.Event) bool { return strings.Contains(e.Message, text) })
}

// lastEvents returns the service's last events, as one line.
func (d *Scheduled) lastEvents() string {
	var text []string
	for _, e := range d.Events() {
		text = append(text, e.Message)
	}
	return testbed.LastLines(strings.Join(text, "\n"), eventsShown)
}

// state returns what a deployment is at, and how its service came there.
func (d *Scheduled) state(id string) string {
	it := d.deployment(id)
	return fmt.Sprintf("%s: deployment %s is %s, %s (%s), %d failed tasks; events: %s", d.name, id, it.Status, it.State, it.Reason, it.Failed, d.lastEvents())
}

// WaitCompleted waits until the current deployment is completed.
func (d *Scheduled) WaitCompleted(ctx context.Context) error {
	id := d.Current().ID
	var failed error
	err := testbed.Until(ctx, rolloutTimeout, func() (bool, string) {
		state := d.deployment(id).State
		if state == types.DeploymentRolloutStateFailed {
			failed = fmt.Errorf("%s: COMPLETED was due: see the tasks' logs", d.state(id))
		}
		return failed != nil || state == types.DeploymentRolloutStateCompleted, d.state(id)
	})
	if failed != nil {
		return failed
	}
	return err
}

// WaitReplaced waits until no task of a deployment is left.
func (d *Scheduled) WaitReplaced(ctx context.Context, id string) error {
	return testbed.Until(ctx, rolloutTimeout, func() (bool, string) {
		return d.deployment(id).Status == "INACTIVE", d.state(id)
	})
}

// WaitRolledBack waits until a deployment has failed for a reason, and the one before it
// is the current one again and completed.
func (d *Scheduled) WaitRolledBack(ctx context.Context, id, before, reason string) error {
	var never error
	err := testbed.Until(ctx, rolloutTimeout, func() (bool, string) {
		failed, back := d.deployment(id), d.deployment(before)
		switch {
		case failed.State == types.DeploymentRolloutStateCompleted:
			never = fmt.Errorf("%s: FAILED was due: see DeploymentConfiguration in constructs/service.go", d.state(id))
		case failed.State != types.DeploymentRolloutStateFailed:
		case !strings.Contains(failed.Reason, reason):
			never = fmt.Errorf("%s: %q was due as the reason: see DeploymentConfiguration in constructs/service.go", d.state(id), reason)
		default:
			return back.Status == "PRIMARY" && back.State == types.DeploymentRolloutStateCompleted, d.state(before)
		}
		return never != nil, d.state(id)
	})
	switch {
	case never != nil:
		return never
	case err != nil:
		return err
	case !d.Said("rolling back to deployment " + before + "."):
		return fmt.Errorf("%s: no event says that it was rolled back", d.state(before))
	}
	return nil
}
