package imagecontract

import (
	"slices"
	"strings"
)

// conditions are what a probe meets: the service, whether the files that it looks for
// are there, and whether the programs fail of which nothing is known.
type conditions struct {
	service       outcome
	files         bool
	strangersFail bool
}

// outcome is what the service does when a probe asks it.
type outcome int

const (
	responds   outcome = iota // with 200
	failing                   // with 503
	notRunning                // nothing listens
)

// probe returns the path and query of the URL that the HEALTHCHECK asks for on
// the exposed port (0 if that isn't known). The command is run, as the shell and
// curl would run it, against a service that responds, one that fails, and none: it
// must pass at the first, and fail at the others.
func (r *reader) probe(s *stage, port int) (path, query string) {
	line, test := s.health.line, s.health.value.Health.Test
	text := oneLine(strings.Join(test[1:], " "))
	fault := func(format string, args ...any) {
		r.problems.add(line, "HEALTHCHECK %q: "+format, append([]any{text}, args...)...)
	}
	if problem := unreadable(test); problem != "" {
		fault("%s", problem)
		return "", ""
	}
	if name := unsetVariable(test, s.env); name != "" {
		fault("%s", unsetFault("HEALTHCHECK", name, s.env))
		return "", ""
	}
	seen := simulate(test, s.env, conditions{service: responds})
	if len(seen.requests) == 0 || seen.status != 0 { // It may ask for a file first.
		if other := simulate(test, s.env, conditions{service: responds, files: true}); len(other.problems) == 0 && len(other.requests) > 0 {
			seen = other
		}
	}
	for _, problem := range seen.problems {
		fault("%s", problem)
	}
	if len(seen.problems) > 0 {
		return "", ""
	}
	path, query, ok := addresses(seen.requests, port, fault)
	if !ok {
		return "", ""
	}
	checkOutcomes(test, s.env, seen, fault)
	r.checkRoute(line, text, path)
	return path, query
}

// checkOutcomes refuses a probe that can't pass, or can't fail.
func checkOutcomes(test []string, env scope, seen *simulation, fault func(string, ...any)) {
	down := simulate(test, env, conditions{service: notRunning, files: seen.files})
	broken := simulate(test, env, conditions{service: failing, files: seen.files})
	switch {
	case seen.status != 0:
		fault("fails even where the service responds: let its exit status be the request's")
	case down.status == 0:
		fault("passes even where nothing listens: let its exit status be the request's, such as curl -f URL || exit 1")
	case broken.status == 0:
		fault("passes even where the service responds with an error: let the request fail then, as curl -f does")
	}
}

// CanFail reports whether a container's health check can fail where the service doesn't
// run: not so true, or curl URL || true. test is as in ECS: CMD or CMD-SHELL, then words;
// without either, it is a shell's. NONE and no command can't fail, and one that can't be
// followed can.
func CanFail(test []string) bool {
	switch {
	case len(test) == 0 || test[0] == "NONE":
		return false
	case test[0] != "CMD" && test[0] != "CMD-SHELL":
		test = []string{"CMD-SHELL", strings.Join(test, " ")}
	case len(test) == 1:
		return false
	case test[0] == "CMD-SHELL":
		test = []string{test[0], strings.Join(test[1:], " ")}
	}
	if command, isShell := shellCommand(test); isShell && inBackground(command) {
		return false
	}
	for _, strangersFail := range []bool{true, false} {
		for _, files := range []bool{false, true} {
			if simulate(test, nil, conditions{notRunning, files, strangersFail}).status != 0 {
				return true
			}
		}
	}
	return false
}

// shells are the programs that read a command of their own in -c.
var shells = []string{"sh", "bash", "ash", "dash"}

// unreadable says why a command can't be what its author meant; empty if it can.
func unreadable(test []string) string {
	if test[0] == "CMD-SHELL" {
		if command := strings.TrimSpace(test[1]); strings.HasPrefix(command, "[") && !strings.HasPrefix(command, "[ ") && !strings.HasPrefix(command, "[[") {
			return "no valid JSON array, so Docker gives it to a shell: write one with double quotes"
		}
		if word, _, _ := strings.Cut(strings.TrimSpace(test[1]), " "); word == "CMD" || word == "CMD-SHELL" {
			return word + " stands twice, and the second is taken for a program's name: write it once"
		}
		return ""
	}
	words := test[1:]
	if words[0] == "CMD" || words[0] == "CMD-SHELL" {
		return words[0] + " in a JSON array is taken for a program's name: leave it out of the array"
	}
	if strings.ContainsAny(words[0], " \t|;&") {
		return "one string in a JSON array, so Docker looks for a program of that name: write each word as a string of its own, or no array"
	}
	for _, operator := range []string{"||", "&&", "|", ";", "&", ">", "2>&1"} {
		if slices.Contains(words[1:], operator) {
			return "a JSON array runs without a shell, so " + operator + " is only an argument: leave it out, or write no array"
		}
	}
	return ""
}
