package main

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"

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
	folder := t.TempDir()
	_, err = layout.Write(folder, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: inner}))
	assert.NilError(t, err)

	found, err := predicateTypes(folder)
	assert.NilError(t, err)
	assert.DeepEqual(t, found, []string{"https://slsa.dev/provenance/v1"})

	_, err = predicateTypes(t.TempDir())
	assert.ErrorContains(t, err, "index.json")
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
	folder := filepath.Join(t.TempDir(), "new")
	assert.NilError(t, untar(archive("index.json", "blobs/sha256/abc"), folder))
	text, err := os.ReadFile(filepath.Join(folder, "blobs/sha256/abc"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "x")

	outside := archive("../outside")
	assert.Error(t, untar(outside, folder), outside+`: "../outside" isn't inside`)
	_, err = os.Stat(filepath.Join(folder, "blobs"))
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
