package gates

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"benchlingwebhook/internal/imageaudit"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/buildkit"
)

const (
	buildkitDir = "build/buildkit"
	// digestTimeout bounds the two builds, with a first build of buildkitd.
	digestTimeout = 15 * time.Minute

	// What the attestations are of, by the beginnings of their predicates' types.
	provenanceType = "https://slsa.dev/provenance/"
	sbomType       = "https://spdx.dev/Document"
	// sbomScanner lists an image's packages for BuildKit.
	sbomScanner = "buildkit-syft-scanner"
)

// checkReproducible builds twice, without any cached layer, and compares the
// digests; then it builds with attestations.
func (m *measurement) checkReproducible(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, digestTimeout)
	defer cancel()
	epoch, err := program(ctx, ".", "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	builder, err := m.createBuilder(ctx)
	if err != nil {
		m.list.Add("reproducible", "one digest of two clean builds", "", fmt.Errorf("%w, or root: no builder: %w", ErrNeedsNetwork, err))
		return ctx.Err()
	}
	arguments, err := m.layoutArguments()
	if err != nil {
		return err
	}
	var digests []string
	for i := range 2 {
		built, err := m.export(ctx, builder, fmt.Sprintf("build-%d", i+1),
			append([]string{"--no-cache", "--provenance=false", "--build-arg", "SOURCE_DATE_EPOCH=" + epoch}, arguments...))
		if err != nil {
			return err
		}
		digests = append(digests, built)
	}
	value, limit := digests[0], "one digest of two clean builds"
	if !m.Contexts.Standin {
		limit = "two clean builds differ in the record of the package installation at most"
	}
	if digests[0] != digests[1] {
		value, err = m.compareBuilds()
	}
	m.list.Add("reproducible", limit, value, err)
	value, err = m.attest(ctx, builder, "provenance", provenanceType, append([]string{"--provenance=mode=max"}, arguments...))
	m.list.Add("attested provenance", provenanceType, value, err)
	// The program that lists the packages is an image of its own.
	value, err = m.attest(ctx, builder, "sbom", sbomType, append([]string{"--provenance=false", "--sbom=true"}, arguments...))
	m.list.Add("attested SBOM", sbomType, value, err)
	return ctx.Err()
}

// installationRecords hold when packages were installed, and begin these paths
// of the public base. The stand-in's package manager records no time.
var installationRecords = []string{"var/lib/rpm/", "var/lib/dnf/", "var/log/"}

// compareBuilds tells where two builds differ, which is a fault but for the
// records of an installation on the public base.
func (m *measurement) compareBuilds() (string, error) {
	var images []v1.Image
	for _, name := range []string{"build-1", "build-2"} {
		directory := filepath.Join(gatesDir, name)
		if err := untar(directory+".tar", directory); err != nil {
			return "", err
		}
		image, err := onlyImage(directory)
		if err != nil {
			return "", err
		}
		images = append(images, image)
	}
	records := installationRecords
	if m.Contexts.Standin {
		records = nil
	}
	return buildDifferences(images[0], images[1], records)
}

// buildDifferences returns where two builds differ, and fails where that is not
// below one of the allowed paths.
func buildDifferences(one, other v1.Image, allowed []string) (string, error) {
	paths, err := imageaudit.Differences(one, other)
	if err != nil {
		return "", err
	}
	unlike := slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		return slices.ContainsFunc(allowed, func(record string) bool { return strings.HasPrefix(path, record) })
	})
	if len(unlike) > 0 || len(paths) == 0 {
		return "", fmt.Errorf("%d files differ, and perhaps the configuration: %s", len(unlike), strings.Join(unlike, ", "))
	}
	return "differ in " + strings.Join(paths, ", "), nil
}

// onlyImage returns the image of an OCI layout that has one.
func onlyImage(directory string) (v1.Image, error) {
	index, digest, err := onlyDigest(directory)
	if err != nil {
		return nil, err
	}
	return index.Image(digest)
}

// onlyDigest returns the index of an OCI layout, and the digest of the one image
// in it.
func onlyDigest(directory string) (v1.ImageIndex, v1.Hash, error) {
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		return nil, v1.Hash{}, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, v1.Hash{}, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, v1.Hash{}, fmt.Errorf("%s: %d images, not one", directory, len(manifest.Manifests))
	}
	return index, manifest.Manifests[0].Digest, nil
}

