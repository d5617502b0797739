package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"benchlingwebhook/internal/testbed/engine"
)

// Remove removes everything that runs made: the engine's directory where the
// engine is a run's own, else what the machine's engine holds of containers,
// networks and images; then the paths. The images are those besides the testbed's.
func Remove(ctx context.Context, progress io.Writer, images, paths []string) error {
	unlock, err := Lock()
	if err != nil {
		return err
	}
	defer unlock()
	var problems []error
	if _, err := os.Stat(engineDir); err == nil {
		fmt.Fprintln(progress, "Removing the container engine in", engineDir)
		problems = append(problems, engine.Remove(ctx, engineDir))
	} else if eng, err := engine.Ensure(ctx, engineDir, io.Discard); err == nil {
		fmt.Fprintln(progress, "Removing containers, networks and images of rehearsals")
		problems = append(problems, clear(ctx, eng, images))
	}
	for _, path := range append([]string{standinDir, WorkDir}, paths...) {
		fmt.Fprintln(progress, "Removing", path)
		problems = append(problems, os.RemoveAll(path))
	}
	return errors.Join(problems...)
}

// clear removes what the machine's engine holds for runs of this checkout, and images,
// which all checkouts share.
func clear(ctx context.Context, eng *engine.Engine, images []string) error {
	return errors.Join(
		clearContainers(ctx, eng),
		RemoveImages(ctx, eng, append([]string{"standin-amazonlinux", ImagePrefix() + "*"}, images...)...),
	)
}

// clearContainers removes the containers and networks of this checkout's runs.
func clearContainers(ctx context.Context, eng *engine.Engine) error {
	marked := "label=" + Mark()
	return errors.Join(
		removeListed(ctx, eng, []string{"ps", "--all", "--quiet", "--filter", marked}, "rm", "--force", "--volumes"),
		removeListed(ctx, eng, []string{"network", "ls", "--quiet", "--filter", marked}, "network", "rm"),
	)
}

// RemoveImages removes the names that match one of the references, and each
// image that has no other.
func RemoveImages(ctx context.Context, eng *engine.Engine, references ...string) error {
	list := []string{"image", "ls", "--format", "{{.Repository}}:{{.Tag}}"}
	for _, reference := range references {
		list = append(list, "--filter", "reference="+reference)
	}
	return removeListed(ctx, eng, list, "image", "rm")
}

// removeListed removes what a command of the engine lists.
func removeListed(ctx context.Context, eng *engine.Engine, list []string, remove ...string) error {
	listed, err := Output(eng.Command(ctx, list...), list)
	if err == nil && listed != "" {
		args := append(remove, strings.Fields(listed)...)
		_, err = Output(eng.Command(ctx, args...), args)
	}
	return err
}
