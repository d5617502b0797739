// Package baseimage supplies what docker/Dockerfile takes from registries and
// installers that a machine can't reach, so that it is built unmodified: a
// labelled stand-in for the public base image, and uv's binary.
//
// The stand-in is Debian with a dnf that translates package names. It proves
// the Dockerfile's mechanics, the layers above the base and the hardening, not
// the base's size, its packages or a scan.
package baseimage

import (
	"context"
	_ "embed" // the dnf of the stand-in and the pinned uv
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"time"

	"benchlingwebhook/internal/testbed/engine"
)

// probeTimeout bounds the question whether a base can be pulled.
const probeTimeout = 10 * time.Second

//go:embed dnf
var dnf string

//go:embed uv-requirements.txt
var uvRequirements string

// Contexts is what a build of the Dockerfile needs beside the Dockerfile.
type Contexts struct {
	// Args maps the names of build contexts to their values; empty where the
	// public base can be pulled.
	Args map[string]string
	// ExtraBuildArgs are further arguments of `docker build`, such as the
	// host's network for downloads.
	ExtraBuildArgs []string
	// Standin is true where the public base is replaced.
	Standin bool
	// Description says in a sentence which base the image stands on.
	Description string
}

// BuildArgs returns all arguments that `docker buildx build` needs, in a fixed
// order.
func (c Contexts) BuildArgs() []string {
	names := make([]string, 0, len(c.Args))
	for name := range c.Args {
		names = append(names, name)
	}
	sort.Strings(names)
	var args []string
	for _, name := range names {
		args = append(args, "--build-context", name+"="+c.Args[name])
	}
	return append(args, c.ExtraBuildArgs...)
}

// Base returns no contexts where every base (a reference with digest) can be
// pulled. Otherwise it builds the stand-in and uv's directory in dir, reusing what
// an earlier call left there, and says so on progress. The version of uv comes
// from the ARG UV_VERSION of the file dockerfile.
func Base(ctx context.Context, eng *engine.Engine, dockerfile string, bases []string, dir string, progress io.Writer) (Contexts, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Contexts{}, fmt.Errorf("directory of the stand-in: %w", err)
	}
	unreachable := ""
	for _, base := range bases {
		if !reachable(ctx, eng, base) {
			unreachable = base
			break
		}
	}
	if unreachable == "" {
		return Contexts{Description: "the public base image"}, nil
	}
	if err := ctx.Err(); err != nil {
		return Contexts{}, err
	}
	fmt.Fprintf(progress, "%s can't be pulled: a stand-in of Debian takes its place\n", unreachable)
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		return Contexts{}, fmt.Errorf("read the version of uv: %w", err)
	}
	version, err := uvVersion(dockerfile, string(text))
	if err != nil {
		return Contexts{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Contexts{}, fmt.Errorf("directory of the stand-in: %w", err)
	}
	uv, err := uvDirectory(ctx, dir, version, progress)
	if err != nil {
		return Contexts{}, err
	}
	image, err := buildImage(ctx, eng, dir, progress)
	if err != nil {
		return Contexts{}, err
	}
	return contexts(bases, image, uv), nil
}

func contexts(bases []string, image, uv string) Contexts {
	args := map[string]string{"uv": uv}
	for _, base := range bases {
		args[base] = "docker-image://" + image
	}
	return Contexts{
		Args:           args,
		ExtraBuildArgs: []string{"--network", "host"},
		Standin:        true,
		Description:    "a stand-in of Debian 12 for the public base image, which can't be pulled here",
	}
}

// reachable reports whether the engine holds base or its registry serves it.
func reachable(ctx context.Context, eng *engine.Engine, base string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if eng.Command(ctx, "image", "inspect", base).Run() == nil {
		return true
	}
	return eng.Command(ctx, "buildx", "imagetools", "inspect", base).Run() == nil
}
