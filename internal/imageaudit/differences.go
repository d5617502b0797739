package imageaudit

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// fileState is what two builds must agree on for one path of a layer.
type fileState struct {
	kind     byte
	mode     int64
	uid, gid int
	// modified is in nanoseconds since the epoch.
	modified int64
	link     string
	content  [sha256.Size]byte
}

// Differences returns the paths of which two images, layer by layer, don't hold
// the same, in order.
func Differences(one, other v1.Image) ([]string, error) {
	ours, err := one.Layers()
	if err != nil {
		return nil, err
	}
	theirs, err := other.Layers()
	if err != nil {
		return nil, err
	}
	if len(ours) != len(theirs) {
		return nil, fmt.Errorf("%d layers and %d", len(ours), len(theirs))
	}
	var paths []string
	for i := range ours {
		a, err := states(ours[i])
		if err != nil {
			return nil, err
		}
		b, err := states(theirs[i])
		if err != nil {
			return nil, err
		}
		for path, e := range a {
			if other, both := b[path]; !both || e != other {
				paths = append(paths, path)
			}
			delete(b, path)
		}
		for path := range b {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// states returns what a layer holds, by path.
func states(layer v1.Layer) (map[string]fileState, error) {
	found := map[string]fileState{}
	return found, eachEntry(layer, func(header *tar.Header, content io.Reader) error {
		hash := sha256.New()
		if _, err := io.Copy(hash, content); err != nil {
			return err
		}
		found[header.Name] = fileState{
			header.Typeflag, header.Mode, header.Uid, header.Gid, header.ModTime.UnixNano(), header.Linkname, [sha256.Size]byte(hash.Sum(nil)),
		}
		return nil
	})
}
