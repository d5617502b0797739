package imagecontract

import (
	"regexp"
	"strings"
)

// secretName matches names of secrets: the words of BuildKit's rule
// SecretsUsedInArgOrEnv, and the longest of them anywhere in a name.
var secretName = regexp.MustCompile(`(?i)(^|_)(auth|credentials?|key|pword|tokens?)(_|$)|secret|password|passwd|api_?key|token$`)

// harmlessName matches what that rule lets pass: the words say that the value
// isn't the secret itself.
var harmlessName = regexp.MustCompile(`(?i)(^|_)(public|file|version)(_|$)`)

// refuseSecret refuses a variable by its name: its value stays in the image.
func (r *reader) refuseSecret(line int, instruction, name string) {
	if secretName.MatchString(name) && !harmlessName.MatchString(name) {
		r.problems.add(line, "%s %q: looks like a secret, and stays readable in the image: mount it as a build secret, or let ECS inject it", instruction, name)
	}
}

// address matches what ADD fetches instead of copying.
var address = regexp.MustCompile(`^(\w+://|git@)`)

// refuseAddress refuses an ADD that fetches.
func (r *reader) refuseAddress(s *stage, line int, sources []string) {
	for _, source := range sources {
		expanded, ok := r.expand(word{line, "ADD", source}, s.scope)
		if ok && address.MatchString(strings.TrimSpace(expanded.Result)) {
			r.problems.add(line, "ADD %q: fetches what the repository doesn't hold: fetch it in a builder stage, check its hash, and COPY it", source)
		}
	}
}
