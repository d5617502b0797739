package imagecontract

import (
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/opencontainers/go-digest"
)

// fetched matches what ADD fetches instead of copying.
var fetched = regexp.MustCompile(`^(\w+://|git@)`)

// refuseURL refuses an ADD that fetches what no checksum fixes.
func (r *reader) refuseURL(s *stage, line int, add *instructions.AddCommand) {
	checksum, ok := r.require(word{line, "ADD --checksum", add.Checksum}, s.scope)
	if _, err := digest.Parse(checksum.Result); ok && add.Checksum != "" && err != nil {
		r.problems.add(line, "ADD --checksum %q: no digest: write sha256: and 64 hexadecimal digits", add.Checksum)
	}
	for _, source := range add.SourcePaths {
		expanded, ok := r.expand(word{line, "ADD", source}, s.scope)
		if ok && add.Checksum == "" && fetched.MatchString(strings.TrimSpace(expanded.Result)) {
			r.problems.add(line, "ADD %q: fetches what the repository doesn't hold: say its --checksum, or fetch it in a builder stage, check its hash, and COPY it", source)
		}
	}
}
