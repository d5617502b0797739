package tutorial

import (
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

const page = "# Page\n\n```bash\nmake a\n```\n\nIt prints:\n\n```text\none …\n…\nlast\n```\n\n```json\n{}\n```\n\n```bash\nmake b\n```\n"

func TestStepsOfAPage(t *testing.T) {
	steps, err := parse("page.md", page)
	assert.NilError(t, err)
	assert.DeepEqual(t, steps, []Step{
		{Place: "page.md:4", Command: "make a", Prints: []string{"one …", "…", "last"}},
		{Place: "page.md:20", Command: "make b"},
	})
	for text, fault := range map[string]string{
		"```text\na\n```\n": "page.md:1: output of no command: write the block of bash before it",
		"```bash\na\n":      "page.md: its last block has no end: write ``` below it",
	} {
		_, err := parse("page.md", text)
		assert.Error(t, err, fault)
	}
}

func TestCompare(t *testing.T) {
	steps, err := parse("page.md", page)
	assert.NilError(t, err)
	for output, missing := range map[string]string{
		"one 1\nlast\n":                       "",
		"\x1b[1mone 1\x1b[0m \nx\ny\nlast \n": "",
		"one 1\nlast\nlast":                   "",
		"two 1\nlast":                         `the page has "one …"`,
		"one 1\nx":                            `the page has "last"`,
		"one 1\nlast\nx":                      "the page has nothing more",
		"":                                    `the page has "one …"`,
	} {
		err := steps[0].Check(output, nil)
		if missing == "" {
			assert.NilError(t, err, output)
		} else {
			assert.ErrorContains(t, err, missing)
		}
	}
	assert.NilError(t, steps[1].Check("anything", nil))
	assert.ErrorContains(t, Step{Prints: []string{"a"}}.Compare("a\nb"), "the page has nothing more")
}

func TestWhatFails(t *testing.T) {
	exit := errors.New("exit status 2")
	fails := Step{Place: "page.md:1", Command: "make a", Prints: []string{"no bootstrap", "make: *** …"}}
	assert.NilError(t, fails.Check("no bootstrap\nmake: *** [Makefile:1: a] Error 1\n", exit))
	assert.Error(t, fails.Check("", nil), "page.md:1: make a: it succeeded, and the page has it fail; it printed\n")
	assert.Error(t, Step{Place: "page.md:1", Command: "make b"}.Check("no", exit), "page.md:1: make b: exit status 2; it printed\nno")
}

// TestTutorial reads the page itself: each of its commands of make is a target.
func TestTutorial(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	steps, err := Read(filepath.Join(root, "docs", "tutorial.md"))
	assert.NilError(t, err)
	targets := 0
	for _, step := range steps {
		if command, is := strings.CutPrefix(step.Command, "make "); is {
			targets++
			target, _, _ := strings.Cut(command, " ")
			assert.NilError(t, exec.CommandContext(t.Context(), "make", "--directory", root, "--dry-run", target, "ENVIRONMENT=dev").Run(), step.Command)
			assert.Check(t, step.Prints != nil, "%s: what %s prints isn't there", step.Place, step.Command)
		}
	}
	assert.Check(t, targets > 5, "%d commands of make", targets)
	_, err = Read("page_test.go")
	assert.ErrorContains(t, err, "no block of bash")
}

// TestRunAndInterrupt runs commands in a directory, the whole of one and a part of another.
func TestRunAndInterrupt(t *testing.T) {
	shell := Shell{Directory: t.TempDir(), Environment: []string{"WORD=word", "PATH=/usr/bin:/bin"}}
	output, err := shell.Run(t.Context(), "echo $WORD > file; cat file; cat none")
	assert.ErrorContains(t, err, "exit status 1")
	assert.Check(t, strings.HasPrefix(output, "word\n") && strings.Contains(output, "none"), output)

	output, err = shell.Interrupt(t.Context(), "echo begun; sleep 20; echo done", regexp.MustCompile("begun"))
	assert.NilError(t, err)
	assert.Equal(t, output, "begun\n")
	_, err = shell.Interrupt(t.Context(), "echo over", regexp.MustCompile("begun"))
	assert.Error(t, err, `echo over: ended before it was interrupted: it printed nothing like "begun": over`)
}

// TestCopy copies what git knows and what is new, and nothing that it ignores.
func TestCopy(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	shell := Shell{Directory: from, Environment: []string{"PATH=/usr/bin:/bin", "HOME=" + from}}
	_, err := shell.Run(t.Context(), "git init -q; mkdir a node_modules; echo 1 > a/b; chmod 700 a/b; echo new > new; echo node_modules > .gitignore; touch -d 2001-01-01 a/b; git add a/b; echo 2 > gone; git add gone; rm gone")
	assert.NilError(t, err)
	assert.NilError(t, Copy(t.Context(), from, to, "node_modules"))
	output, err := Shell{Directory: to, Environment: shell.Environment}.Run(t.Context(), "cat a/b new; test -x a/b; test -L node_modules; date -r a/b +%Y; ls")
	assert.NilError(t, err, output)
	assert.Equal(t, output, "1\nnew\n2001\na\nnew\nnode_modules\n")
}
