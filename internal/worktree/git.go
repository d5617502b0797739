// Package worktree asks Git about working trees, and copies what Git would keep of them.
package worktree

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// locations are the variables that say where a repository is, of which Git sets some
// for its hooks; with them, a directory that -C names wouldn't count.
//
// Source: git(1), "Environment variables", and `git rev-parse --local-env-vars`.
var locations = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
	"GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE",
}

// Environment returns the process's environment, without the locations of a repository.
func Environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(locations, name)
	})
}

// Git returns what a Git command prints in a directory. It runs none of the repository's hooks.
func Git(ctx context.Context, directory string, arguments ...string) (string, error) {
	var stderr strings.Builder
	command := exec.CommandContext(ctx, "git", append([]string{"-C", directory, "-c", "core.hooksPath=" + os.DevNull}, arguments...)...)
	command.Env = Environment()
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", arguments[0], err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
