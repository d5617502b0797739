package imagecontract

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"gotest.tools/v3/assert"
)

// emptyImages says of every image that it has the platform and no configuration.
type emptyImages struct{ architecture string }

// ResolveImageConfig implements llb.ImageMetaResolver.
func (e emptyImages) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(map[string]string{"os": "linux", "architecture": e.architecture})
	return ref, digest.FromBytes(config), config, err
}

// convert returns what BuildKit makes of a Dockerfile: the final image's
// configuration.
func convert(source []byte, architecture string) (image *dockerspec.DockerOCIImage, err error) {
	defer func() { // BuildKit's own panics are no fault of the reader.
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("panic: %v", thrown)
		}
	}()
	target := ocispecs.Platform{OS: "linux", Architecture: architecture}
	result, err := dockerfile2llb.Dockerfile2LLB(context.Background(), source, dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{},
		TargetPlatform: &target,
		MetaResolver:   emptyImages{architecture},
	})
	if err != nil {
		return nil, err
	}
	return result.Image, nil
}

// differences returns where the reader's final stage and BuildKit's image disagree.
func differences(architecture string, s *stage, image dockerspec.DockerOCIImage) []string {
	var found []string
	same := func(what string, ours, theirs any) {
		if o, t := fmt.Sprintf("%q", ours), fmt.Sprintf("%q", theirs); o != t {
			found = append(found, fmt.Sprintf("%s: read %s, BuildKit has %s", what, o, t))
		}
	}
	r := &reader{architecture: architecture}
	concrete := func(text string) string {
		return strings.ReplaceAll(r.onArchitecture(text), "$PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	}
	same("user", concrete(s.user.value), image.Config.User)
	same("working directory", concrete(s.workdir), max(image.Config.WorkingDir, "/"))
	same("stop signal", concrete(s.stopSignal.value), image.Config.StopSignal)
	same("ports", ports(s), slices.Sorted(maps.Keys(image.Config.ExposedPorts)))
	volumes := map[string]bool{}
	for _, volume := range s.volumes {
		volumes[concrete(volume)] = true
	}
	same("volumes", slices.Sorted(maps.Keys(volumes)), slices.Sorted(maps.Keys(image.Config.Volumes)))
	for _, each := range image.Config.Env {
		name, value, _ := strings.Cut(each, "=")
		if ours, set := s.env[name]; set || name != "PATH" {
			same("environment "+name, concrete(ours), value)
		}
	}
	for name := range s.env {
		set := slices.ContainsFunc(image.Config.Env, func(each string) bool { return strings.HasPrefix(each, name+"=") })
		same("environment "+name+" is set", true, set)
	}
	if command := s.command.value; !command.PrependShell {
		same("command", command.CmdLine, image.Config.Cmd)
	}
	if entrypoint := s.entrypoint.value; !entrypoint.PrependShell {
		same("entrypoint", entrypoint.CmdLine, image.Config.Entrypoint)
	}
	var ours *dockerspec.HealthcheckConfig
	if s.health.value != nil {
		ours = s.health.value.Health
	}
	same("health check", fmt.Sprintf("%+v", ours), fmt.Sprintf("%+v", image.Config.Healthcheck))
	return found
}

// ports returns the final stage's ports, each once, as BuildKit has them.
func ports(s *stage) []string {
	known := map[string]bool{}
	for _, port := range s.expose {
		known[canonicalPort(port.value)] = true
	}
	return slices.Sorted(maps.Keys(known))
}

// compare reads one Dockerfile both ways. It returns whether BuildKit took it, and
// reports differences; what BuildKit refuses, the reader must refuse as well.
func compare(t *testing.T, name string, source []byte) (taken bool) {
	t.Helper()
	contract, refused := parse("Dockerfile", source)
	for _, architecture := range Architectures {
		image, err := convert(source, architecture)
		if err != nil {
			assert.Check(t, refused != nil, "%s: BuildKit refuses it, and the contract is %+v:\n%s\n%s", name, contract, err, source)
			continue
		}
		taken = true
		found := &problems{file: "Dockerfile"}
		_, final := readFinal(found, source, architecture)
		if final == nil || found.unread || slices.ContainsFunc(found.lines, unread) || ranges(final) {
			continue // It is refused, and for what it can't be read.
		}
		assert.Check(t, len(differences(architecture, final, *image)) == 0, "%s on %s:\n%s\n%s", name, architecture, strings.Join(differences(architecture, final, *image), "\n"), source)
	}
	return taken
}

// unread reports whether a problem leaves a value out.
func unread(p problem) bool { return strings.Contains(p.text, "can't be expanded") }

// ranges reports whether a stage exposes what isn't a port, such as a range.
func ranges(s *stage) bool {
	return slices.ContainsFunc(s.expose, func(port at[string]) bool { return strings.ContainsAny(port.value, "-:") || port.refused })
}

// TestReadsAsBuildKitDoes compares the reader with BuildKit's own conversion: over
// the fixtures of BuildKit's parser, the Dockerfiles in the tests of its frontend,
// and the cases of this package.
func TestReadsAsBuildKitDoes(t *testing.T) {
	fixtures := map[string][]byte{}
	own, err := filepath.Glob("testdata/*/Dockerfile")
	assert.NilError(t, err)
	parsers, err := filepath.Glob(filepath.Join(buildkit(t), "frontend/dockerfile/parser/testfiles/*/Dockerfile"))
	assert.NilError(t, err)
	assert.Assert(t, len(parsers) > 30)
	for _, path := range append(own, parsers...) {
		source, err := os.ReadFile(path)
		assert.NilError(t, err)
		fixtures[path] = source
	}
	embedded := embeddedDockerfiles(t)
	assert.Assert(t, len(embedded) > 300, "%d", len(embedded))
	maps.Copy(fixtures, embedded)
	taken := 0
	for _, name := range slices.Sorted(maps.Keys(fixtures)) {
		if compare(t, name, fixtures[name]) {
			taken++
		}
	}
	t.Logf("%d Dockerfiles, of which BuildKit takes %d", len(fixtures), taken)
	assert.Assert(t, taken > 300, "%d", taken)
}
