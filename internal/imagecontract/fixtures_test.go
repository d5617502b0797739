package imagecontract

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// buildkit returns the directory of BuildKit's module.
func buildkit(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/buildkit").Output()
	assert.NilError(t, err)
	return strings.TrimSpace(string(out))
}

// fromLine matches a Dockerfile's FROM.
var fromLine = regexp.MustCompile(`(?mi)^\s*FROM\s+\S`)

// embeddedDockerfiles returns the Dockerfiles that stand as texts in the tests of
// BuildKit's frontend, by place.
func embeddedDockerfiles(t *testing.T) map[string][]byte {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(buildkit(t), "frontend/dockerfile/dockerfile*_test.go"))
	assert.NilError(t, err)
	found := map[string][]byte{}
	for _, source := range sources {
		files := token.NewFileSet()
		tree, err := parser.ParseFile(files, source, nil, 0)
		assert.NilError(t, err)
		ast.Inspect(tree, func(node ast.Node) bool {
			if literal, is := node.(*ast.BasicLit); is && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && fromLine.MatchString(text) && strings.Contains(text, "\n") {
					found[files.Position(literal.Pos()).String()] = []byte(text)
				}
			}
			return true
		})
	}
	return found
}

// Generated Dockerfiles: how many, and from what seed.
const (
	generated = 1000
	seed      = 20261126
)

// TestReadsGeneratedFilesAsBuildKitDoes compares both over files made at random of
// lines that interact: stages, variables, triggers, forms, directives.
func TestReadsGeneratedFilesAsBuildKitDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, seed))
	taken := 0
	for i := range generated {
		if compare(t, fmt.Sprintf("generated %d", i), generate(random)) {
			taken++
		}
		if t.Failed() {
			return // One file says enough.
		}
	}
	assert.Assert(t, taken > generated/4, "%d", taken)
}

// blocks are lines that a generated file is made of; @ stands for a random word.
var blocks = []string{
	"ENV A=@", "ENV A=@ B=$A", "ENV B=${A:-@}", "ENV C=\"$A $B\" PATH=/opt/@:$PATH", "ENV $A=1", "ENV D=${A%a}", "ENV E='$A'",
	"ARG A", "ARG A=@", "ARG G", "ARG G=${A}x", "ARG TARGETARCH\nENV ARCH=$TARGETARCH", "ARG P=80@\nEXPOSE $P",
	"EXPOSE 80", "EXPOSE 80/tcp 81/UDP", "EXPOSE $A", "EXPOSE ${A:-8080} 9090", "EXPOSE 0080", "EXPOSE 80/", "EXPOSE \"80\"",
	"USER @", "USER $A:$B", "USER ${A:+1000}:1000", "WORKDIR @", "WORKDIR /@/../b", "WORKDIR $A", "WORKDIR .", "WORKDIR \"/a b\"",
	"VOLUME /@", "VOLUME [\"/a\", \"/$A\"]", "VOLUME /a /b", "STOPSIGNAL SIGTERM", "STOPSIGNAL $A", "STOPSIGNAL 15",
	"CMD [\"@\", \"$A\"]", "CMD @ $A", "CMD []", "ENTRYPOINT [\"@\"]", "ENTRYPOINT @", "ENTRYPOINT []", "SHELL [\"/bin/@\", \"-c\"]",
	"HEALTHCHECK NONE", "HEALTHCHECK CMD @ || exit 1", "HEALTHCHECK --interval=@s --timeout=1m --retries=3 CMD [\"@\"]", "HEALTHCHECK --start-interval=2s --start-period=0s CMD @",
	"ONBUILD ENV O=@", "ONBUILD USER $A", "ONBUILD CMD [\"@\"]", "ONBUILD EXPOSE 80", "ONBUILD WORKDIR @",
	"# check=skip=all", "# syntax=docker/dockerfile:1", "# escape=`", "# check=error=true;skip=@", "#", "LABEL a=@", "MAINTAINER @",
	"RUN <<EOF\necho @\nEOF", "COPY --from=0 /a /b", "COPY --from=base /a /b", "COPY <<EOF /a\n$A\nEOF", "ENV A=1 \\\n  # comment\n  B=2", "env a=@\nexpose 1",
	"FROM base", "FROM base AS @", "FROM image AS base", "FROM scratch", "FROM ${G:-image} AS base", "FROM --platform=$BUILDPLATFORM image AS base", "FROM base-$TARGETARCH", "FROM image AS base-amd64\nFROM image AS base-arm64\nENV A=@",
}

// words are what @ stands for.
var words = []string{"1", "2", "30", "a", "b", "x-y", "$A", "", "10"}

// generate returns a Dockerfile of a few blocks.
func generate(random *rand.Rand) []byte {
	lines := []string{"FROM image AS base"}
	switch random.IntN(6) {
	case 0:
		lines = []string{"# check=skip=all", "ARG G=image", "FROM $G AS base"}
	case 1:
		lines = []string{"# escape=`", "ARG G", "ARG A=7", "FROM image AS base"}
	}
	for range 1 + random.IntN(12) {
		line := blocks[random.IntN(len(blocks))]
		for strings.Contains(line, "@") {
			line = strings.Replace(line, "@", words[random.IntN(len(words))], 1)
		}
		lines = append(lines, line)
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}
