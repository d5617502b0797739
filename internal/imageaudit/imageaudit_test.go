package imageaudit

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"gotest.tools/v3/assert"
)

// entry is a file of a test's layer; a name that ends in a slash is a directory.
type entry struct {
	name     string
	mode     int64
	uid, gid int
	size     int
}

func add(t *testing.T, image v1.Image, step string, entries ...entry) v1.Image {
	t.Helper()
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: e.mode, Uid: e.uid, Gid: e.gid, Size: int64(e.size), Typeflag: tar.TypeReg}
		if e.name[len(e.name)-1] == '/' {
			header.Typeflag = tar.TypeDir
		}
		assert.NilError(t, writer.WriteHeader(header))
		_, err := writer.Write(make([]byte, e.size))
		assert.NilError(t, err)
	}
	assert.NilError(t, writer.Close())
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
	assert.NilError(t, err)
	made, err := mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: step}})
	assert.NilError(t, err)
	return made
}

func saved(t *testing.T, image v1.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	tag, err := name.NewTag("test:latest")
	assert.NilError(t, err)
	assert.NilError(t, tarball.WriteToFile(path, tag, image))
	return path
}

func base(t *testing.T) v1.Image {
	return add(t, empty.Image, "base",
		entry{name: "usr/bin/su", mode: 0o4755, size: 10},
		entry{name: "tmp/", mode: 0o1777},
		entry{name: "etc/passwd", mode: 0o644, size: 5},
		entry{name: "etc/motd", mode: 0o644, size: 5},
		entry{name: "opt/old/file", mode: 0o644, size: 5},
		entry{name: "usr/lib/large", mode: 0o644, size: 20_000})
}

func read(t *testing.T, image v1.Image) Image {
	t.Helper()
	i, err := Read(saved(t, image), saved(t, base(t)))
	assert.NilError(t, err)
	return i
}

func TestSizes(t *testing.T) {
	i := read(t, add(t, base(t), "COPY src", entry{name: "app/src/app.py", mode: 0o644, size: 100}))
	above, compressed := i.Above()
	assert.Equal(t, above, int64(100))
	assert.Assert(t, compressed > 0)
	total, _ := i.Total()
	assert.Equal(t, total, int64(20_125))
	assert.DeepEqual(t, i.Steps, []string{"COPY src"})
	assert.Equal(t, i.Base, 1)
}

func TestAGoodImage(t *testing.T) {
	i := read(t, add(t, base(t), "RUN dnf",
		entry{name: "etc/passwd", mode: 0o644, size: 10},
		entry{name: "app/", mode: 0o755},
		entry{name: "app/src/app.py", mode: 0o644, size: 100}))
	assert.DeepEqual(t, Audit(i, 1000, 1000), []string(nil))
}

func TestEveryFaultIsFound(t *testing.T) {
	image := add(t, base(t), "RUN one",
		entry{name: "app/twice", mode: 0o644, size: 1},
		entry{name: "app/gone", mode: 0o644, size: 1},
		entry{name: "app/directory/below", mode: 0o644, size: 1},
		entry{name: "usr/bin/gcc", mode: 0o755, size: 1},
		entry{name: "usr/bin/ours", mode: 0o4755, size: 1})
	image = add(t, image, "RUN two",
		entry{name: "app/twice", mode: 0o644, size: 1},
		entry{name: "app/.wh.gone", mode: 0o644},
		entry{name: "app/directory/.wh..wh..opq", mode: 0o644},
		entry{name: "etc/.wh.motd", mode: 0o644},
		entry{name: "usr/lib/large", mode: 0o644, size: 20_000},
		entry{name: "root/.cache/uv/x", mode: 0o644, size: 1},
		entry{name: "app/.venv/lib/python3.11/site-packages/pip/__init__.py", mode: 0o644, size: 1},
		entry{name: "app/own", mode: 0o644, uid: 1000, size: 1},
		entry{name: "app/group", mode: 0o664, gid: 1000, size: 1},
		entry{name: "app/world", mode: 0o666, size: 1},
		entry{name: "app/open/", mode: 0o777})
	assert.DeepEqual(t, Audit(read(t, image), 1000, 1000), []string{
		"/app/.venv/lib/python3.11/site-packages/pip/__init__.py: package manager",
		"/app/group: writable by the image's user",
		"/app/open: world-writable",
		"/app/own: writable by the image's user",
		"/app/world: world-writable",
		"/etc/motd: changed, and of the base",
		"/root/.cache/uv/x: cache",
		"/usr/bin/gcc: compiler",
		"/usr/lib/large: changed, and of the base",
		"20005 bytes of the base's files are changed: more than 1 % of the image",
		"layer 2: /usr/bin/ours: setuid or setgid",
		"layer 3 deletes /app/directory/below of another layer of ours",
		"layer 3 deletes /app/gone of another layer of ours",
		"layer 3 replaces /app/twice of another layer of ours",
	})
}

func TestAnImageOfAnotherBaseIsRefused(t *testing.T) {
	_, err := Read(saved(t, add(t, empty.Image, "other", entry{name: "x", mode: 0o644, size: 1})), saved(t, base(t)))
	assert.ErrorContains(t, err, "layer 1 isn't its base's")
	_, err = Read(filepath.Join(t.TempDir(), "none.tar"), "")
	assert.ErrorContains(t, err, "none.tar")
	_, err = Read(saved(t, empty.Image), saved(t, base(t)))
	assert.ErrorContains(t, err, "fewer layers than its base")
}

func TestDifferences(t *testing.T) {
	same := entry{name: "same", mode: 0o644, size: 1}
	one := add(t, empty.Image, "RUN", same, entry{name: "size", size: 1}, entry{name: "mode", mode: 0o644}, entry{name: "gone"})
	other := add(t, empty.Image, "RUN", same, entry{name: "size", size: 2}, entry{name: "mode", mode: 0o600}, entry{name: "new"})
	paths, err := Differences(one, other)
	assert.NilError(t, err)
	assert.DeepEqual(t, paths, []string{"gone", "mode", "new", "size"})

	paths, err = Differences(one, one)
	assert.NilError(t, err)
	assert.Equal(t, len(paths), 0)

	_, err = Differences(one, empty.Image)
	assert.Error(t, err, "1 layers and 0")
}
