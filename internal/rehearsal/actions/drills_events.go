package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// drilledOutage bounds the five attempts at an event while Benchling is away.
	drilledOutage = 3 * time.Minute
	// serverDown is a proxy's word that the server behind it is down. No attempt repeats
	// such a call for half a minute, as it does a broken connection's
	// (docker/src/export/retry_transport.py), so that a drill needs no ten minutes.
	serverDown = 521
	// drilledEvents come in during an outage.
	drilledEvents = 3
)

// quickAttempts has five attempts last less than a minute.
var quickAttempts = map[string]string{"LEASE_SECONDS": "5", "RETRY_SECONDS": "1", "SECRET_READ_SECONDS": "2"}

// deadLetters has the app refused one entry, and another one's requests fail.
func (a drills) deadLetters(ctx context.Context, p *procedure) (string, error) {
	classes := map[string]int{"403": http.StatusForbidden, "404": http.StatusNotFound}
	reasons := map[string]string{}
	l := stage.NewLoad()
	for reason, status := range classes {
		entry := "etr_" + benchling.RandomText()
		path := apiPath + "v2/entries/" + entry
		a.Benchling.Faults.Inject(benchling.Fault{Path: path, Status: status})
		defer a.Benchling.Faults.Clear(path)
		reasons[entry] = reason
		a.Deliver(ctx, l, entry)
	}
	sent, err := l.Wait()
	if err != nil {
		return "", err
	}
	if err := a.waitDead(ctx, sent, deadLetterTimeout); err != nil {
		return "", err
	}
	listed, err := p.follow(ctx)
	if err != nil {
		return "", err
	}
	for entry, reason := range reasons {
		if err := p.says(listed, sent.Entries[entry], entry, reason); err != nil {
			return "", err
		}
		a.Benchling.Faults.Clear(apiPath + "v2/entries/" + entry)
	}
	if _, err := p.follow(ctx); err != nil {
		return "", err
	}
	return a.Account(ctx, sent)
}

// waitDead waits until every event has its dead letter.
func (a drills) waitDead(ctx context.Context, sent stage.Accepted, timeout time.Duration) error {
	queues, err := deadletters.OfStack(ctx, a.Emulator.Config(), stage.StackName)
	if err != nil {
		return err
	}
	return testbed.Until(ctx, timeout, func() (bool, string) {
		all, total, err := queues.List(ctx)
		dead := map[string]bool{}
		for _, letter := range all {
			dead[letter.Entry] = true
		}
		missing := 0
		for entry := range sent.Entries {
			if !dead[entry] {
				missing++
			}
		}
		return missing == 0, fmt.Sprintf("%d of %d events have no dead letter, of %s: %v", missing, len(sent.Entries), total, err)
	})
}

// benchlingDown fails every call of Benchling until each event has failed for good.
func (a drills) benchlingDown(ctx context.Context, p *procedure) (string, error) {
	if err := a.exchangeWorker(ctx, quickAttempts); err != nil {
		return "", err
	}
	since := time.Now().UTC().Format(time.DateOnly)
	a.Benchling.Faults.Inject(benchling.Fault{Path: apiPath, Status: serverDown})
	defer a.Benchling.Faults.Clear(apiPath)
	sent, err := a.StartLoad(ctx, drilledEvents, "etr_", 0).Wait()
	if err != nil {
		return "", err
	}
	if err := a.waitDead(ctx, sent, drilledOutage); err != nil {
		return "", err
	}
	a.Benchling.Faults.Clear(apiPath)
	if err := a.waitReady(ctx); err != nil {
		return "", err
	}
	again, err := p.follow(ctx)
	if err == nil {
		err = p.says(again, "ready\n", "sent again")
	}
	if err != nil {
		return "", err
	}
	counts, err := a.Account(ctx, sent)
	if err != nil {
		return "", err
	}
	missed, err := p.follow(ctx, "SINCE="+since)
	if err == nil && a.Packager.Packages()[stage.PackageName(benchling.ListedEntry)] == 0 {
		err = fmt.Errorf("the entry of which no webhook came is no package: %s", missed)
	}
	return counts, err
}

