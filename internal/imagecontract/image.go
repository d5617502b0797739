package imagecontract

import (
	"cmp"
	_ "crypto/sha256" // A digest of an algorithm that isn't linked in is refused.
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/util/suggest"
)

// scratch is the empty base, which is no image.
const scratch = "scratch"

// pinned matches a digest that names exactly one image.
var pinned = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// imageUse is a place that names an image.
type imageUse struct {
	line int
	// place is what names it, such as "FROM" or "COPY --from".
	place string
	// stage is the stage's name, or its index where it has none.
	stage string
	// reference is the image as written, expanded.
	reference string
}

// repository returns the repository of an image reference in the one spelling
// that Docker gives it, which is docker.io/library/NAME for a name without a
// registry; or the reference's own text where Docker takes it for no reference.
func repository(text string) string {
	if named, err := reference.ParseNormalizedNamed(strings.TrimPrefix(text, "registry-1.docker.io/")); err == nil {
		return named.Name()
	}
	return text
}

// checkPinned refuses an image that isn't pinned by digest, or is to another
// digest than the same image in an earlier place. It returns the digest.
func (r *reader) checkPinned(use imageUse) string {
	_, digest, _ := strings.Cut(use.reference, "@")
	if !pinned.MatchString(digest) {
		r.problems.add(use.line, "%s %q: %s", use.place, use.reference, r.unpinnedFault(use))
		return ""
	}
	if _, err := reference.ParseNormalizedNamed(use.reference); err != nil {
		r.problems.add(use.line, "%s %q: Docker takes it for no image: %s: write REGISTRY/NAME:TAG@sha256:…", use.place, use.reference, oneLine(err.Error()))
		return ""
	}
	for _, other := range r.uses {
		_, otherDigest, _ := strings.Cut(other.reference, "@")
		if sameImage(other.reference, use.reference) && otherDigest != digest {
			r.problems.add(use.line, "%s %q: stage %q has the same %s with another digest at line %d: use one digest in all stages", use.place, use.reference, other.stage, what(use), other.line)
			break
		}
	}
	r.uses = append(r.uses, use)
	return digest
}

// unpinnedFault says what is wrong with an image that no digest pins, which may
// be a misspelt stage.
func (r *reader) unpinnedFault(use imageUse) string {
	if near := r.nearStage(use.reference); near != "" {
		return "no stage above has that name (did you mean " + near + "?)"
	}
	if use.place != "FROM" && !strings.ContainsAny(use.reference, "/:@") {
		return "no stage above has that name, and as an image it is not pinned: name a stage, or append @sha256:… of the release that you tested"
	}
	return "the " + what(use) + " is not pinned: append @sha256:… of the release that you tested"
}

// what returns what an image is to the stage that uses it.
func what(use imageUse) string {
	if use.place == "FROM" {
		return "base"
	}
	return "image"
}

// sameImage reports whether two references name one image, whatever their tag,
// which a digest overrides. Amazon Linux is one image in all its repositories.
func sameImage(a, b string) bool {
	return repository(a) == repository(b) || isAmazonLinux(a) && isAmazonLinux(b)
}

// amazonLinux are the repositories of Amazon Linux: Amazon's, Docker's, and Docker's
// own copy at Amazon.
// Source: the user guide of Amazon Linux 2023, "Using AL2023 in containers"; Amazon
// ECR Public Gallery, Docker Official Images.
var amazonLinux = []string{"public.ecr.aws/amazonlinux/amazonlinux", "docker.io/library/amazonlinux", "public.ecr.aws/docker/library/amazonlinux"}

func isAmazonLinux(text string) bool { return slices.Contains(amazonLinux, repository(text)) }

// release2023 matches the tags of Amazon Linux 2023.
var release2023 = regexp.MustCompile(`^2023([.-].*)?$`)

// checkAmazonLinux refuses a final stage that builds on anything but Amazon Linux
// 2023. A reference without a tag, or with latest, is taken for it.
func (r *reader) checkAmazonLinux(s *stage) {
	if s.base.refused || s.base.line == 0 {
		return
	}
	tag := ""
	if named, err := reference.ParseNormalizedNamed(s.base.value); err == nil {
		if tagged, ok := named.(reference.Tagged); ok {
			tag = tagged.Tag()
		}
	}
	if !isAmazonLinux(s.base.value) || !(tag == "" || tag == "latest" || release2023.MatchString(tag)) {
		r.problems.add(s.base.line, "FROM %q: the final stage doesn't build on Amazon Linux 2023: use %s:2023@sha256:…", s.base.value, amazonLinux[0])
	}
}

// addBase records a stage's base image, and reports whether the text can be one: it
// may be a misspelt stage.
func (r *reader) addBase(index, name, text string, line int) bool {
	use := imageUse{line, "FROM", cmp.Or(name, index), text}
	if digest := r.checkPinned(use); digest != "" {
		r.bases = append(r.bases, BaseImage{Stage: use.stage, Reference: text, Digest: digest, Line: line})
	}
	_, err := strconv.Atoi(text)
	return text != "" && err != nil && r.nearStage(text) == ""
}

// nearStage returns the stage above whose name is nearly the text's; empty if there
// is none, or the text can't be a stage's name.
func (r *reader) nearStage(text string) string {
	if text == "" || strings.ContainsAny(text, "/:@") {
		return ""
	}
	near, _ := suggest.Search(strings.ToLower(text), slices.Sorted(maps.Keys(r.byName)), true)
	return near
}

// copyFrom checks COPY --from: a stage above by name or number, or an image.
func (r *reader) copyFrom(s *stage, line int, from string) {
	if from == "" || from == scratch || r.byName[strings.ToLower(from)] != nil {
		return
	}
	if expanded, ok := r.expand(word{line, "COPY --from", from}, scope{}); !ok || expanded.Result != from {
		if ok {
			r.problems.add(line, "COPY --from %q: Docker expands no variable here: add a stage with FROM %s, and copy from that", from, from)
		}
		return
	}
	if number, err := strconv.Atoi(from); err == nil {
		if number < 0 || number >= s.index {
			r.problems.add(line, "COPY --from %q: no stage above has that number: name a stage", from)
		}
		return
	}
	r.checkPinned(imageUse{line, "COPY --from", s.name, from})
}

// mountsFrom checks what RUN --mount takes from stages or images.
func (r *reader) mountsFrom(s *stage, line int, run *instructions.RunCommand) {
	for _, mount := range instructions.GetMounts(run) {
		if mount.From != "" && mount.From != scratch && r.byName[strings.ToLower(mount.From)] == nil {
			r.checkPinned(imageUse{line, "RUN --mount from", s.name, mount.From})
		}
	}
}

// checkFrontend refuses a # syntax= that isn't pinned: that image reads the file.
func (r *reader) checkFrontend(source []byte) {
	frontend, _, ranges, ok := parser.DetectSyntax(source)
	if !ok {
		return
	}
	if _, digest, _ := strings.Cut(frontend, "@"); !pinned.MatchString(digest) {
		r.problems.add(lineOf(ranges), "# syntax=%s: the image that reads this file is not pinned: append @sha256:… of the release that you tested, or leave the line out", frontend)
	}
}
