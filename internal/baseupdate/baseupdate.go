// Package baseupdate raises the digest of the image's base: in every FROM of the
// Dockerfiles that build on it, and in the comment that names its release.
package baseupdate

import (
	"bytes"
	"fmt"
	"regexp"
)

// UnknownRelease stands in the comment where nobody said the release.
const UnknownRelease = "unknown"

var (
	digestForm  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	releaseForm = regexp.MustCompile(`^(` + UnknownRelease + `|[0-9]+(\.[0-9]+)+)$`)
	// from is a FROM of an image with a tag: what stands before the digest, the image
	// itself, and the digest.
	from = regexp.MustCompile(`(?m)^(FROM (?:--\S+ +)*([a-z0-9./_-]+:[A-Za-z0-9._-]+))@(\S+)`)
	// release is the release in the comment on the base.
	release = regexp.MustCompile(`(?m)^(# release )(\S+)\. `)
)

// Base is an image's base.
type Base struct {
	// Image has a tag and no digest, such as
	// "public.ecr.aws/amazonlinux/amazonlinux:2023".
	Image string
	// Digest is that of all platforms, "sha256:" and 64 hexadecimal digits.
	Digest string
	// Release is the image's release, such as "2023.12.20260629", or UnknownRelease.
	Release string
}

// Of returns the base of a Dockerfile, that of its last FROM, without a release. The
// place is the file's in an error.
func Of(place string, dockerfile []byte) (Base, error) {
	found := from.FindAllSubmatch(dockerfile, -1)
	if len(found) == 0 {
		return Base{}, fmt.Errorf("%s: no FROM has a tag and a digest; write FROM IMAGE:TAG@sha256:…", place)
	}
	last := found[len(found)-1]
	return Base{Image: string(last[2]), Digest: string(last[3])}, nil
}

// Check returns what is wrong with a base.
func (b Base) Check() error {
	switch {
	case !digestForm.MatchString(b.Digest):
		return fmt.Errorf("DIGEST %q: no digest; write sha256: and 64 hexadecimal digits in lower case", b.Digest)
	case !releaseForm.MatchString(b.Release):
		return fmt.Errorf("RELEASE %q: no release; write numbers with dots, such as 2023.12.20260629", b.Release)
	}
	return nil
}

// Into returns a Dockerfile on this base: its digest in each FROM of the image, and its
// release in the comment, if there is one. A file that has the digest stays as it is.
func (b Base) Into(dockerfile []byte) []byte {
	changed := from.ReplaceAllFunc(dockerfile, func(line []byte) []byte {
		parts := from.FindSubmatch(line)
		if string(parts[2]) != b.Image {
			return line
		}
		return append(append(bytes.Clone(parts[1]), '@'), b.Digest...)
	})
	if bytes.Equal(changed, dockerfile) {
		return dockerfile
	}
	return release.ReplaceAll(changed, []byte("${1}"+b.Release+". "))
}
