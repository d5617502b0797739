package baseupdate

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// dockerTimeout bounds each call of Docker; the second may pull the base.
const dockerTimeout = 5 * time.Minute

// Docker runs a command of Docker's, and returns what it prints.
type Docker func(ctx context.Context, args ...string) ([]byte, error)

// RunDocker runs the docker program. Its error has what the program said.
func RunDocker(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, dockerTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, "docker", args...)
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Errorf("docker %s: %w: %s", args[0], err, line)
	}
	return out, nil
}

// Newest returns the digest that the registry has for an image's tag now.
//
// Source: Docker's reference, docker buildx imagetools inspect.
func Newest(ctx context.Context, docker Docker, image string) (string, error) {
	out, err := docker(ctx, "buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", image)
	var manifest struct{ Digest string }
	if err == nil {
		err = json.Unmarshal(out, &manifest)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w; check the network, or pass DIGEST=sha256:…", image, err)
	}
	return manifest.Digest, nil
}

// systemRelease is the line of /etc/system-release, such as
// "Amazon Linux release 2023.12.20260629 (Amazon Linux)".
var systemRelease = regexp.MustCompile(`\brelease ([0-9]+(?:\.[0-9]+)+)\b`)

// ReleaseOf asks an image for its release. It pulls the image, as the next build would.
func ReleaseOf(ctx context.Context, docker Docker, image, digest string) (string, error) {
	out, err := docker(ctx, "run", "--rm", "--network", "none", "--entrypoint", "cat", image+"@"+digest, "/etc/system-release")
	if err != nil {
		return UnknownRelease, fmt.Errorf("the release isn't known: %w; pass RELEASE=…", err)
	}
	found := systemRelease.FindSubmatch(out)
	if found == nil {
		return UnknownRelease, fmt.Errorf("the release isn't known: /etc/system-release says %q; pass RELEASE=…", strings.TrimSpace(string(out)))
	}
	return string(found[1]), nil
}