// attest builds with an attestation, and returns the predicate's type.
func (m *measurement) attest(ctx context.Context, builder, name, want string, arguments []string) (string, error) {
	if _, err := m.export(ctx, builder, name, arguments); err != nil {
		if strings.Contains(err.Error(), sbomScanner) {
			return "", fmt.Errorf("%w: BuildKit's %s can't be pulled: run `make -C docker gates` in CI", ErrNeedsNetwork, sbomScanner)
		}
		return "", err
	}
	directory := filepath.Join(gatesDir, name)
	if err := untar(directory+".tar", directory); err != nil {
		return "", err
	}
	types, err := predicateTypes(directory)
	if err != nil {
		return "", err
	}
	for _, found := range types {
		if strings.HasPrefix(found, want) {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s.tar: attestations %v, none of %s", directory, types, want)
}

// predicateTypes returns what the attestations in an OCI layout are of.
func predicateTypes(directory string) ([]string, error) {
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		return nil, err
	}
	return predicatesIn(index)
}

func predicatesIn(index v1.ImageIndex) ([]string, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var types []string
	for _, of := range manifest.Manifests {
		if of.MediaType.IsIndex() {
			inner, err := index.ImageIndex(of.Digest)
			if err != nil {
				return nil, err
			}
			more, err := predicatesIn(inner)
			if err != nil {
				return nil, err
			}
			types = append(types, more...)
			continue
		}
		image, err := index.Image(of.Digest)
		if err != nil {
			return nil, err
		}
		described, err := image.Manifest()
		if err != nil {
			return nil, err
		}
		for _, l := range described.Layers {
			if kind := l.Annotations["in-toto.io/predicate-type"]; kind != "" {
				types = append(types, kind)
			}
		}
	}
	return types, nil
}

// export builds an image into an OCI archive and returns its digest.
func (m *measurement) export(ctx context.Context, builder, name string, arguments []string) (string, error) {
	metadata := filepath.Join(gatesDir, name+".json")
	command := append([]string{"buildx", "build", "--builder", builder, "--metadata-file", metadata,
		"--output", "type=oci,rewrite-timestamp=true,dest=" + filepath.Join(gatesDir, name+".tar")}, arguments...)
	text, err := m.Engine.Command(ctx, append(command, testbed.BuildContext)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker build: %w: %s", err, testbed.LastLines(string(text), 8))
	}
	return builtDigest(metadata)
}

// createBuilder returns a builder that can rewrite timestamps: Docker's own kind
// in a container, or, where that can't be pulled, a daemon of this run.
func (m *measurement) createBuilder(ctx context.Context) (string, error) {
	create := func(args ...string) (string, error) {
		name := testbed.Label + "-" + benchling.RandomText()
		m.AtEnd(func(ctx context.Context) { _, _ = m.Docker(ctx, "buildx", "rm", name) })
		_, err := m.Docker(ctx, append([]string{"buildx", "create", "--name", name}, args...)...)
		return name, err
	}
	var unpulled error
	if !m.Engine.Own {
		version, err := buildkit.Version(ctx)
		if err != nil {
			return "", err
		}
		name, err := create("--driver", "docker-container", "--driver-opt", "image=moby/buildkit:"+version, "--driver-opt", "network=host", "--bootstrap")
		if err == nil {
			return name, nil
		}
		unpulled = err
	}
	daemon, err := buildkit.Start(ctx, buildkitDir, m.Engine.Environ())
	if err != nil {
		return "", errors.Join(unpulled, err)
	}
	m.AtEnd(func(context.Context) { daemon.Stop() })
	return create("--driver", "remote", daemon.Address)
}

// layoutArguments returns the build's contexts with the stand-in as an OCI
// layout: a builder beside the engine doesn't see the engine's images.
func (m *measurement) layoutArguments() ([]string, error) {
	if !m.Contexts.Standin {
		return nil, nil
	}
	directory, err := filepath.Abs(filepath.Join(gatesDir, "base"))
	if err != nil {
		return nil, err
	}
	if err := untar(filepath.Join(gatesDir, "base.tar"), directory); err != nil {
		return nil, err
	}
	_, digest, err := onlyDigest(directory)
	if err != nil {
		return nil, fmt.Errorf("%w: use Docker 25 or later, which saves OCI layouts", err)
	}
	changed := m.Contexts
	changed.Args = map[string]string{}
	for name, value := range m.Contexts.Args {
		if strings.HasPrefix(value, "docker-image://") {
			value = "oci-layout://" + directory + "@" + digest.String()
		}
		changed.Args[name] = value
	}
	return append(changed.BuildArgs(), "--allow", "network.host"), nil
}

// untar unpacks an archive of plain files and directories into a new directory.
func untar(archive, directory string) error {
	if err := os.RemoveAll(directory); err != nil {
		return err
	}
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	entries := tar.NewReader(file)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", archive, err)
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("%s: %q isn't inside", archive, header.Name)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		path := filepath.Join(directory, header.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		out, err := os.Create(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, entries)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
}

// builtDigest returns the digest that buildx has written to a file.
func builtDigest(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var metadata map[string]any
	if err := json.Unmarshal(text, &metadata); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	digest, found := metadata["containerimage.digest"].(string)
	if !found {
		return "", fmt.Errorf("%s: no digest", path)
	}
	return digest, nil
}
