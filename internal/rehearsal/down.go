package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"benchlingwebhook/internal/testbed/cdkdocker"
	"benchlingwebhook/internal/testbed/engine"
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
	for _, path := range []string{standinDir, workDir, resultFile, gatesDir, gatesFile, sbomFile, buildkitDir} {
		fmt.Fprintln(progress, "Removing", path)
		problems = append(problems, os.RemoveAll(path))
	}
	return errors.Join(problems...)
}

// clear removes what the machine's engine holds for rehearsals.
func clear(ctx context.Context, eng *engine.Engine) error {
	marked := "label=" + label
	return errors.Join(
		removeListed(ctx, eng, []string{"ps", "--all", "--quiet", "--filter", marked}, "rm", "--force", "--volumes"),
		removeListed(ctx, eng, []string{"network", "ls", "--quiet", "--filter", marked}, "network", "rm"),
		removeImages(ctx, eng, "standin-amazonlinux", cdkdocker.ImagePrefix+"*", newImage, oldImage, rebuiltImage),
	)
}

// removeImages removes the names that match one of the references, and each
// image that has no other.
func removeImages(ctx context.Context, eng *engine.Engine, references ...string) error {
	list := []string{"image", "ls", "--format", "{{.Repository}}:{{.Tag}}"}
	for _, reference := range references {
		list = append(list, "--filter", "reference="+reference)
	}
	return removeListed(ctx, eng, list, "image", "rm")
}

// removeListed removes what a command of the engine lists.
func removeListed(ctx context.Context, eng *engine.Engine, list []string, remove ...string) error {
	listed, err := output(eng.Command(ctx, list...), list)
	if err == nil && listed != "" {
		args := append(remove, strings.Fields(listed)...)
		_, err = output(eng.Command(ctx, args...), args)
	}
	return err
}
