package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"benchlingwebhook/internal/testbed"
)

// bodyOnly is in the body of every event, and nowhere else.
const bodyOnly = "excludedProperties"

// checkLogs looks into the logs of all tasks, after all that went wrong: an
// event can be followed through both services, and nothing opens anything.
func (a finish) checkLogs(ctx context.Context) (string, error) {
	if len(a.Last.Entries) == 0 {
		return "", errors.New("logs: there is no event to follow")
	}
	var web, worker string
	// What a task wrote in the moment in which it was killed may be lost, as on Fargate.
	// Its event then comes again, and another worker writes of it.
	followed := testbed.Until(ctx, a.PackageTimeout, func() (bool, string) {
		var err error
		if web, worker, err = a.logsOfServices(ctx); err == nil {
			err = missingIn(a.Last.Entries, eventsIn(web), eventsIn(worker))
		}
		return err == nil, fmt.Sprint(err)
	})
	problems := []error{followed}
	secret := append([]string{bodyOnly, a.App.ClientSecret, a.Benchling.API.Token()}, a.Last.Signatures...)
	for where, text := range map[string]string{"web": web, "worker": worker} {
		for i, s := range secret {
			if s == "" || strings.Contains(text, s) {
				// Its place says which one it is: the text itself stays out of the report.
				problems = append(problems, fmt.Errorf("log of the %s service: it has secret %d (a body, the client secret, the token, signatures)", where, i))
			}
		}
	}
	if err := errors.Join(problems...); err != nil {
		return "", errors.Join(err, a.KeepLogs(ctx))
	}
	return fmt.Sprintf("%d events followed through both; no body, client secret, token or signature of %d", len(a.Last.Entries), len(a.Last.Signatures)), nil
}

// logsOfServices returns what all web tasks have logged, and what all workers have.
func (a finish) logsOfServices(ctx context.Context) (web, worker string, err error) {
	logs, err := a.AllLogs(ctx)
	if err != nil {
		return "", "", err
	}
	var webs, workers strings.Builder
	for name, text := range logs {
		if strings.HasSuffix(name, "-worker") {
			workers.WriteString(text)
		} else {
			webs.WriteString(text)
		}
	}
	return webs.String(), workers.String(), nil
}

// missingIn returns an error that names the events, by entry, of which either log has none.
func missingIn(events map[string]string, web, worker map[loggedEvent]bool) error {
	var problems []error
	for entry, webhook := range events {
		switch event := (loggedEvent{entry, webhook}); {
		case !web[event]:
			problems = append(problems, fmt.Errorf("logs of the web service: none names the event %s of %s", webhook, entry))
		case !worker[event]:
			problems = append(problems, fmt.Errorf("logs of the workers: none names the event %s of %s", webhook, entry))
		}
	}
	return errors.Join(problems...)
}

// loggedEvent is what a line of a log says of the event that it is of.
type loggedEvent struct {
	Entry   string `json:"entry_id"`
	Webhook string `json:"webhook_id"`
}

// eventsIn returns the events of a log's lines; what isn't JSON is of none.
func eventsIn(log string) map[loggedEvent]bool {
	events := map[loggedEvent]bool{}
	for line := range strings.Lines(log) {
		var event loggedEvent
		if json.Unmarshal([]byte(line), &event) == nil {
			events[event] = true
		}
	}
	return events
}
