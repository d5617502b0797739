package quilt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Object is a file of a package, pinned to a version.
type Object struct {
	// Path is the file's in the package.
	Path string
	// Bucket, Key and VersionID are what the package reads.
	Bucket, Key, VersionID string
	// ETag is S3's, and Size is in bytes.
	ETag string
	Size int64
}

// Revision is what the packager made of a message.
type Revision struct {
	// TopHash names the revision.
	TopHash string
	// Message is what asked for it.
	Message Message
	// Metadata is the package's.
	Metadata map[string]any
	// Objects are the package's files, in the order of their paths.
	Objects []Object
	// Received and Confirmed are when the message was received and when the event
	// was sent; the second is zero until then.
	Received, Confirmed time.Time
}

// packageName is PACKAGE_NAME_FORMAT of quilt3, in which \w is Unicode's.
var packageName = regexp.MustCompile(`^[\p{L}\p{N}_-]+/[\p{L}\p{N}_-]+$`)

// checkObjects says which of a package's paths Quilt refuses. The list was
// compared by hand with what Package.set and validate_package_name of quilt3 8.0.0
// do with the same paths and names, those in this package's test among them.
func checkObjects(name string, objects []Object) error {
	if !packageName.MatchString(name) {
		return fmt.Errorf("package name %q: not two names of letters, digits, _ and -", name)
	}
	files, directories := map[string]bool{}, map[string]bool{}
	for _, object := range objects {
		parts := strings.Split(object.Path, "/")
		for i, part := range parts {
			if part == "" || part == "." || part == ".." {
				return fmt.Errorf("key %q: has a component %q", object.Path, part)
			}
			if i > 0 {
				directories[strings.Join(parts[:i], "/")] = true
			}
		}
		files[object.Path] = true
	}
	for path := range files {
		if directories[path] {
			return fmt.Errorf("key %q: is a file and a directory", path)
		}
	}
	return nil
}

// topHash hashes a manifest's lines: the package's, and one for each object. They
// have quilt3's form, but S3's ETag as the hash, and Go's canonical JSON: the value
// isn't Quilt's, and changes as Quilt's does.
func topHash(m Message, metadata map[string]any, objects []Object) (string, error) {
	hash := sha256.New()
	lines := []any{map[string]any{"version": "v0", "message": m.CommitMessage, "user_meta": metadata, "workflow": m.Workflow}}
	for _, object := range objects {
		lines = append(lines, map[string]any{
			"logical_key": object.Path, "hash": map[string]string{"type": "ETag", "value": object.ETag}, "size": object.Size, "meta": map[string]any{},
		})
	}
	for _, line := range lines {
		text, err := json.Marshal(line)
		if err != nil {
			return "", err
		}
		hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
