package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"benchlingwebhook/rehearsal/engine"
)

// down removes everything that rehearsals made: with an engine of the
// rehearsal's own that is the engine's folder; in the machine's engine it is
// containers, networks and images.
func down(ctx context.Context, progress io.Writer) error {
	var problems []error
	if _, err := os.Stat(engineDir); err == nil {
		fmt.Fprintln(progress, "Removing the container engine in", engineDir)
		problems = append(problems, engine.Remove(ctx, engineDir))
	} else if eng, err := engine.Ensure(ctx, engineDir, io.Discard); err == nil {
		fmt.Fprintln(progress, "Removing containers, networks and images of rehearsals")
		problems = append(problems, clear(ctx, eng))
	}
	for _, path := range []string{standinDir, workDir, resultFile, gatesDir, gatesFile, buildkitDir} {
		fmt.Fprintln(progress, "Removing", path)
		problems = append(problems, os.RemoveAll(path))
	}
	return errors.Join(problems...)
}

// clear removes what the machine's engine holds for rehearsals.
func clear(ctx context.Context, eng *engine.Engine) error {
	lists := []struct{ list, remove []string }{
		{[]string{"ps", "--all", "--quiet", "--filter", "label=" + label}, []string{"rm", "--force", "--volumes"}},
		{[]string{"network", "ls", "--quiet", "--filter", "label=" + label}, []string{"network", "rm"}},
		{[]string{"image", "ls", "--quiet", "--filter", "reference=standin-amazonlinux"}, []string{"image", "rm", "--force"}},
	}
	var problems []error
	for _, l := range lists {
		ids, err := output(eng.Command(ctx, l.list...), l.list)
		if err == nil && ids != "" {
			args := append(l.remove, strings.Fields(ids)...)
			_, err = output(eng.Command(ctx, args...), args)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