// exchangeWorker puts a worker with other settings in the place of the one that runs.
func (a drills) exchangeWorker(ctx context.Context, settings map[string]string) error {
	quick, err := a.RunTask(ctx, a.Stack.WorkerTask, settings)
	if err != nil {
		return err
	}
	_, err = a.StopTask(ctx, a.Worker.Swap(quick))
	return err
}

// waitReady waits until the web task can work again, which it finds out by itself.
func (a drills) waitReady(ctx context.Context) error {
	return testbed.Until(ctx, rotationTimeout, func() (bool, string) {
		status, body, err := testbed.Get(ctx, a.Web.Load().URL+"/health/ready")
		return status == http.StatusOK, fmt.Sprintf("/health/ready: status %d, %s, %v", status, body, err)
	})
}

// quiltDown has nobody read the packaging queue while entries are exported.
func (a drills) quiltDown(ctx context.Context, p *procedure) (string, error) {
	a.Packager.Away(true)
	defer a.Packager.Away(false)
	sent, err := a.StartLoad(ctx, drilledEvents, "etr_", 0).Wait()
	if err != nil {
		return "", err
	}
	if err := a.waitMessages(ctx, a.Stack.PackagingURL, drilledEvents); err != nil {
		return "", err
	}
	waiting, err := p.follow(ctx)
	if err == nil {
		err = p.says(waiting, fmt.Sprintf(`"ApproximateNumberOfMessages": "%d"`, drilledEvents))
	}
	if err != nil {
		return "", err
	}
	a.Packager.Away(false)
	entry := "etr_" + benchling.RandomText()
	verified, err := p.follow(ctx, "ENTRY="+entry)
	if err == nil {
		err = p.says(verified, "handed to Quilt: "+stage.PackageName(entry))
	}
	if err != nil {
		return "", err
	}
	if err := testbed.Until(ctx, confirmTimeout, func() (bool, string) {
		revisions := a.Packager.Revisions(stage.PackageName(entry))
		return len(revisions) > 0 && !revisions[0].Confirmed.IsZero(), "no confirmed revision of " + stage.PackageName(entry)
	}); err != nil {
		return "", err
	}
	return a.Account(ctx, sent)
}

// queueGrows has somebody set the worker's tasks to none, while events come in.
func (a drills) queueGrows(ctx context.Context, p *procedure) (string, error) {
	stack, err := deployed.Read(ctx, a.Emulator.Config(), stage.StackName)
	if err != nil {
		return "", err
	}
	client, worker := ecs.NewFromConfig(a.Emulator.Config()), stack.Outputs["WorkerServiceName"]
	if _, err := client.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: aws.String(a.Stack.Cluster), Service: aws.String(worker), DesiredCount: aws.Int32(0)}); err != nil {
		return "", err
	}
	if _, err := a.StopTask(ctx, a.Worker.Load()); err != nil {
		return "", err
	}
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return "", errors.Join(err, a.StartWorker(ctx))
	}
	seen, err := p.follow(ctx)
	if err == nil {
		err = p.says(seen, fmt.Sprintf(`"ApproximateNumberOfMessages": "%d"`, stage.EventsAtOnce))
	}
	if err == nil {
		_, err = p.follow(ctx)
	}
	if err != nil {
		return "", errors.Join(err, a.StartWorker(ctx))
	}
	found, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(a.Stack.Cluster), Services: []string{worker}})
	if err == nil && (len(found.Services) != 1 || found.Services[0].DesiredCount < 1) {
		err = fmt.Errorf("%s: no task is desired", worker)
	}
	// ECS starts what is desired.
	if err := errors.Join(err, a.StartWorker(ctx)); err != nil {
		return "", err
	}
	return a.Account(ctx, sent)
}
