package gates

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"gotest.tools/v3/assert"
)

func TestPredicateTypes(t *testing.T) {
	attestation, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer:       static.NewLayer([]byte("{}"), types.MediaType("application/vnd.in-toto+json")),
		Annotations: map[string]string{"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"},
	})
	assert.NilError(t, err)
	inner := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: empty.Image}, mutate.IndexAddendum{Add: attestation})
	directory := t.TempDir()
	_, err = layout.Write(directory, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: inner}))
	assert.NilError(t, err)

	found, err := predicateTypes(directory)
	assert.NilError(t, err)
	assert.DeepEqual(t, found, []string{"https://slsa.dev/provenance/v1"})

	_, err = predicateTypes(t.TempDir())
	assert.ErrorContains(t, err, "index.json")
}

func TestBuildDifferences(t *testing.T) {
	built := func(app, database string) v1.Image {
		t.Helper()
		var content bytes.Buffer
		w := tar.NewWriter(&content)
		for path, text := range map[string]string{"app/a": app, "var/lib/rpm/db": database} {
			assert.NilError(t, w.WriteHeader(&tar.Header{Name: path, Size: int64(len(text)), Typeflag: tar.TypeReg}))
			_, err := io.WriteString(w, text)
			assert.NilError(t, err)
		}
		assert.NilError(t, w.Close())
		image, err := mutate.AppendLayers(empty.Image, static.NewLayer(content.Bytes(), types.OCIUncompressedLayer))
		assert.NilError(t, err)
		return image
	}
	one := built("1", "1")
	other := built("1", "2")
	value, err := buildDifferences(one, other, installationRecords)
	assert.NilError(t, err)
	assert.Equal(t, value, "differ in var/lib/rpm/db")

	_, err = buildDifferences(one, other, nil)
	assert.Error(t, err, "1 files differ, and perhaps the configuration: var/lib/rpm/db")
	_, err = buildDifferences(one, built("2", "2"), installationRecords)
	assert.ErrorContains(t, err, "app/a")
	// Equal files in images of two digests.
	_, err = buildDifferences(one, one, installationRecords)
	assert.ErrorContains(t, err, "0 files differ")
}

func TestUntar(t *testing.T) {
	archive := func(names ...string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "a.tar")
		file, err := os.Create(path)
		assert.NilError(t, err)
		w := tar.NewWriter(file)
		for _, name := range names {
			assert.NilError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 1, Typeflag: tar.TypeReg}))
			_, err := w.Write([]byte("x"))
			assert.NilError(t, err)
		}
		assert.NilError(t, w.Close())
		assert.NilError(t, file.Close())
		return path
	}
	directory := filepath.Join(t.TempDir(), "new")
	assert.NilError(t, untar(archive("index.json", "blobs/sha256/abc"), directory))
	text, err := os.ReadFile(filepath.Join(directory, "blobs/sha256/abc"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "x")

	outside := archive("../outside")
	assert.Error(t, untar(outside, directory), outside+`: "../outside" isn't inside`)
	_, err = os.Stat(filepath.Join(directory, "blobs"))
	assert.Assert(t, os.IsNotExist(err), "what was there before")
}

func TestBuiltDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metadata.json")
	assert.NilError(t, os.WriteFile(path, []byte(`{"containerimage.digest": "sha256:abc"}`), 0o600))
	digest, err := builtDigest(path)
	assert.NilError(t, err)
	assert.Equal(t, digest, "sha256:abc")
	assert.NilError(t, os.WriteFile(path, []byte(`{}`), 0o600))
	_, err = builtDigest(path)
	assert.Error(t, err, path+": no digest")
}
