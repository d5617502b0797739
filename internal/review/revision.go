package review

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"benchlingwebhook/internal/worktree"
)

// checkOut puts a commit of the tree's repository into a worktree at path. The
// function that it returns removes the worktree again.
func checkOut(ctx context.Context, tree, commit, path string) (remove func() error, err error) {
	// The review may have been interrupted; its worktree goes all the same.
	remove = func() error {
		_, err := worktree.Git(context.WithoutCancel(ctx), tree, "worktree", "remove", "--force", path)
		return err
	}
	if _, err := worktree.Git(ctx, tree, "worktree", "add", "--quiet", "--detach", path, commit); err != nil {
		// A Git that was interrupted leaves half of one.
		_ = remove()
		return nil, err
	}
	return remove, nil
}

// commitOf returns the hash of a revision's commit.
func commitOf(ctx context.Context, tree, revision string) (string, error) {
	commit, err := worktree.Git(ctx, tree, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
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
	changed, err := worktree.Git(ctx, tree, "status", "--porcelain", "--", ".")
	return commit, changed != "", err
}

// short returns the short hash of a revision.
func short(ctx context.Context, tree, revision string) (string, error) {
	hash, err := worktree.Git(ctx, tree, "rev-parse", "--short", revision)
	return strings.TrimSpace(hash), err
}

// sameApp says whether both trees have the same app, so that one binary serves both:
// the packages that it is built of are alike, with all below those that embed files.
func sameApp(ctx context.Context, tree, other string) (bool, error) {
	commit, err := worktree.Git(ctx, other, "rev-parse", "HEAD")
	if err != nil {
		return false, err
	}
	sources, err := sourcesOfApp(ctx, tree)
	if err != nil {
		return false, err
	}
	changed, err := worktree.Git(ctx, tree, append([]string{"diff", "--name-only", strings.TrimSpace(commit)}, sources...)...)
	if err != nil {
		return false, err
	}
	untracked, err := worktree.Git(ctx, tree, append([]string{"ls-files", "--others", "--exclude-standard"}, sources...)...)
	return changed+untracked == "", err
}

// sourcesOfApp returns what Git takes as paths: the module's own packages that a tree's
// app is built of, without their tests, and the versions of the others.
func sourcesOfApp(ctx context.Context, tree string) ([]string, error) {
	command := exec.CommandContext(ctx, "go", "list", "-deps", "-f", "{{if and .Module .Module.Main}}{{.Dir}}/{{if .EmbedPatterns}}**{{else}}*.go{{end}}{{end}}", ".")
	command.Dir = tree
	command.Env = worktree.Environment()
	var stderr strings.Builder
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	root, err := worktree.Git(ctx, tree, "rev-parse", "--show-toplevel")
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
