package imagecontract

import (
	"cmp"
	"regexp"
	"strings"
)

// scratch is the empty base, which is no image.
const scratch = "scratch"

// pinned matches a digest that names exactly one image.
var pinned = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// addBase records a base image, and refuses one that isn't pinned by digest, or
// to another digest than the same image in an earlier stage.
func (r *reader) addBase(index, name, reference string, line int) {
	repository, digest, _ := strings.Cut(reference, "@")
	if !pinned.MatchString(digest) {
		r.problems.add(line, "FROM %q: the base is not pinned: append @sha256:… of the release that you tested", reference)
		return
	}
	for _, other := range r.bases {
		otherRepository, _, _ := strings.Cut(other.Reference, "@")
		if untagged(otherRepository) == untagged(repository) && other.Digest != digest {
			r.problems.add(line, "FROM %q: stage %q has the same base with another digest at line %d: use one digest in all stages", reference, other.Stage, other.Line)
			break
		}
	}
	r.bases = append(r.bases, BaseImage{Stage: cmp.Or(name, index), Reference: reference, Digest: digest, Line: line})
}

// untagged returns a reference without its tag, which a digest overrides.
func untagged(reference string) string {
	if colon := strings.LastIndex(reference, ":"); colon > strings.LastIndex(reference, "/") {
		return reference[:colon]
	}
	return reference
}
