package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// bodyOnly is in the body of every event, and nowhere else.
const bodyOnly = "excludedProperties"

// checkLogs looks into the logs of all tasks, after all that went wrong: an
// event can be followed through both services, and nothing opens anything.
func (r *rehearsal) checkLogs(ctx context.Context) (string, error) {
	logs, err := r.allLogs(ctx)
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
	followed := 0
	for entry, webhook := range r.last.entries {
		if names(web.String(), entry, webhook) && names(worker.String(), entry, webhook) {
			followed++
		}
	}
	var problems []error
	if followed == 0 {
		problems = append(problems, fmt.Errorf("none of %d events is named in the logs of both services", len(r.last.entries)))
	}
	secret := append([]string{bodyOnly, r.clientSecret, r.benchling.Notebook.Token()}, r.last.signatures...)
	for where, text := range map[string]string{"web": web.String(), "worker": worker.String()} {
		for i, s := range secret {
			if s == "" || strings.Contains(text, s) {
				// Which one is told by its place: the text itself stays out of the report.
				problems = append(problems, fmt.Errorf("log of the %s service: it has secret %d (a body, the client secret, the token, signatures)", where, i))
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
