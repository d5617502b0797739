package imagecontract

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// inherited adds PATH, which a base image sets; its value isn't in the file, so
// a word that refers to it keeps the reference.
type inherited struct{ variables }

// Get returns a variable's value, and whether it is set.
func (v inherited) Get(name string) (string, bool) {
	if value, ok := v.variables.Get(name); ok || name != "PATH" {
		return value, ok
	}
	return "$PATH", true
}

// predefined are variables that BuildKit sets, not the file.
var predefined = []string{
	"TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT",
	"BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT",
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy",
	"NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
}

// variables gives BuildKit's lexer what a word may refer to.
type variables map[string]string

// Get returns a variable's value, and whether it is set.
func (v variables) Get(name string) (string, bool) {
	value, ok := v[name]
	return value, ok
}

// Keys returns the names that are set.
func (v variables) Keys() []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// expand returns the word with its variables replaced, as BuildKit does. A
// variable that nothing sets is a problem: Docker would take it as empty.
func (r *reader) expand(line int, instruction, word string, known map[string]string) string {
	result, err := r.lex.ProcessWordWithMatches(word, inherited{variables(known)})
	if err != nil {
		r.problems.add(line, "%s %q: can't be expanded: mend the expression", instruction, word)
		return ""
	}
	missing := make([]string, 0, len(result.Unmatched))
	for name := range result.Unmatched {
		if !slices.Contains(predefined, name) && !hasDefault(word, name) {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	for _, name := range missing {
		r.problems.add(line, "%s %q: no ENV or ARG sets %s%s", instruction, word, name, suggestion(name, variables(known).Keys()))
	}
	return result.Result
}

// hasDefault returns whether the word itself says what an unset variable means,
// as in ${NAME:-default}.
func hasDefault(word, name string) bool {
	_, rest, found := strings.Cut(word, "${"+name)
	rest = strings.TrimPrefix(rest, ":")
	return found && (strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+"))
}

// suggestion names the nearest of the known names, or says what to add.
func suggestion(name string, known []string) string {
	best, distance := "", 3
	for _, candidate := range known {
		if d := editDistance(name, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return fmt.Sprintf(": add ENV %s=… above", name)
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// editDistance is the number of letters to insert, remove or replace.
func editDistance(a, b string) int {
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range len(a) {
		current := make([]int, len(b)+1)
		current[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			current[j+1] = min(previous[j+1]+1, current[j]+1, previous[j]+cost)
		}
		previous = current
	}
	return previous[len(b)]
}

// join resolves a WORKDIR against the one before it.
func join(before, next string) string {
	if strings.HasPrefix(next, "/") {
		return path.Clean(next)
	}
	return path.Join(before, next)
}
