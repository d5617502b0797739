package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

const (
	// loadEvents come in while both services are replaced, a loadPause between two.
	loadEvents = 60
	loadPause  = 50 * time.Millisecond
)

// emptySecret replaces the tasks while the secret is empty, and again when it is
// filled: what comes in between is refused, and sent again.
func (a faults) emptySecret(ctx context.Context) (stage.Accepted, error) {
	if err := errors.Join(a.PutSecret(ctx, "{}"), replaceBoth(ctx, a.Stage)); err != nil {
		return stage.Accepted{}, err
	}
	l := a.StartLoad(ctx, stage.EventsAtOnce, "etr_", 0)
	if err := testbed.Until(ctx, faultTimeout, func() (bool, string) {
		n := l.Count(http.StatusServiceUnavailable)
		return n >= stage.EventsAtOnce, fmt.Sprintf("%d responses of 503", n)
	}); err != nil {
		return stage.Accepted{}, err
	}
	if err := errors.Join(a.FillSecret(ctx), replaceBoth(ctx, a.Stage)); err != nil {
		return stage.Accepted{}, err
	}
	return l.Wait()
}

// replaceServices replaces both services as a rolling deployment does, while
// events come in: no request may fail.
func (a faults) replaceServices(ctx context.Context) (stage.Accepted, error) {
	l := a.StartLoad(ctx, loadEvents, "etr_", loadPause)
	if err := replaceBoth(ctx, a.Stage); err != nil {
		return stage.Accepted{}, err
	}
	sent, err := l.Wait()
	if err == nil {
		err = sent.Only200()
	}
	return sent, err
}

// replaceBoth starts a new task of each service, and stops the old one when the
// new one responds.
func replaceBoth(ctx context.Context, s *stage.Stage) error {
	web, worker := s.Web.Load(), s.Worker.Load()
	if err := s.StartWeb(ctx); err != nil {
		return err
	}
	if _, err := s.RetireWeb(ctx, web); err != nil {
		return err
	}
	if err := s.StartWorker(ctx); err != nil {
		return err
	}
	_, err := s.StopTask(ctx, worker)
	return err
}
