// Package actions is what the rehearsal does, a file an action, in the order in
// which it does it.
package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

// Action is a part of the rehearsal. Its error is of what later ones stand on; each
// of its checks has a row of its own in the stage's report.
type Action interface {
	Run(context.Context) error
}

// ErrParts is of a name that no part has.
var ErrParts = errors.New("no part of the rehearsal")

// Part is a named group of the rehearsal's rows.
type Part struct {
	Name string
	Action
	// always says that the other parts stand on it.
	always bool
}

// Select returns the rehearsal's parts in order: of those that others don't stand on,
// the named ones, or all where none is named. While workers are killed, "kills" sends
// that number of events.
func Select(s *stage.Stage, killEvents int, names ...string) ([]Part, error) {
	return choose(names, append([]Part{
		{"set-up", prepare{s}, true},
		{"deployment", deploy{s}, true},
		{"image", image{s}, true},
	}, parts(s, killEvents, len(names) == 0)...))
}

// OnTemplate returns the named parts in order, for a stage whose testbed, image and
// template another run has made.
func OnTemplate(s *stage.Stage, other *testbed.Testbed, template string, names ...string) ([]Part, error) {
	return choose(names, append([]Part{
		{"set-up", adopt{s, other}, true},
		{"deployment", deployTemplate{s, template}, true},
	}, parts(s, 0, false)...))
}

// parts returns the parts that come after the deployment.
func parts(s *stage.Stage, killEvents int, whole bool) []Part {
	return []Part{
		{"first deployment", firstDeployment{s}, false},
		{"web service", webhooks{s}, false},
		{"services", services{s}, true},
		{"worker", worker{s}, false},
		{"front door", frontDoor{s}, false},
		{"canvases", canvases{s}, false},
		{"packages", packages{s}, false},
		{"faults", faults{s}, false},
		{"attacks", attacks{s}, false},
		{"kills", kills{s, killEvents}, false},
		{"TLS", trust{s}, false},
		{"rights", access{s, whole}, false},
		{"end", finish{s}, true},
	}
}

// choose returns the parts that are named, or all where none is, and those that others
// stand on.
func choose(names []string, all []Part) ([]Part, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []Part
	var known []string
	for _, part := range all {
		if !part.always {
			known = append(known, part.Name)
		}
		if part.always || slices.Contains(names, part.Name) {
			chosen = append(chosen, part)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%q: %w: name one or more of %s", name, ErrParts, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}

type prepare struct{ *stage.Stage }

// Run gets ready what a deployment needs.
func (a prepare) Run(ctx context.Context) error { return a.Prepare(ctx) }

// percentiles returns the median and the 99th percentile of sorted times, as text.
func percentiles(sorted []time.Duration) string {
	return fmt.Sprintf("p50 %.2f s, p99 %.2f s of %d", sorted[len(sorted)/2].Seconds(), sorted[len(sorted)*99/100].Seconds(), len(sorted))
}
