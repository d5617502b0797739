package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"benchlingwebhook/internal/testbed"
)

// AllLogs returns what the containers of all tasks have logged, those that were
// killed included, by name.
func (s *Stage) AllLogs(ctx context.Context) (map[string]string, error) {
	names, err := s.Docker(ctx, "ps", "--all", "--filter", "network="+s.Network, "--format", "{{.Names}}")
	if err != nil {
		return nil, err
	}
	logs := map[string]string{}
	for name := range strings.FieldsSeq(names) {
		if logs[name], err = s.logOf(ctx, name); err != nil {
			return nil, err
		}
	}
	return logs, nil
}

// KeepLogs writes the logs of all tasks, which go with their containers, to
// files, and says where they are.
func (s *Stage) KeepLogs(ctx context.Context) error {
	logs, err := s.AllLogs(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(testbed.WorkDir, "tasks"+s.Name)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	for name, log := range logs {
		if err := os.WriteFile(filepath.Join(dir, name+".log"), []byte(log), 0o644); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: what each task logged", dir)
}

// completed is the log line of an event that a worker has finished (docs/logs.md).
const completed = "event.completed"

// WaitDone waits until the workers' logs have events as completed, by their webhook IDs.
func (s *Stage) WaitDone(ctx context.Context, webhooks ...string) error {
	return testbed.Until(ctx, s.PackageTimeout, func() (bool, string) {
		done, err := s.completedEvents(ctx)
		for _, webhook := range webhooks {
			if err == nil && !done[webhook] {
				err = fmt.Errorf("webhook %s isn't done", webhook)
			}
		}
		return err == nil, fmt.Sprint(err)
	})
}

// completedEvents returns the webhook IDs that the workers' logs have as completed.
func (s *Stage) completedEvents(ctx context.Context) (map[string]bool, error) {
	logs, err := s.AllLogs(ctx)
	done := map[string]bool{}
	for _, log := range logs {
		for line := range strings.Lines(log) {
			var entry struct {
				Event   string `json:"event"`
				Webhook string `json:"webhook_id"`
			}
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Event == completed {
				done[entry.Webhook] = true
			}
		}
	}
	return done, err
}

// Logs returns what the task's containers have written.
func (s *Stage) Logs(ctx context.Context, running *Task) (string, error) {
	var all strings.Builder
	for _, c := range running.Containers {
		text, err := s.logOf(ctx, c.Name)
		if err != nil {
			return "", err
		}
		all.WriteString(text)
	}
	return all.String(), nil
}

// LastLines returns the last lines that the task's containers have written, or why they
// can't be read, for an error.
func (s *Stage) LastLines(ctx context.Context, running *Task, n int) string {
	log, err := s.Logs(ctx, running)
	if err != nil {
		return err.Error()
	}
	return testbed.LastLines(log, n)
}

// logOf returns what a container has written.
func (s *Stage) logOf(ctx context.Context, name string) (string, error) {
	text, err := s.Engine.Command(ctx, "logs", name).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("log of %s: %w: %s", name, err, testbed.LastLines(string(text), 3))
	}
	return string(text), nil
}
