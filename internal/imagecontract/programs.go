package imagecontract

import (
	"bufio"
	"context"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
)

// What a service's response looks like to the programs that read it.
const (
	goodBody, badBody = "<response>\n", "<error>\n"
)

// run runs a model of a program and returns its exit status.
func (s *simulation) run(ctx context.Context, p invocation) int {
	if s.started() {
		return s.problem("starts more than %d programs: write one plain command", mostPrograms)
	}
	if len(p.words) == 0 {
		return 0
	}
	name := path.Base(p.words[0])
	switch {
	case slices.Contains(shells, name):
		return s.nested(ctx, p)
	case name == "curl":
		return s.curl(p)
	case name == "wget":
		return s.wget(p)
	case name == "uv" || name == "uvx":
		return s.problem("runs uv, which fails on a read-only root file system: run python itself")
	case wrapper(name):
		return s.wrapped(ctx, p)
	case script.MatchString(name):
		return s.script(p)
	}
	return s.other(name, p)
}

// nested runs a shell's -c; a script in a file is unknown.
func (s *simulation) nested(ctx context.Context, p invocation) int {
	for i, word := range p.words[1:] {
		if strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--") && strings.Contains(word, "c") && i+2 < len(p.words) {
			arguments := p.words[min(i+4, len(p.words)):]
			return s.shell(ctx, p, exported(p.lookup), p.words[i+2], arguments)
		}
	}
	return s.other("sh", p)
}

// exported returns the variables that a program passes on.
func exported(lookup func(string) (string, bool)) expand.Environ {
	return expand.FuncEnviron(func(name string) string { value, _ := lookup(name); return value })
}

// valued are the options with values of the programs that run another.
var valued = map[string]string{"timeout": "-k -s --kill-after --signal", "env": "-u -C --unset --chdir", "nice": "-n --adjustment", "busybox": "", "exec": "", "command": "", "time": "", "stdbuf": "-i -o -e", "setsid": "", "nohup": "", "su-exec": "", "gosu": "", "tini": "", "dumb-init": ""}

func wrapper(name string) bool { _, known := valued[name]; return known }

// assignment matches a variable that env sets.
var assignment = regexp.MustCompile(`^(\w+)=(.*)$`)

// wrapped runs the program that another one runs.
func (s *simulation) wrapped(ctx context.Context, p invocation) int {
	name, words := path.Base(p.words[0]), p.words[1:]
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		takes := slices.Contains(strings.Fields(valued[name]), words[0])
		words = words[1:]
		if takes && len(words) > 0 {
			words = words[1:]
		}
	}
	if (name == "timeout" || name == "su-exec" || name == "gosu") && len(words) > 0 { // The duration, or the user.
		words = words[1:]
	}
	for name == "env" && len(words) > 0 && assignment.MatchString(words[0]) {
		set, outer := assignment.FindStringSubmatch(words[0]), p.lookup
		p.lookup = func(name string) (string, bool) {
			if name == set[1] {
				return set[2], true
			}
			return outer(name)
		}
		words = words[1:]
	}
	p.words = words
	return s.run(ctx, p)
}

// filters pass on what they read and succeed whatever it is.
var filters = []string{"cat", "tee", "head", "tail", "wc", "sed", "tr", "sort", "uniq", "cut", "column", "xxd", "fold"}

// httpURL finds addresses in words.
var httpURL = regexp.MustCompile(`^https?://`)

// other runs a program that isn't known: one that is given addresses asks for
// them, one that reads a response judges it, and any other succeeds.
func (s *simulation) other(name string, p invocation) int {
	read, _ := io.ReadAll(io.LimitReader(bufio.NewReader(p.stdin), 1<<20))
	asked := false
	for _, word := range p.words[1:] {
		if httpURL.MatchString(word) && !slices.Contains([]string{"logger", "printf", "echo"}, name) {
			s.request(word)
			asked = true
		}
	}
	input := string(read)
	switch {
	case name == "true" || name == "sleep" || name == "echo":
		return 0
	case name == "false":
		return 1
	case name == "hostname":
		_, _ = io.WriteString(p.stdout, ownName+"\n")
		return 0
	case asked:
		if s.outcome != notRunning {
			_, _ = io.WriteString(p.stdout, body(s.outcome))
		}
		return int(min(s.outcome, 1))
	case slices.Contains(filters, name), name == "jq" && !slices.ContainsFunc(p.words, func(w string) bool { return strings.HasPrefix(w, "-e") || w == "--exit-status" }):
		_, _ = io.WriteString(p.stdout, input)
		return 0
	case s.outcome != responds && (s.asked() && !strings.Contains(input, "<") && isMatcher(name) || strings.Contains(input, badBody)):
		return 1
	case isMatcher(name) && input == "":
		return 1
	case s.strangersFail:
		return 1
	}
	_, _ = io.WriteString(p.stdout, input)
	return 0
}

// isMatcher reports whether a program fails where what it reads doesn't match.
func isMatcher(name string) bool {
	return slices.Contains([]string{"grep", "egrep", "fgrep", "rg", "jq", "awk", "gawk", "test"}, name)
}
