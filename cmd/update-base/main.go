// Update-base raises the digest of the image's base to the registry's newest, or to the
// one that DIGEST names, and says what to run next. It runs in the repository's root.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"benchlingwebhook/internal/baseupdate"
)

// dockerfiles build on the base: the image's first, and the one that the gates compare
// it with.
var dockerfiles = []string{"docker/Dockerfile", "internal/gates/testdata/single-stage/Dockerfile"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, ".", os.Args[1:], baseupdate.RunDocker, os.Stdout, os.Stderr))
}

// run returns the exit status: 0 where the files have the newest base, 1 where it isn't
// known or can't be written, 2 for arguments that it can't take.
func run(ctx context.Context, root string, args []string, docker baseupdate.Docker, stdout, stderr io.Writer) int {
	var wanted baseupdate.Base
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "DIGEST":
			wanted.Digest = value
		case "RELEASE":
			wanted.Release = value
		default:
			fmt.Fprintf(stderr, "%q: update-base takes DIGEST=sha256:… and RELEASE=…; use `make update-base`\n", arg)
			return 2
		}
	}
	if err := update(ctx, root, wanted, docker, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// update asks for what isn't wanted by name, and writes the files.
func update(ctx context.Context, root string, wanted baseupdate.Base, docker baseupdate.Docker, stdout, stderr io.Writer) error {
	texts := map[string][]byte{}
	for _, path := range dockerfiles {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return fmt.Errorf("%w; run this in the repository's root", err)
		}
		texts[path] = text
	}
	now, err := baseupdate.Of(dockerfiles[0], texts[dockerfiles[0]])
	if err != nil {
		return err
	}
	wanted.Image = now.Image
	online := wanted.Digest == ""
	if online {
		if wanted.Digest, err = baseupdate.Newest(ctx, docker, now.Image); err != nil {
			return err
		}
	}
	given := wanted.Release != ""
	if !given {
		wanted.Release = baseupdate.UnknownRelease
	}
	if err := wanted.Check(); err != nil {
		return err
	}
	stale := slices.DeleteFunc(slices.Clone(dockerfiles), func(path string) bool { return bytes.Equal(wanted.Into(texts[path]), texts[path]) })
	if len(stale) == 0 {
		fmt.Fprintf(stdout, "nothing to change: %s has %s already\n", wanted.Image, wanted.Digest)
		return nil
	}
	if online && !given {
		if wanted.Release, err = baseupdate.ReleaseOf(ctx, docker, now.Image, wanted.Digest); err != nil {
			fmt.Fprintln(stderr, err)
		}
	}
	var problems []error
	for _, path := range stale {
		problems = append(problems, os.WriteFile(filepath.Join(root, path), wanted.Into(texts[path]), 0o644))
		fmt.Fprintf(stdout, "%s: %s, release %s\n", path, wanted.Digest, wanted.Release)
	}
	fmt.Fprint(stdout, next)
	return errors.Join(problems...)
}

// next is what a person does with a new base.
const next = `Next: read AWS's release notes, then
  make -C docker gates   # builds on it, and measures: vulnerabilities, size, start
  make rehearse
  make review            # what a deployment will replace: the tasks of both services
`
