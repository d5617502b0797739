package actions

import (
	"context"
	"errors"

	"benchlingwebhook/internal/rehearsal/stage"
)

type finish struct{ *stage.Stage }

// Run stops what runs, and looks at all rows together.
func (a finish) Run(ctx context.Context) error {
	return errors.Join(
		a.Report.Check("no package told of twice, in all rows together", func() (string, error) { return a.AccountForAll() }),
		a.Report.Check("every version that a packaging message pointed at is there", func() (string, error) { return a.CheckPinned(ctx) }),
		a.Report.Check("Benchling's API description agrees with every call and response", a.checkCalls),
		a.Report.Check("logs follow events, and hold no secret", func() (string, error) { return a.checkLogs(ctx) }),
		a.Report.Check("web: SIGTERM", func() (string, error) { return a.StopTask(ctx, a.Web.Load()) }),
		a.Report.Check("worker: SIGTERM", func() (string, error) { return a.StopTask(ctx, a.Worker.Load()) }),
	)
}
