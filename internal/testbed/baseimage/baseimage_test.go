package baseimage

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// furnish needs a tree with the directories of a Debian system.
func TestFurnishPutsDnfAndTheMarkInPlace(t *testing.T) {
	tree := t.TempDir()
	for _, path := range []string{"usr/bin/dnf", "etc/dpkg/dpkg.cfg.d/standin", caBundle} {
		assert.NilError(t, os.MkdirAll(filepath.Dir(filepath.Join(tree, path)), 0o755))
	}
	for _, program := range hidden {
		path := filepath.Join(tree, "usr/bin", program)
		assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		assert.NilError(t, os.WriteFile(path, []byte("#!"), 0o755))
	}
	assert.NilError(t, furnish(tree, []byte("authorities")))
	info, err := os.Stat(filepath.Join(tree, "usr/bin/dnf"))
	assert.NilError(t, err)
	assert.Equal(t, info.Mode().Perm(), os.FileMode(0o755))
	bundle, err := os.ReadFile(filepath.Join(tree, caBundle))
	assert.NilError(t, err)
	assert.Equal(t, string(bundle), "authorities")
	mark, err := os.ReadFile(filepath.Join(tree, "etc/standin-image"))
	assert.NilError(t, err)
	assert.Equal(t, string(mark), release)
}

func TestImageNameFollowsWhatMakesTheImage(t *testing.T) {
	assert.Equal(t, imageName("a", "b"), imageName("a", "b"))
	assert.Assert(t, imageName("a", "b") != imageName("a", "c"))
}

func TestContextsReplaceEveryBaseAndUv(t *testing.T) {
	arguments := contexts([]string{"base@sha256:1"}, "standin:1", "/uv").BuildArgs()
	assert.DeepEqual(t, arguments[:4], []string{
		"--build-context", "base@sha256:1=docker-image://standin:1",
		"--build-context", "uv=/uv",
	})
}

func TestUvVersionIsTheLockedOne(t *testing.T) {
	dockerfile, err := os.ReadFile("../../../docker/Dockerfile")
	assert.NilError(t, err)
	version, err := uvVersion("Dockerfile", string(dockerfile))
	assert.NilError(t, err)
	assert.Assert(t, version != "")
	_, err = uvVersion("Dockerfile", "FROM scratch")
	assert.ErrorContains(t, err, "no line ARG UV_VERSION")
	_, err = uvVersion("Dockerfile", "ARG UV_VERSION=0.0.1")
	assert.ErrorContains(t, err, "0.0.1")
}
