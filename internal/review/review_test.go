package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// project is a copy of this project in a repository of its own, whose only
// commit is what the working tree holds.
type project struct {
	t             *testing.T
	folder, tools string
}

func newProject(t *testing.T) project {
	t.Helper()
	root, err := filepath.Abs("../..")
	assert.NilError(t, err)
	// Synthesis needs Node 24 of package-lock.json.
	t.Setenv("PATH", filepath.Join(root, "node_modules", ".bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	p := project{t: t, folder: t.TempDir(), tools: filepath.Join(root, "build", "tools")}
	for _, name := range []string{"main.go", "quiet_exit.go", "go.mod", "go.sum", "cdk.json", "constructs", "stacks", "internal", "docker"} {
		assert.NilError(t, copyFolder(t.Context(), root, name, p.folder))
	}
	p.git("init", "--quiet", "--initial-branch=main")
	p.git("add", ".")
	p.git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=base")
	t.Chdir(p.folder)
	return p
}

func (p project) git(arguments ...string) string {
	p.t.Helper()
	out, err := git(p.t.Context(), p.folder, arguments...)
	assert.NilError(p.t, err)
	return out
}

// edit replaces text in one file until the test ends.
func (p project) edit(t *testing.T, name, from, to string) {
	t.Helper()
	path := filepath.Join(p.folder, name)
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(string(text), from), "%s has no %q", name, from)
	assert.NilError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(text), from, to)), 0o600))
	t.Cleanup(func() { assert.NilError(t, os.WriteFile(path, text, 0o600)) })
}

// review returns the exit status and what is printed, and makes sure that no
// worktree stays behind.
func (p project) review(t *testing.T, base string) (status int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	status = run(t.Context(), []string{"-base", base, "-tools", p.tools, "-out", t.TempDir()}, &out, &problems)
	assert.Equal(t, strings.Count(p.git("worktree", "list"), "\n"), 1)
	return status, out.String(), problems.String()
}

// TestReviews makes changes to this project, as a developer would, and reads
// what a reviewer reads.
func TestReviews(t *testing.T) {
	p := newProject(t)
	t.Run("nothing", func(t *testing.T) { reviewNothing(t, p) })
	t.Run("failures", func(t *testing.T) { reviewsThatFail(t, p) })
	for _, c := range []struct {
		name, file, from, to string
		status               int
		first                string
		lines                int
	}{
		{
			name: "the package bucket's construct is renamed",
			file: "stacks/webhook_stack.go", from: `"Packages"`, to: `"PackageStore"`,
			status: dangerous,
			first:  "DANGEROUS: data-bearing AWS::S3::Bucket Packages660AFF77 will be replaced (its construct was renamed: it is now PackageStore",
			lines:  4,
		},
		{
			name: "the Dockerfile's interval",
			file: dockerfile, from: "--interval=30s", to: "--interval=45s",
			status: changed,
			first:  "changed: hardening: 1",
			lines:  5,
		},
		{
			name: "the service's source",
			file: "docker/src/app.py", from: "import ", to: "import  ",
			status: changed,
			first:  "changed: image content only",
			lines:  1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.edit(t, c.file, c.from, c.to)
			status, stdout, stderr := p.review(t, "HEAD")
			assert.Equal(t, status, c.status, stderr)
			lines := strings.Split(strings.TrimSpace(stdout), "\n")
			assert.Assert(t, strings.HasPrefix(lines[0], c.first), stdout)
			assert.Equal(t, len(lines), c.lines, stdout)
		})
	}
}

func reviewNothing(t *testing.T, p project) {
	// No part of the image, and so no part of the templates.
	p.edit(t, "docker/tests/test_app.py", "import ", "import  ")
	out := t.TempDir()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, run(t.Context(), []string{"-base", "main", "-tools", p.tools, "-out", out}, &stdout, &stderr), unchanged, stderr.String())
	assert.Equal(t, stdout.String(), "nothing changed\n")
	text, err := os.ReadFile(filepath.Join(out, "review.json"))
	assert.NilError(t, err)
	var report struct {
		Verdict string
		Stacks  []string
	}
	assert.NilError(t, json.Unmarshal(text, &report))
	assert.Equal(t, report.Verdict, "nothing changed")
	assert.DeepEqual(t, report.Stacks, []string{"BenchlingWebhook-dev", "BenchlingWebhook-prod"})
	text, err = os.ReadFile(filepath.Join(out, "review.md"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "**nothing changed**\n")
}

func reviewsThatFail(t *testing.T, p project) {
	status, _, stderr := p.review(t, "nowhere")
	assert.Equal(t, status, failed)
	assert.Equal(t, stderr, "BASE: \"nowhere\": no such revision here: name a commit, a branch or a tag, fetched\n")

	for _, c := range []struct{ file, from, to, fault string }{
		{dockerfile, "EXPOSE 5000", "EXPOSE nothing", `docker/Dockerfile:`},
		{"main.go", "package main", "package nothing here", "go build: exit status 1\n"},
	} {
		t.Run(c.file, func(t *testing.T) {
			p.edit(t, c.file, c.from, c.to)
			status, _, stderr := p.review(t, "HEAD")
			assert.Equal(t, status, failed)
			assert.Assert(t, strings.HasPrefix(stderr, c.fault), stderr)
		})
	}

	var out bytes.Buffer
	assert.Equal(t, run(t.Context(), []string{"-nothing"}, &out, &out), failed)
	assert.Equal(t, run(t.Context(), []string{"-tools", t.TempDir()}, &out, &out), failed)
}
