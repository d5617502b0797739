// Archives compares mutate.Extract with internal/imageaudit, and moby/go-archive
// with the own untar, which bench.py puts beside this file.
package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	archive "github.com/moby/go-archive"

	"benchlingwebhook/internal/imageaudit"
)

const (
	files  = 500
	rounds = 5
)

// entries returns a tar with the names, 16 kB each but for deletions.
func entries(names ...string) []byte {
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	for _, name := range names {
		content := bytes.Repeat([]byte(name), 16<<10/len(name))
		if strings.Contains(name, ".wh.") {
			content = nil
		}
		check(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
		_, err := w.Write(content)
		check(err)
	}
	check(w.Close())
	return text.Bytes()
}

func with(image v1.Image, text []byte) v1.Image {
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil })
	check(err)
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "step"}})
	check(err)
	return image
}

func save(image v1.Image, path string) string {
	tag, err := name.NewTag("image:1")
	check(err)
	check(tarball.WriteToFile(path, tag, image))
	return path
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// times returns the medians of both sides in milliseconds, run in turns.
func times(own, library func()) (float64, float64) {
	var took [2][]float64
	for range rounds {
		for i, run := range []func(){own, library} {
			began := time.Now()
			run()
			took[i] = append(took[i], time.Since(began).Seconds()*1000)
		}
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	return took[0][rounds/2], took[1][rounds/2]
}

func main() {
	directory, err := os.MkdirTemp("", "archives")
	check(err)
	defer os.RemoveAll(directory)
	rows := append(auditRows(directory), untarRows(directory)...)
	check(json.NewEncoder(os.Stdout).Encode(rows))
}

func auditRows(directory string) [][]any {
	var names, gone []string
	for i := range files {
		names = append(names, fmt.Sprintf("d/file%d", i))
		gone = append(gone, fmt.Sprintf("d/.wh.file%d", i))
	}
	base := with(empty.Image, entries(names...))
	image := with(with(base, entries(names[:files/2]...)), entries(gone[:files/5]...))
	imagePath, basePath := save(image, filepath.Join(directory, "image.tar")), save(base, filepath.Join(directory, "base.tar"))

	flat := 0
	own, library := times(func() {
		_, err := imageaudit.Read(imagePath, basePath)
		check(err)
	}, func() {
		saved, err := tarball.ImageFromPath(imagePath, nil)
		check(err)
		stream := mutate.Extract(saved)
		defer stream.Close()
		flat = 0
		for r := tar.NewReader(stream); ; flat++ {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				return
			} else {
				check(err)
			}
		}
	})
	read, err := imageaudit.Read(imagePath, basePath)
	check(err)
	added, deleted := 0, 0
	for _, layer := range read.Layers {
		added += len(layer.Files)
		deleted += len(layer.Deleted)
	}
	return [][]any{
		{"mutate.Extract: time, ms", own, library},
		{"mutate.Extract: layers told apart", len(read.Layers), 1},
		{"mutate.Extract: files seen, the replaced and deleted too", added, flat},
		{"mutate.Extract: deletions seen", deleted, 0},
	}
}

// unpack does by the library what untar does.
func unpack(path, into string) error {
	if err := os.RemoveAll(into); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	if err := archive.UntarUncompressed(file, into, &archive.TarOptions{NoLchown: true}); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func untarRows(directory string) [][]any {
	var names []string
	for i := range files {
		names = append(names, fmt.Sprintf("d/file%d", i))
	}
	path := filepath.Join(directory, "plain.tar")
	check(os.WriteFile(path, entries(names...), 0o600))
	own, library := times(func() { check(untar(path, filepath.Join(directory, "own"))) },
		func() { check(unpack(path, filepath.Join(directory, "library"))) })
	outside := filepath.Join(directory, "outside.tar")
	check(os.WriteFile(outside, entries("../outside"), 0o600))
	refused := []any{"go-archive: a path outside is refused"}
	for _, run := range []func(string, string) error{untar, unpack} {
		refused = append(refused, run(outside, filepath.Join(directory, "in")) != nil)
	}
	return [][]any{{"go-archive: time, ms", own, library}, refused}
}
