package review

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cdkfile"
	"benchlingwebhook/internal/worktree"
)

// standIn is an app that writes what its cdk.json says as a bucket's name. It
// refuses the Dockerfile that isn't the port's 5001, if cdk.json says so.
const standIn = `#!/bin/sh
set -eu
if grep -q strict cdk.json && ! grep -q 5001 docker/Dockerfile; then echo "an old Dockerfile" >&2; exit 1; fi
name=$(sed -n 's/.*"name": "\(.*\)".*/\1/p' cdk.json)
port=$(sed -n 's/EXPOSE //p' docker/Dockerfile)
echo '{"artifacts": {"Stack": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}}}' > "$CDK_OUTDIR/manifest.json"
echo "{\"Resources\": {\"Topic\": {\"Type\": \"AWS::SNS::Topic\", \"Properties\": {\"DisplayName\": \"$name\"}},
	\"Port\": {\"Type\": \"AWS::SNS::Topic\", \"Properties\": {\"DisplayName\": \"$port\"}}}}" > "$CDK_OUTDIR/t.json"
`

// small makes a repository whose app is a stand-in, with a linked worktree of the
// commit; it returns the repository's directory and the worktree's.
func small(t *testing.T) (repository, linked string) {
	t.Helper()
	repository, linked = filepath.Join(t.TempDir(), "repository"), filepath.Join(t.TempDir(), "linked")
	assert.NilError(t, os.MkdirAll(filepath.Join(repository, "docker"), 0o755))
	assert.NilError(t, os.MkdirAll(filepath.Join(repository, "used"), 0o755))
	for name, text := range map[string]string{
		"go.mod":             "module small\n\ngo 1.26\n",
		"main.go":            "package main\n\nimport _ \"small/used\"\n\nfunc main() {}\n",
		"used/used.go":       "package used\n\nimport _ \"embed\"\n\n//go:embed embedded.json\nvar Embedded []byte\n",
		"used/embedded.json": "{}\n",
		cdkfile.Name:         `{"context": {"environments": {"dev": {}}, "name": "before"}}`,
		dockerfile: "FROM amazonlinux:2023@sha256:" + strings.Repeat("a", 64) + "\nUSER 1000:1000\nEXPOSE 5000\n" +
			"HEALTHCHECK --timeout=3s CMD curl -f http://localhost:5000/health || exit 1\nCMD [\"run\"]\n",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(repository, name), []byte(text), 0o600))
	}
	for _, arguments := range [][]string{
		{"init", "--quiet", "--initial-branch=main"},
		{"add", "."},
		{"-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=base"},
		{"worktree", "add", "--quiet", "--detach", linked},
	} {
		_, err := worktree.Git(t.Context(), repository, arguments...)
		assert.NilError(t, err)
	}
	return repository, linked
}

// reviewed compares a tree with main by the stand-in.
func reviewed(t *testing.T, tree string) (Review, error) {
	t.Helper()
	root, err := filepath.Abs("../..")
	assert.NilError(t, err)
	base, err := NewBase(t.Context(), Options{Tree: tree, Base: "main", Tools: filepath.Join(root, "build", "tools"), Modules: filepath.Join(root, "node_modules")})
	if err != nil {
		return Review{}, err
	}
	defer func() { assert.NilError(t, base.Remove()) }()
	app := filepath.Join(base.scratch, "app")
	assert.NilError(t, os.WriteFile(app, []byte(standIn), 0o755))
	base.build = func(context.Context, string) (string, error) { return app, nil }
	return base.Review(t.Context())
}

func replaceIn(t *testing.T, path, from, to string) {
	t.Helper()
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(text), from))
	assert.NilError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600))
}

