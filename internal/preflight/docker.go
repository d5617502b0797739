package preflight

import (
	"context"
	"strings"
	"time"
)

// programTimeout is how long a program, and the Docker engine behind it, may take.
const programTimeout = 30 * time.Second

// checkDocker asks for what builds the image of a deployment.
func (i *inspection) checkDocker(ctx context.Context) {
	if err := i.Docker(ctx, "version"); err != nil {
		i.refuse("docker version", reason(err), "start Docker 23 or later, or correct DOCKER_HOST")
		return
	}
	if err := i.Docker(ctx, "buildx", "version"); err != nil {
		i.refuse("docker buildx version", reason(err), "install Docker's buildx plugin")
		return
	}
	i.pass("docker: the engine answers, with buildx")
}

// checkPlatform asks whether Docker builds for the processor of the tasks. Where Docker
// doesn't respond, checkDocker has said so.
func (i *inspection) checkPlatform(ctx context.Context) {
	platform := "linux/" + i.settings.Architecture.Docker()
	builder, err := i.Named.Program(ctx, dockerProgram(), "buildx", "inspect")
	if err != nil {
		return
	}
	for _, word := range strings.FieldsFunc(builder, func(r rune) bool { return r == ',' || r == '*' || r == ' ' || r == '\n' }) {
		if word == platform {
			i.pass("docker buildx: builds for %s", platform)
			return
		}
	}
	i.refuse("docker buildx inspect", "the builder has no platform "+platform+", which "+i.setting("architecture")+" wants",
		"install its emulator with `docker run --privileged --rm tonistiigi/binfmt --install "+i.settings.Architecture.Docker()+"`, or set the other architecture")
}
