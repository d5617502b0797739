package baseimage

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

var (
	argUV      = regexp.MustCompile(`(?m)^ARG\s+UV_VERSION=(\S+)\s*$`)
	requiredUV = regexp.MustCompile(`(?m)^uv==(\S+)`)
)

// uvVersion returns the version of uv that a Dockerfile's ARG UV_VERSION sets,
// which has to be the one that uv-requirements.txt locks.
func uvVersion(path, dockerfile string) (string, error) {
	found := argUV.FindStringSubmatch(dockerfile)
	if found == nil {
		return "", fmt.Errorf("%s: no line ARG UV_VERSION=VERSION: the stand-in can't tell which uv to supply", path)
	}
	locked := requiredUV.FindStringSubmatch(uvRequirements)
	if locked == nil || locked[1] != found[1] {
		return "", fmt.Errorf("%s: UV_VERSION %q isn't what internal/testbed/baseimage/uv-requirements.txt locks: lock uv==%[2]s with its hashes there", path, found[1])
	}
	return found[1], nil
}

// uvDirectory returns a directory with the binary of uv in its root, taken from its
// wheel by hash.
func uvDirectory(ctx context.Context, dir, version string, progress io.Writer) (string, error) {
	directory := filepath.Join(dir, "uv-"+version)
	if _, err := os.Stat(filepath.Join(directory, "uv")); err == nil {
		return directory, nil
	}
	fmt.Fprintf(progress, "Fetching uv %s from its wheel\n", version)
	requirements := filepath.Join(dir, "uv-requirements.txt")
	if err := os.WriteFile(requirements, []byte(uvRequirements), 0o644); err != nil {
		return "", fmt.Errorf("fetch uv: %w", err)
	}
	wheel := filepath.Join(dir, "uv-wheel")
	if err := os.RemoveAll(wheel); err != nil {
		return "", fmt.Errorf("fetch uv: %w", err)
	}
	if err := run(exec.CommandContext(ctx, "python3.11", "-m", "pip", "install", "--quiet", "--no-deps",
		"--only-binary", ":all:", "--require-hashes", "--target", wheel, "-r", requirements)); err != nil {
		return "", err
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", fmt.Errorf("fetch uv: %w", err)
	}
	return directory, os.Rename(filepath.Join(wheel, "bin", "uv"), filepath.Join(directory, "uv"))
}
