package imagecontract

import (
	"regexp"
	"strings"
)

// fetched matches what ADD fetches instead of copying.
var fetched = regexp.MustCompile(`^(\w+://|git@)`)

// refuseURL refuses an ADD that fetches.
func (r *reader) refuseURL(s *stage, line int, sources []string) {
	for _, source := range sources {
		expanded, ok := r.expand(word{line, "ADD", source}, s.scope)
		if ok && fetched.MatchString(strings.TrimSpace(expanded.Result)) {
			r.problems.add(line, "ADD %q: fetches what the repository doesn't hold: fetch it in a builder stage, check its hash, and COPY it", source)
		}
	}
}
