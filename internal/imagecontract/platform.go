package imagecontract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/platforms"
)

// Architectures are those that an image is built for, as Docker names them.
var Architectures = []string{"amd64", "arm64"}

// platformVariable matches the variables of a platform, which BuildKit sets and
// a contract leaves as references.
var platformVariable = regexp.MustCompile(`\$(BUILD|TARGET)(PLATFORM|OS|ARCH|VARIANT)`)

// onArchitecture replaces the platform's variables by those of the architecture
// that is read for.
func (r *reader) onArchitecture(text string) string {
	return platformVariable.ReplaceAllStringFunc(text, func(name string) string {
		switch {
		case strings.HasSuffix(name, "PLATFORM"):
			return "linux/" + r.architecture
		case strings.HasSuffix(name, "OS"):
			return "linux"
		case strings.HasSuffix(name, "ARCH"):
			return r.architecture
		}
		return ""
	})
}

// platform is what a stage's FROM --platform says.
type platform struct {
	line int
	text string
	// architecture is the one that the text fixes; empty where it follows the build.
	architecture string
	// builds says that it is the building machine's.
	builds bool
}

// readPlatform reads FROM --platform, which may be absent.
func (r *reader) readPlatform(line int, text string) platform {
	if text == "" {
		return platform{}
	}
	expanded, ok := r.require(word{line, "FROM --platform", text}, r.global)
	if !ok {
		return platform{}
	}
	spec, err := platforms.Parse(r.onArchitecture(expanded.Result))
	if err != nil {
		r.problems.add(line, "FROM --platform=%s: no platform: write linux/amd64 or linux/arm64, or leave it out", text)
		return platform{}
	}
	read := platform{line: line, text: text, builds: strings.Contains(expanded.Result, "$BUILD")}
	if !platformVariable.MatchString(expanded.Result) {
		read.architecture = spec.Architecture
	}
	if spec.OS != "linux" && strings.Contains(expanded.Result, "/") {
		read.architecture = spec.OS + "/" + spec.Architecture
	}
	return read
}

// checkPlatform refuses a final stage that can't be built for what the tasks run on.
func (r *reader) checkPlatform(s *stage) {
	switch p := s.platform; {
	case p.builds:
		r.problems.add(p.line, "FROM --platform=%s: the final stage would be for the machine that builds it, not for the tasks: leave --platform out", p.text)
	case p.architecture != "" && !slices.Contains(Architectures, p.architecture):
		r.problems.add(p.line, "FROM --platform=%s: tasks run on linux/%s: choose one, or leave --platform out", p.text, strings.Join(Architectures, " or linux/"))
	}
}

// CheckArchitecture returns an error where the final stage is fixed to another
// architecture, such as "amd64", than the given one.
func (c Contract) CheckArchitecture(architecture string) error {
	if c.Architecture == "" || c.Architecture == architecture {
		return nil
	}
	return fmt.Errorf("%s:%d: FROM --platform=%s: the tasks run on linux/%s: leave --platform out, or change the setting architecture", c.File, c.platform.line, c.platform.text, architecture)
}
