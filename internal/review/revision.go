package review

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// checkOut puts a revision of the tree's repository into a worktree at path.
// The function that it returns removes the worktree again.
func checkOut(ctx context.Context, tree, revision, path string) (remove func() error, err error) {
	commit, err := git(ctx, tree, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return nil, fmt.Errorf("BASE: %q: no such revision here: name a commit, a branch or a tag, fetched", revision)
	}
	if _, err := git(ctx, tree, "worktree", "add", "--quiet", "--detach", path, strings.TrimSpace(commit)); err != nil {
		return nil, err
	}
	return func() error {
		// The review may have been interrupted; its worktree goes all the same.
		_, err := git(context.WithoutCancel(ctx), tree, "worktree", "remove", "--force", path)
		return err
	}, nil
}

// sameApp says whether both trees have the same Go sources, so that one binary
// serves both.
func sameApp(ctx context.Context, tree, other string) (bool, error) {
	commit, err := git(ctx, other, "rev-parse", "HEAD")
	if err != nil {
		return false, err
	}
	sources := []string{"--", "*.go", "go.mod", "go.sum"}
	changed, err := git(ctx, tree, append([]string{"diff", "--name-only", strings.TrimSpace(commit)}, sources...)...)
	if err != nil {
		return false, err
	}
	untracked, err := git(ctx, tree, append([]string{"ls-files", "--others", "--exclude-standard"}, sources...)...)
	return changed+untracked == "", err
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

// git returns what a Git command prints.
func git(ctx context.Context, tree string, arguments ...string) (string, error) {
	var stderr strings.Builder
	command := exec.CommandContext(ctx, "git", append([]string{"-C", tree}, arguments...)...)
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", arguments[0], err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
