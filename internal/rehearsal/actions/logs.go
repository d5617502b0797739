package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// bodyOnly is in the body of every event, and nowhere else.
const bodyOnly = "excludedProperties"

// checkLogs looks into the logs of all tasks, after all that went wrong: an
// event can be followed through both services, and nothing opens anything.
func (a finish) checkLogs(ctx context.Context) (string, error) {
	logs, err := a.AllLogs(ctx)
	if err != nil {
		return "", err
	}
	var web, worker strings.Builder
	for name, text := range logs {
		if strings.HasSuffix(name, "-worker") {
			worker.WriteString(text)
		} else {
			web.WriteString(text)
		}
	}
	byWeb, byWorker := eventsIn(web.String()), eventsIn(worker.String())
	followed := 0
	var problems []error
	for entry, webhook := range a.Last.Entries {
		switch event := (loggedEvent{entry, webhook}); {
		case !byWeb[event]:
			problems = append(problems, fmt.Errorf("logs of the web service: none names the event %s of %s", webhook, entry))
		case !byWorker[event]:
			problems = append(problems, fmt.Errorf("logs of the workers: none names the event %s of %s", webhook, entry))
		default:
			followed++
		}
	}
	if len(a.Last.Entries) == 0 {
		problems = append(problems, errors.New("logs: there is no event to follow"))
	}
	if len(problems) > 0 {
		problems = append(problems, a.KeepLogs(ctx))
	}
	secret := append([]string{bodyOnly, a.App.ClientSecret, a.Benchling.API.Token()}, a.Last.Signatures...)
	for where, text := range map[string]string{"web": web.String(), "worker": worker.String()} {
		for i, s := range secret {
			if s == "" || strings.Contains(text, s) {
				// Its place says which one it is: the text itself stays out of the report.
				problems = append(problems, fmt.Errorf("log of the %s service: it has secret %d (a body, the client secret, the token, signatures)", where, i))
			}
		}
	}
	return fmt.Sprintf("%d events followed through both; no body, client secret, token or signature of %d", followed, len(a.Last.Signatures)),
		errors.Join(problems...)
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
