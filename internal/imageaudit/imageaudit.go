// Package imageaudit reads what each layer of a saved image adds, replaces and
// deletes, and finds what has no business there.
package imageaudit

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const (
	deletion = ".wh."
	// opaque in a directory deletes all that lower layers have in it.
	opaque = ".wh..wh..opq"
)

// File is an entry of a layer.
type File struct {
	// Path has no slash at either end.
	Path string
	// Mode holds the type, the permissions, and the setuid, setgid and sticky bits.
	Mode     fs.FileMode
	UID, GID int
	// Size is 0 for anything but regular files.
	Size int64
}

// Layer is what one step of a build changed.
type Layer struct {
	// Step is the instruction that made the layer, as the image's history has it.
	Step string
	// Files are the entries that the layer adds or replaces.
	Files []File
	// Deleted are the paths that the layer deletes.
	Deleted []string
	// Emptied are the directories whose lower content the layer hides.
	Emptied []string
	// Bytes is the size of the files, Compressed that of the layer with gzip.
	Bytes, Compressed int64
}

// Image is a saved image, its lowest layer first.
type Image struct {
	Layers []Layer
	// Base is the number of layers that belong to the base image.
	Base int
	// Steps are the instructions above the base, those without a layer included.
	Steps []string
}

// Read reads an image and its base image as `docker save` writes them.
func Read(imagePath, basePath string) (Image, error) {
	image, err := tarball.ImageFromPath(imagePath, nil)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", imagePath, err)
	}
	base, err := tarball.ImageFromPath(basePath, nil)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", basePath, err)
	}
	read, err := open(image, base)
	if err != nil {
		return Image{}, fmt.Errorf("%s: %w", imagePath, err)
	}
	return read, nil
}

func open(image, base v1.Image) (Image, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return Image{}, err
	}
	below, err := base.ConfigFile()
	if err != nil {
		return Image{}, err
	}
	under := below.RootFS.DiffIDs
	if len(under) > len(config.RootFS.DiffIDs) {
		return Image{}, errors.New("fewer layers than its base")
	}
	for i, id := range under {
		if config.RootFS.DiffIDs[i] != id {
			return Image{}, fmt.Errorf("layer %d isn't its base's", i+1)
		}
	}
	read := Image{Base: len(under)}
	layers, err := image.Layers()
	if err != nil {
		return Image{}, err
	}
	var made []string
	for _, step := range config.History {
		if !step.EmptyLayer {
			made = append(made, step.CreatedBy)
		}
	}
	if len(made) != len(layers) {
		return Image{}, fmt.Errorf("%d layers, but a history of %d", len(layers), len(made))
	}
	for _, step := range config.History[min(len(below.History), len(config.History)):] {
		read.Steps = append(read.Steps, step.CreatedBy)
	}
	for i, layer := range layers {
		l, err := readLayer(layer)
		if err != nil {
			return Image{}, fmt.Errorf("layer %d: %w", i+1, err)
		}
		l.Step = made[i]
		read.Layers = append(read.Layers, l)
	}
	return read, nil
}

func readLayer(layer v1.Layer) (Layer, error) {
	var l Layer
	var err error
	if l.Compressed, err = layer.Size(); err != nil {
		return l, err
	}
	err = eachEntry(layer, func(header *tar.Header, _ io.Reader) error {
		l.add(header)
		return nil
	})
	return l, err
}

// eachEntry visits the entries of a layer's archive in their order, each with
// its content.
func eachEntry(layer v1.Layer, visit func(*tar.Header, io.Reader) error) error {
	stream, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer stream.Close()
	entries := tar.NewReader(stream)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(header, entries); err != nil {
			return err
		}
	}
}

func (l *Layer) add(header *tar.Header) {
	name := strings.Trim(path.Clean("/"+header.Name), "/")
	directory, file := path.Split(name)
	switch {
	case file == opaque:
		l.Emptied = append(l.Emptied, strings.Trim(directory, "/"))
	case strings.HasPrefix(file, deletion):
		l.Deleted = append(l.Deleted, path.Join(directory, strings.TrimPrefix(file, deletion)))
	default:
		f := File{Path: name, Mode: header.FileInfo().Mode(), UID: header.Uid, GID: header.Gid}
		if f.Mode.IsRegular() {
			f.Size = header.Size
		}
		l.Files = append(l.Files, f)
		l.Bytes += f.Size
	}
}

// Above returns the bytes of the layers above the base, plain and compressed.
func (i Image) Above() (plain, compressed int64) {
	return sum(i.Layers[i.Base:])
}

// Total returns the bytes of all layers, plain and compressed.
func (i Image) Total() (plain, compressed int64) {
	return sum(i.Layers)
}

func sum(layers []Layer) (plain, compressed int64) {
	for _, l := range layers {
		plain += l.Bytes
		compressed += l.Compressed
	}
	return plain, compressed
}
