package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

const (
	// rotationTimeout bounds the time from a secret's change to its use, whose promise
	// is docs/operations.md's.
	rotationTimeout = 2 * time.Minute
	// secretChanged is a task's log line that it works with another secret.
	secretChanged = `"secret.changed"`
)

// rotateSecret rotates the app's client secret while events come in: Benchling refuses
// the former one at once, and the tasks that run take the new one by themselves.
func (a faults) rotateSecret(ctx context.Context) (stage.Accepted, error) {
	running := map[*stage.Task]int{a.Web.Load(): 0, a.Worker.Load(): 0}
	for task := range running {
		log, err := a.Logs(ctx, task)
		if err != nil {
			return stage.Accepted{}, err
		}
		running[task] = strings.Count(log, secretChanged)
	}
	l := a.StartLoad(ctx, loadEvents, "etr_", loadPause)
	text := a.NewSecret()
	a.Benchling.API.AcceptClientSecret(a.App.ClientSecret)
	defer a.Benchling.API.AcceptClientSecret("")
	if err := a.PutSecret(ctx, text); err != nil {
		return stage.Accepted{}, err
	}
	if err := testbed.Until(ctx, rotationTimeout, func() (bool, string) {
		missing := 0
		for task, before := range running {
			log, err := a.Logs(ctx, task)
			if err != nil {
				return false, err.Error()
			}
			if strings.Count(log, secretChanged) == before {
				missing++
			}
		}
		return missing == 0, fmt.Sprintf("%d of %d tasks don't use the new secret", missing, len(running))
	}); err != nil {
		return stage.Accepted{}, err
	}
	sent, err := l.Wait()
	if err == nil {
		err = sent.Only200()
	}
	if err != nil {
		return sent, err
	}
	// The worker's exports need a token for the new secret, which alone is taken.
	return sent, a.WaitForPackages(ctx, sent)
}
