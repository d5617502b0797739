package preflight

import (
	"context"
	"time"
)

// dockerTimeout is how long the Docker engine may take to response.
const dockerTimeout = 30 * time.Second

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
