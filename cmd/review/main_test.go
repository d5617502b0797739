package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/review"
)

func TestExitStatus(t *testing.T) {
	finding := func(danger bool) []review.Finding {
		return []review.Finding{{Section: review.Other, Text: "Desired count", Danger: danger}}
	}
	for _, c := range []struct {
		name           string
		result         review.Review
		err            error
		status         int
		stdout, stderr string
	}{
		{name: "unchanged", status: unchanged, stdout: "nothing changed\n"},
		{name: "changed", result: review.Review{Findings: finding(false)}, status: changed, stdout: "changed: Desired count\n"},
		{name: "dangerous", result: review.Review{Findings: finding(true)}, status: dangerous, stdout: "DANGEROUS: Desired count\n"},
		{name: "failed", err: errors.New("go build: exit status 1"), status: failed, stderr: "go build: exit status 1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := t.TempDir()
			for _, name := range []string{"review.md", "review.json"} {
				assert.NilError(t, os.WriteFile(filepath.Join(out, name), []byte("older"), 0o600))
			}
			var asked review.Options
			var stdout, stderr bytes.Buffer
			arguments := []string{"-base", "v1", "-tools", "python", "-out", out}
			status := run(t.Context(), arguments, &stdout, &stderr, func(_ context.Context, o review.Options) (review.Review, error) {
				asked = o
				_, err := os.Stat(filepath.Join(out, "review.md"))
				assert.Assert(t, errors.Is(err, fs.ErrNotExist), "an older report during the review")
				return c.result, c.err
			})
			assert.Equal(t, status, c.status)
			assert.Equal(t, asked, review.Options{Tree: ".", Base: "v1", Tools: "python", Modules: "node_modules"})
			assert.Assert(t, strings.HasPrefix(stdout.String(), c.stdout), stdout.String())
			assert.Equal(t, stderr.String(), c.stderr)
			_, err := os.Stat(filepath.Join(out, "review.json"))
			assert.Equal(t, err == nil, c.err == nil)
			comment, err := os.ReadFile(filepath.Join(out, "review.md"))
			assert.NilError(t, err)
			assert.Equal(t, strings.HasPrefix(string(comment), "**The review failed:**"), c.err != nil, string(comment))
		})
	}
}

func TestArguments(t *testing.T) {
	t.Chdir(t.TempDir()) // A failure leaves a report.
	var out bytes.Buffer
	assert.Equal(t, run(t.Context(), []string{"-nothing"}, &out, &out, review.Run), failed)
	assert.Assert(t, strings.Contains(out.String(), "flag provided but not defined: -nothing"))
	assert.Equal(t, run(t.Context(), []string{"-help"}, &out, &out, review.Run), unchanged)
	for arguments, fault := range map[string]string{
		"-templates a":                 "-templates: 1 arguments: name two files or two cloud assemblies: BEFORE AFTER\n",
		"a b":                          "\"a\": not an option; two templates are compared by -templates BEFORE AFTER\n",
		"-deployed dev -templates a b": "-templates and -deployed: two comparisons; leave one out\n",
		"-templates a b":               "cfn-lint's schemas: 0 directories found",
		"-deployed dev":                "cfn-lint's schemas: 0 directories found",
	} {
		out.Reset()
		assert.Equal(t, run(t.Context(), strings.Fields(arguments), &out, &out, review.Run), failed)
		assert.Assert(t, strings.Contains(out.String(), fault), out.String())
	}
	assert.Equal(t, run(t.Context(), []string{"-tools", t.TempDir()}, &out, &out, review.Run), failed)
	assert.Assert(t, strings.Contains(out.String(), "cfn-lint's schemas: 0 directories found"), out.String())
}

func TestReportThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "build")
	assert.NilError(t, os.WriteFile(file, nil, 0o600))
	var stdout, stderr bytes.Buffer
	nothing := func(context.Context, review.Options) (review.Review, error) { return review.Review{}, nil }
	assert.Equal(t, run(t.Context(), []string{"-out", file}, &stdout, &stderr, nothing), failed)
	assert.Equal(t, stdout.String(), "")
	assert.Assert(t, strings.Contains(stderr.String(), "build"), stderr.String())
}
