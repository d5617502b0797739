package review

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cdkfile"
	"benchlingwebhook/internal/worktree"
)

// project is a copy of this project in a repository of its own, whose only
// commit is what the working tree holds.
type project struct {
	t                         *testing.T
	directory, tools, modules string
}

func newProject(t *testing.T) project {
	t.Helper()
	root, err := filepath.Abs("../..")
	assert.NilError(t, err)
	// Synthesis needs Node 24 of package-lock.json.
	t.Setenv("PATH", filepath.Join(root, "node_modules", ".bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	p := project{t: t, directory: t.TempDir(), tools: filepath.Join(root, "build", "tools"), modules: filepath.Join(root, "node_modules")}
	assert.NilError(t, worktree.Copy(t.Context(), root, p.directory, "main.go", "quiet_exit.go", "go.mod", "go.sum", "cdk.json", "constructs", "stacks", "internal", "docker"))
	// Each environment is synthesized in each review: one is enough to see what is said.
	p.keep("dev")
	p.git("init", "--quiet", "--initial-branch=main")
	p.git("add", ".")
	p.git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=base")
	t.Chdir(p.directory)
	return p
}

// keep leaves the project one environment.
func (p project) keep(environment string) {
	p.t.Helper()
	path := filepath.Join(p.directory, cdkfile.Name)
	text, err := os.ReadFile(path)
	assert.NilError(p.t, err)
	var file map[string]any
	assert.NilError(p.t, json.Unmarshal(text, &file))
	context, _ := file["context"].(map[string]any)
	all, _ := context["environments"].(map[string]any)
	context["environments"] = map[string]any{environment: all[environment]}
	text, err = json.Marshal(file)
	assert.NilError(p.t, err)
	assert.NilError(p.t, os.WriteFile(path, text, 0o600))
}

func (p project) git(arguments ...string) string {
	p.t.Helper()
	out, err := worktree.Git(p.t.Context(), p.directory, arguments...)
	assert.NilError(p.t, err)
	return out
}

func (p project) options(base string) Options {
	return Options{Tree: ".", Base: base, Tools: p.tools, Modules: p.modules}
}

// edit replaces text in one file until the test ends.
func (p project) edit(t *testing.T, name, from, to string) {
	t.Helper()
	path := filepath.Join(p.directory, name)
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(text), from), "%s has no %q", name, from)
	assert.NilError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600))
	t.Cleanup(func() { assert.NilError(t, os.WriteFile(path, text, 0o600)) })
}

// worktrees returns how many worktrees the project's repository has.
func (p project) worktrees() int {
	out, err := worktree.Git(context.Background(), p.directory, "worktree", "list")
	assert.NilError(p.t, err)
	return strings.Count(out, "\n")
}

// TestReviews makes changes to this project, as a developer would, and reads
// what a reviewer reads.
func TestReviews(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the app and synthesizes each change")
	}
	p := newProject(t)
	base, err := NewBase(t.Context(), p.options("main"))
	assert.NilError(t, err)
	defer func() {
		assert.NilError(t, base.Remove())
		assert.Equal(t, p.worktrees(), 1)
	}()
	t.Run("nothing", func(t *testing.T) { reviewNothing(t, p, base) })
	t.Run("failures", func(t *testing.T) { reviewsThatFail(t, p, base) })
	for _, c := range []struct {
		name, file, from, to string
		danger               bool
		first                string
		lines                int
	}{
		{
			name: "the package bucket's construct is renamed",
			file: "stacks/webhook_stack.go", from: `"Packages"`, to: `"PackageStore"`,
			danger: true,
			first:  "DANGEROUS: data-bearing AWS::S3::Bucket Packages660AFF77 will be replaced (its construct was renamed: it is now PackageStore",
			lines:  4,
		},
		{
			name: "the Dockerfile's interval",
			file: dockerfile, from: "--interval=30s", to: "--interval=45s",
			first: "changed: docker/Dockerfile: HEALTHCHECK --interval: 30s → 45s",
			lines: 5,
		},
		{
			name: "the service's source",
			file: "docker/src/app.py", from: "import ", to: "import  ",
			first: "changed: image content only",
			lines: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.edit(t, c.file, c.from, c.to)
			result, err := base.Review(t.Context())
			assert.NilError(t, err)
			assert.Equal(t, result.Dangerous(), c.danger)
			lines := strings.Split(strings.TrimSpace(result.Text()), "\n")
			assert.Assert(t, strings.HasPrefix(lines[0], c.first), result.Text())
			assert.Equal(t, len(lines), c.lines, result.Text())
		})
	}
}

func reviewNothing(t *testing.T, p project, base *Base) {
	// No part of the image, and so no part of the templates.
	p.edit(t, "docker/tests/test_app.py", "import ", "import  ")
	result, err := base.Review(t.Context())
	assert.NilError(t, err)
	assert.Equal(t, result.Text(), "nothing changed\n")
	out := t.TempDir()
	assert.NilError(t, result.Write(out))
	text, err := os.ReadFile(filepath.Join(out, "review.json"))
	assert.NilError(t, err)
	var report struct {
		Verdict, Commit, Base string
		Uncommitted           bool
		Stacks                []string
	}
	assert.NilError(t, json.Unmarshal(text, &report))
	assert.Equal(t, report.Verdict, "nothing changed")
	assert.DeepEqual(t, report.Stacks, []string{"BenchlingWebhook-dev"})
	commit := strings.TrimSpace(p.git("rev-parse", "--short", "HEAD"))
	assert.Equal(t, report.Commit, commit)
	assert.Equal(t, report.Base, commit)
	assert.Assert(t, report.Uncommitted)
	text, err = os.ReadFile(filepath.Join(out, "review.md"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), fmt.Sprintf("### Review of `%s` with uncommitted changes compared with `%[1]s`\n\n**`nothing changed`**\n", commit))
}

func reviewsThatFail(t *testing.T, p project, base *Base) {
	_, err := NewBase(t.Context(), p.options("nowhere"))
	assert.Error(t, err, `BASE: "nowhere": no such revision here: name a commit, a branch or a tag, fetched`)

	for _, c := range []struct{ file, from, to, fault string }{
		{dockerfile, "EXPOSE 5000", "EXPOSE nothing", `docker/Dockerfile:`},
		{"main.go", "package main", "package nothing here", "go build: exit status 1\n"},
	} {
		t.Run(c.file, func(t *testing.T) {
			p.edit(t, c.file, c.from, c.to)
			_, err := base.Review(t.Context())
			assert.Assert(t, err != nil && strings.HasPrefix(err.Error(), c.fault), err)
		})
	}
}

// TestEveryEnvironmentIsReviewed reads which environments a tree has.
func TestEveryEnvironmentIsReviewed(t *testing.T) {
	_, environments, err := contextOf("../..")
	assert.NilError(t, err)
	assert.DeepEqual(t, environments, []string{"dev", "prod"})
	empty := t.TempDir()
	for text, fault := range map[string]string{
		`{"context": {}}`: "cdk.json: environments: none to compare; add one to the context",
		`{`:               "cdk.json:1:1: unexpected end of JSON input; close what is open",
	} {
		assert.NilError(t, os.WriteFile(filepath.Join(empty, cdkfile.Name), []byte(text), 0o600))
		_, _, err = contextOf(empty)
		assert.Error(t, err, fault)
	}
}
