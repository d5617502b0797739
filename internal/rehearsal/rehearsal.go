// Package rehearsal deploys the stack to a local AWS, runs the deployed tasks as
// Fargate would, sends them webhooks, and reports what held.
package rehearsal

import (
	"context"
	"fmt"
	"io"
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
	rows := report.New(out)
	s := stage.New(rows)
	chosen, err := actions.Select(s, events, parts...)
	if err != nil {
		return false, fmt.Errorf("PARTS: %w", err)
	}
	fmt.Fprintln(out, "This builds the image, deploys the stack to a local AWS, runs its task under Fargate's rules and sends it webhooks.")
	fmt.Fprintln(out, "Nothing leaves this machine but downloads; a first run takes several minutes. `make rehearse-down` removes it all.")
	for _, part := range chosen {
		rows.Group(part.Name)
		if part.Run(ctx) != nil {
			break
		}
	}
	s.Stop()
	if err := rows.Table(out); err != nil {
		return false, err
	}
	return rows.Passed() && ctx.Err() == nil, rows.Save(ResultFile)
}

// Remove removes all that rehearsals made; images and paths are what else goes.
func Remove(ctx context.Context, progress io.Writer, images, paths []string) error {
	return testbed.Remove(ctx, progress, images, append([]string{ResultFile}, paths...))
}