// TestReviewFromAHookOfALinkedWorktree sets what Git sets for a hook.
func TestReviewFromAHookOfALinkedWorktree(t *testing.T) {
	repository, linked := small(t)
	replaceIn(t, filepath.Join(linked, cdkfile.Name), "before", "after")
	_, err := worktree.Git(t.Context(), linked, "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--all", "--message=after")
	assert.NilError(t, err)
	for name, value := range map[string]string{
		"GIT_DIR": filepath.Join(repository, ".git", "worktrees", "linked"), "GIT_WORK_TREE": linked, "GIT_PREFIX": "",
		"GIT_COMMON_DIR": filepath.Join(repository, ".git"), "GIT_OBJECT_DIRECTORY": filepath.Join(repository, ".git", "objects"),
		"GIT_INDEX_FILE": filepath.Join(repository, ".git", "worktrees", "linked", "index"),
	} {
		t.Setenv(name, value)
	}
	result, err := reviewed(t, linked)
	assert.NilError(t, err)
	assert.Equal(t, result.Text(), "changed: Topic DisplayName: before → after\n\nEverything else\n    Topic DisplayName: before → after\n")
	assert.Assert(t, result.Commit != result.Base && !result.Uncommitted, result)
	text, err := os.ReadFile(filepath.Join(linked, cdkfile.Name))
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(text), "after"), "the tree was checked out anew")
}

func TestReviewRunsNoHooksAndLeavesNoWorktree(t *testing.T) {
	repository, _ := small(t)
	ran := filepath.Join(t.TempDir(), "ran")
	hook := filepath.Join(repository, ".git", "hooks", "post-checkout")
	assert.NilError(t, os.MkdirAll(filepath.Dir(hook), 0o755))
	assert.NilError(t, os.WriteFile(hook, []byte("#!/bin/sh\ntouch "+ran+"\nexit 1\n"), 0o755))
	result, err := reviewed(t, repository)
	assert.NilError(t, err)
	assert.Equal(t, result.Verdict(), "nothing changed")
	_, err = os.Stat(ran)
	assert.Assert(t, os.IsNotExist(err), "the hook ran")
	worktrees, err := worktree.Git(t.Context(), repository, "worktree", "list")
	assert.NilError(t, err)
	assert.Equal(t, strings.Count(worktrees, "\n"), 2, worktrees)
}

// TestWorktreeThatCannotBeMade has a commit without one of its files.
func TestWorktreeThatCannotBeMade(t *testing.T) {
	repository, _ := small(t)
	blob, err := worktree.Git(t.Context(), repository, "rev-parse", "HEAD:"+dockerfile)
	assert.NilError(t, err)
	assert.NilError(t, os.Remove(filepath.Join(repository, ".git", "objects", blob[:2], strings.TrimSpace(blob[2:]))))
	_, err = reviewed(t, repository)
	assert.ErrorContains(t, err, "git worktree")
	worktrees, err := worktree.Git(t.Context(), repository, "worktree", "list")
	assert.NilError(t, err)
	assert.Equal(t, strings.Count(worktrees, "\n"), 2, worktrees)
}

// TestOldDockerfileThatTheNewAppRefuses lists what follows from the Dockerfile with
// the rest.
func TestOldDockerfileThatTheNewAppRefuses(t *testing.T) {
	repository, _ := small(t)
	replaceIn(t, filepath.Join(repository, dockerfile), "5000", "5001")
	result, err := reviewed(t, repository)
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(result.Text(), "1 property follows: "), result.Text())

	replaceIn(t, filepath.Join(repository, cdkfile.Name), `"name"`, `"strict": true, "name"`)
	result, err = reviewed(t, repository)
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(result.Text(), "EXPOSE: 5000/tcp → 5001/tcp"), result.Text())
	assert.Assert(t, strings.Contains(result.Text(), "Port DisplayName: 5000 → 5001"), result.Text())
	assert.Assert(t, !strings.Contains(result.Text(), "follows"), result.Text())
}

// TestOneAppServesBothTrees changes what the app is built of, and what it isn't.
func TestOneAppServesBothTrees(t *testing.T) {
	for name, same := range map[string]bool{
		"cdk.json": true, "unused/unused.go": true, "used/used_test.go": true, "README.md": true,
		"main.go": false, "used/used.go": false, "used/new.go": false, "used/embedded.json": false, "go.sum": false,
	} {
		t.Run(name, func(t *testing.T) {
			repository, linked := small(t)
			path := filepath.Join(repository, name)
			text, err := os.ReadFile(path)
			if !os.IsNotExist(err) {
				assert.NilError(t, err)
			}
			assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			if strings.HasSuffix(name, ".go") && len(text) == 0 {
				text = []byte("package " + filepath.Base(filepath.Dir(path)) + "\n")
			}
			assert.NilError(t, os.WriteFile(path, append(text, '\n'), 0o600))
			got, err := sameApp(t.Context(), repository, linked)
			assert.NilError(t, err)
			assert.Equal(t, got, same)
		})
	}
}
