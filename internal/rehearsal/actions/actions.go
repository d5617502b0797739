// Package actions is what the rehearsal does, a file an action, in the order in
// which it does it.
package actions

import (
	"context"
	"fmt"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
)

// Action is a part of the rehearsal. Its error is of what later ones stand on; each
// of its checks has a row of its own in the stage's report.
type Action interface {
	Run(context.Context) error
}

// All returns the rehearsal's actions in order. While workers are killed, kills
// sends that number of events.
func All(s *stage.Stage, killEvents int) []Action {
	return []Action{
		prepare{s}, deploy{s}, image{s}, webhooks{s}, worker{s}, canvases{s}, packages{s},
		faults{s}, attacks{s}, kills{s, killEvents}, finish{s},
	}
}

type prepare struct{ *stage.Stage }

// Run gets ready what a deployment needs.
func (a prepare) Run(ctx context.Context) error { return a.Prepare(ctx) }

// percentiles returns the median and the 99th percentile of sorted times, as text.
func percentiles(sorted []time.Duration) string {
	return fmt.Sprintf("p50 %.2f s, p99 %.2f s of %d", sorted[len(sorted)/2].Seconds(), sorted[len(sorted)*99/100].Seconds(), len(sorted))
}
