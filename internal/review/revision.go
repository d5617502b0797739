package review

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// checkOut puts a commit of the tree's repository into a worktree at path. The
// function that it returns removes the worktree again.
func checkOut(ctx context.Context, tree, commit, path string) (remove func() error, err error) {
	// The review may have been interrupted; its worktree goes all the same.
	remove = func() error {
		_, err := git(context.WithoutCancel(ctx), tree, "worktree", "remove", "--force", path)
		return err
	}
	if _, err := git(ctx, tree, "worktree", "add", "--quiet", "--detach", path, commit); err != nil {
		// A Git that was interrupted leaves half of one.
		_ = remove()
		return nil, err
	}
	return remove, nil
}

// commitOf returns the hash of a revision's commit.
func commitOf(ctx context.Context, tree, revision string) (string, error) {
	commit, err := git(ctx, tree, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("BASE: %q: no such revision here: name a commit, a branch or a tag, fetched", revision)
	}
	return strings.TrimSpace(commit), nil
}

// stateOf returns the short hash of a tree's commit, and whether the tree has more
// than that, tracked or not.
func stateOf(ctx context.Context, tree string) (commit string, uncommitted bool, err error) {
	if commit, err = short(ctx, tree, "HEAD"); err != nil {
		return "", false, err
	}
	changed, err := git(ctx, tree, "status", "--porcelain", "--", ".")
	return commit, changed != "", err
}

// short returns the short hash of a revision.
func short(ctx context.Context, tree, revision string) (string, error) {
	hash, err := git(ctx, tree, "rev-parse", "--short", revision)
	return strings.TrimSpace(hash), err
}

// sameApp says whether both trees have the same app, so that one binary serves both:
// the packages that it is built of are alike, with all below those that embed files.
func sameApp(ctx context.Context, tree, other string) (bool, error) {
	commit, err := git(ctx, other, "rev-parse", "HEAD")
	if err != nil {
		return false, err
	}
	sources, err := sourcesOfApp(ctx, tree)
	if err != nil {
		return false, err
	}
	changed, err := git(ctx, tree, append([]string{"diff", "--name-only", strings.TrimSpace(commit)}, sources...)...)
	if err != nil {
		return false, err
	}
	untracked, err := git(ctx, tree, append([]string{"ls-files", "--others", "--exclude-standard"}, sources...)...)
	return changed+untracked == "", err
}

// sourcesOfApp returns what Git takes as paths: the module's own packages that a tree's
// app is built of, without their tests, and the versions of the others.
func sourcesOfApp(ctx context.Context, tree string) ([]string, error) {
	command := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{if and .Module .Module.Main}}{{.Dir}}/{{if .EmbedPatterns}}**{{else}}*.go{{end}}{{end}}", ".")
	command.Dir = tree
	command.Env = variables()
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	root, err := git(ctx, tree, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, err
	}
	sources := []string{"--", "go.mod", "go.sum", ":(exclude,glob)**/*_test.go"}
	for pattern := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		relative, err := filepath.Rel(strings.TrimSpace(root), pattern)
		if err != nil {
			return nil, err
		}
		sources = append(sources, ":(top,glob)"+filepath.ToSlash(relative))
	}
	return sources, nil
}

// copyDirectory copies what Git would keep of a directory of a tree, tracked or not yet.
func copyDirectory(ctx context.Context, tree, directory, to string) error {
	names, err := git(ctx, tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", directory)
	if err != nil {
		return err
	}
	var problems []error
	for name := range strings.SplitSeq(strings.TrimSuffix(names, "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(tree, name)); errors.Is(err, os.ErrNotExist) {
			continue // Deleted, and not committed yet.
		}
		problems = append(problems, copyFile(filepath.Join(tree, name), filepath.Join(to, name)))
	}
	return errors.Join(problems...)
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	state, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, state.Mode().Perm())
}

// locations are the variables that say where a repository is, of which Git sets some
// for its hooks; with them, a directory that -C names wouldn't count.
//
// Source: git(1), "Environment variables", and `git rev-parse --local-env-vars`.
var locations = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
	"GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE",
}

// variables returns the process's environment, without the locations of a repository.
func variables() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(locations, name)
	})
}

// git returns what a Git command prints. It runs none of the repository's hooks.
func git(ctx context.Context, tree string, arguments ...string) (string, error) {
	var stderr strings.Builder
	command := exec.CommandContext(ctx, "git", append([]string{"-C", tree, "-c", "core.hooksPath=" + os.DevNull}, arguments...)...)
	command.Env = variables()
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", arguments[0], err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
