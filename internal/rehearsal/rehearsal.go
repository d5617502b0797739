// Package rehearsal deploys the stack to a local AWS, runs the deployed tasks as
// Fargate would, sends them webhooks, and reports what held.
package rehearsal

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"benchlingwebhook/internal/rehearsal/actions"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
)

const (
	// ResultFile is what Run writes for programs.
	ResultFile = "build/rehearsal.json"
	// DefaultEvents are sent while workers are killed, unless one asks for more.
	DefaultEvents = 60

	// longest bounds a whole rehearsal, the first one on a slow machine included.
	longest = 25 * time.Minute
)

// ErrParts is of the names of parts that there are not.
var ErrParts = actions.ErrParts

// Run rehearses in the repository's root, and returns whether everything held.
// While workers are killed, it sends that number of events. It runs the named parts, or
// all where none is named. It writes its table and ResultFile also after a failure.
func Run(ctx context.Context, events int, parts []string, out io.Writer) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, longest+time.Duration(events)*stage.PackageEach)
	defer cancel()
	lanes, rights, err := actions.Lanes(parts...)
	if err != nil {
		return false, fmt.Errorf("PARTS: %w", err)
	}
	fmt.Fprintln(out, "This builds the image, deploys the stack to a local AWS, runs its task under Fargate's rules and sends it webhooks.")
	fmt.Fprintln(out, "Nothing leaves this machine but downloads; a first run takes several minutes. `make rehearse-down` removes it all.")
	rows := report.New(out)
	s := stage.New(rows)
	if run(ctx, rows, actions.Deployed(s)) {
		stages := runLanes(ctx, s, lanes, events)
		if rights {
			run(ctx, rows, []actions.Part{actions.Rights(rows, stages, len(parts) == 0)})
		}
		for _, other := range stages[1:] {
			other.Stop()
		}
	}
	s.Stop()
	if err := rows.Table(out); err != nil {
		return false, err
	}
	if !rows.Passed() {
		fmt.Fprintf(out, "\nThe logs of what failed are in %s: those of tasks in %s, every call to AWS in %s.\n",
			testbed.WorkDir, filepath.Join(testbed.WorkDir, "tasks"), filepath.Join(testbed.WorkDir, "emulator*", "calls.jsonl"))
	}
	return rows.Passed() && ctx.Err() == nil, rows.Save(ResultFile)
}

// run runs parts until one fails, and returns whether none did.
func run(ctx context.Context, rows *report.Report, parts []actions.Part) bool {
	for _, part := range parts {
		rows.Group(part.Name)
		if part.Run(ctx) != nil {
			return false
		}
	}
	return true
}

// runLanes runs the lanes side by side: the first one on the stage that is deployed, the
// others on copies of it, or on what they deploy. It returns the stages but those of lanes
// apart, the first lane's first.
func runLanes(ctx context.Context, s *stage.Stage, lanes []actions.Lane, events int) []*stage.Stage {
	stages := []*stage.Stage{s}
	if len(lanes) == 0 {
		return stages
	}
	template, err := s.Template(ctx)
	if err != nil {
		_ = s.Report.Check("template of the deployed stack", func() (string, error) { return "", err })
		return stages
	}
	var all sync.WaitGroup
	var others []*report.Report
	for i, lane := range lanes[1:] {
		rows := s.Report.Beside(lane[0])
		other := stage.New(rows)
		other.Image = s.Image
		other.Name = strconv.Itoa(i + 2)
		others = append(others, rows)
		if !lane.Apart() {
			stages = append(stages, other)
		}
		all.Go(func() {
			if lane.Apart() {
				defer other.Stop()
			}
			if run(ctx, rows, lane.SetUp(other, s.Testbed, template)) {
				run(ctx, rows, lane.Of(other, events))
			}
		})
	}
	run(ctx, s.Report, lanes[0].Of(s, events))
	all.Wait()
	for _, rows := range others {
		s.Report.Add(rows)
	}
	return stages
}

// Remove removes all that rehearsals made; images and paths are what else goes.
func Remove(ctx context.Context, progress io.Writer, images, paths []string) error {
	return testbed.Remove(ctx, progress, images, append([]string{ResultFile}, paths...))
}
