package actions

import (
	"context"
	"errors"
	"fmt"

	"benchlingwebhook/internal/rehearsal/stage"
)

type finish struct{ *stage.Stage }

// Run stops what runs, and looks at all rows together.
func (a finish) Run(ctx context.Context) error {
	return errors.Join(
		a.Report.Check("no package told of twice, in all rows together", func() (string, error) { return a.AccountForAll() }),
		a.Report.Check("every version that a packaging message pointed at is there", func() (string, error) { return a.CheckPinned(ctx) }),
		a.Report.Check("claims outlive their events, and not for good", func() (string, error) { return a.claimsAreKept(ctx) }),
		a.Report.Check("Benchling's API description agrees with every call and response", a.checkCalls),
		a.Report.Check("no web task closed a connection before the load balancer", a.keptOpen),
		a.Report.Check("no call broke a limit of AWS", a.keptLimits),
		a.Report.Check("logs follow events, and hold no secret", func() (string, error) { return a.checkLogs(ctx) }),
		a.Report.Check("web: SIGTERM", func() (string, error) { return a.RetireWeb(ctx, a.Web.Load()) }),
		a.Report.Check("worker: SIGTERM", func() (string, error) { return a.StopTask(ctx, a.Worker.Load()) }),
	)
}

// keptOpen tells whether a web task closed a connection that the load balancer was about
// to use, and what the two in front of it responded themselves.
func (a finish) keptOpen() (string, error) {
	if n := a.Balancer.Closed(); n > 0 {
		return "", fmt.Errorf("%d connections were closed within the load balancer's idle timeout: see KEEP_ALIVE_SECONDS", n)
	}
	return fmt.Sprintf("responses of the load balancer's own by status: %v, of API Gateway's: %v", a.Balancer.Own(), a.Door.Own()), nil
}

// keptLimits tells which of AWS's limits the service's calls broke.
func (a finish) keptLimits() (string, error) {
	if broken := a.AWS.Broken(); len(broken) > 0 {
		return "", fmt.Errorf("calls that AWS refuses, by limit: %v: see internal/testbed/limits", broken)
	}
	return "of SQS, DynamoDB, S3, Secrets Manager and CloudWatch Logs", nil
}
