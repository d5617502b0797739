package worktree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Copy copies what Git would keep of a working tree, tracked or not yet: of the paths, or
// of all of it where none is named. What is deleted, and not committed yet, is left out.
func Copy(ctx context.Context, tree, to string, paths ...string) error {
	names, err := Git(ctx, tree, append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, paths...)...)
	if err != nil {
		return fmt.Errorf("%w; name a directory of a Git repository", err)
	}
	var problems []error
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == 0 }) {
		if err := CopyFile(filepath.Join(tree, name), filepath.Join(to, name)); !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// CopyFile copies a file with its rights and its time, by which make and Go see what
// changed, in place of what is there.
func CopyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	about, err := source.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, about.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close(), os.Chtimes(to, about.ModTime(), about.ModTime()))
}
