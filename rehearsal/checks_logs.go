package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// bodyOnly is in the body of every event, and nowhere else.
const bodyOnly = "excludedProperties"

// checkLogs looks into the logs of both tasks, after all that went wrong: an
// event can be followed through both, and nothing in them opens anything.
func (r *rehearsal) checkLogs(ctx context.Context) (string, error) {
	web, worker := r.logs(ctx, r.web.Load()), r.logs(ctx, r.worker.Load())
	followed := 0
	for entry, webhook := range r.last.entries {
		if names(web, entry, webhook) && names(worker, entry, webhook) {
			followed++
		}
	}
	var problems []error
	if followed == 0 {
		problems = append(problems, fmt.Errorf("none of %d events is named in the logs of both tasks", len(r.last.entries)))
	}
	secret := append([]string{bodyOnly, r.clientSecret, r.benchling.Notebook.Token()}, r.last.signatures...)
	for where, text := range map[string]string{"web": web, "worker": worker} {
		for i, s := range secret {
			if s == "" || strings.Contains(text, s) {
				// Which one is told by its place: the text itself stays out of the report.
				problems = append(problems, fmt.Errorf("log of the %s task: it has secret %d (a body, the client secret, the token, signatures)", where, i))
			}
		}
	}
	return fmt.Sprintf("%d events followed through both; no body, client secret, token or signature of %d", followed, len(r.last.signatures)),
		errors.Join(problems...)
}

// names says whether a line of the log has both the entry and the webhook.
func names(log, entry, webhook string) bool {
	return linesWith(log, func(line string) bool { return strings.Contains(line, entry) && strings.Contains(line, webhook) }) != ""
}
