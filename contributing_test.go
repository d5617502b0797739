package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// codePath is a code span that looks like a path of the repository: it begins with
// a directory of its top, or is one of the files there.
var codePath = regexp.MustCompile("`((?:\\.ci|\\.devcontainer|\\.github|cmd|constructs|docker|docs|internal|stacks|tools)/[A-Za-z0-9._/-]*|[A-Za-z.-]+\\.(?:md|go|json|yaml)|Makefile)`")

// made are the paths that pages name and commands make.
var made = []string{"docker/.venv"}

// files of other places that pages name without a directory: what the worker writes
// into a package, what testdata's cases consist of, and what the tutorial's reader writes.
var elsewhere = []string{"entry.json", "entry_data.json", "input.json", "links.json", "README.md", "contract.json", "package.json", "ID.md", "benchling.json"}

// TestPathsExist looks for every path that a page names in a code span.
func TestPathsExist(t *testing.T) {
	named := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		assert.NilError(t, err)
		for _, span := range codePath.FindAllStringSubmatch(string(text), -1) {
			path := strings.TrimSuffix(span[1], "/")
			if slices.Contains(made, path) || slices.Contains(elsewhere, filepath.Base(path)) {
				continue
			}
			_, err := os.Stat(path)
			assert.Check(t, err == nil, "%s: %s doesn't exist", page, span[1])
			named++
		}
	}
	assert.Assert(t, named > 100, "%d paths", named)
}

// TestMakeRefusesAMisspeltEnvironment asks make what it would run.
func TestMakeRefusesAMisspeltEnvironment(t *testing.T) {
	for variable, want := range map[string]string{
		"ENVIRONMENT=prod":  "cdk synth --quiet -c environment=prod\n",
		"ENVIRONMENT:=prod": "cdk synth --quiet -c environment=prod\n",
		"BASE=prod":         "cdk synth --quiet -c environment=dev\n",
		"ENVIROMENT=prod":   "ENVIROMENT=prod: nothing reads it; write ENVIRONMENT=NAME.  Stop.\n",
		"environment=prod":  "environment=prod: nothing reads it; write ENVIRONMENT=NAME.  Stop.\n",
		"STAGE=prod":        "STAGE=prod: nothing reads it; write ENVIRONMENT=NAME.  Stop.\n",
	} {
		// -o keeps make from installing what synth needs.
		run := exec.Command("make", "-n", "-o", "node_modules/.package-lock.json", "synth", variable)
		// Not what a make that runs this test was given.
		run.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
		out, _ := run.CombinedOutput()
		assert.Check(t, strings.HasSuffix(string(out), want), "%s: %s", variable, out)
	}
}

// TestContributingSaysHow asks for the questions that CONTRIBUTING.md answers, each
// with what to change, what fails first and what to run.
func TestContributingSaysHow(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	assert.NilError(t, err)
	_, how, found := strings.Cut(string(text), "\n## How to …\n")
	assert.Assert(t, found)
	how, _, _ = strings.Cut(how, "\n## ")
	sections := map[string]string{}
	for _, section := range strings.Split(how, "\n### ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		sections[heading] = body
	}
	for _, question := range []string{
		"Another health path", "A new event type", "A new alarm", "A new setting", "A new rehearsal fault", "A new policy rule",
	} {
		body := sections[question]
		assert.Check(t, codePath.MatchString(body), "%s: no file", question)
		assert.Check(t, strings.Contains(body, "Fails first: "), "%s: no test", question)
		assert.Check(t, strings.Contains(body, "un `"), "%s: no command", question)
	}
}

// testName is a test of Go that a page names.
var testName = regexp.MustCompile("`(Test[A-Z][A-Za-z]+)` of `([a-z/_]+_test\\.go)`")

// TestNamedTestsExist looks for the tests that pages name in their files.
func TestNamedTestsExist(t *testing.T) {
	named := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		assert.NilError(t, err)
		for _, of := range testName.FindAllStringSubmatch(string(text), -1) {
			code, err := os.ReadFile(of[2])
			assert.Check(t, err, page)
			assert.Check(t, strings.Contains(string(code), "func "+of[1]+"("), "%s: %s has no %s", page, of[2], of[1])
			named++
		}
	}
	assert.Assert(t, named >= 5, "%d tests", named)
}

// target is a target of make that a page runs.
var target = regexp.MustCompile("`?make (-C docker )?([a-z-]+)")

// TestTargetsExist looks for every target of make that a page names in code.
func TestTargetsExist(t *testing.T) {
	rules := map[string]string{}
	for _, directory := range []string{"", "docker/"} {
		text, err := os.ReadFile(directory + "Makefile")
		assert.NilError(t, err)
		rules[directory] = "\n" + string(text)
	}
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		assert.NilError(t, err)
		for _, span := range code.FindAllString(string(text), -1) {
			for _, of := range target.FindAllStringSubmatch(span, -1) {
				directory := map[bool]string{true: "docker/"}[of[1] != ""]
				assert.Check(t, strings.Contains(rules[directory], "\n"+of[2]+":"), "%s: make has no target %s", page, of[2])
			}
		}
	}
}

// code is a code span or a block of code.
var code = regexp.MustCompile("(?s)```.*?```|`[^`\n]+`")
