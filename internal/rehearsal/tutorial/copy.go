package tutorial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Copy makes a copy of a repository as a clone would be, with what isn't committed yet, in
// place of what is there. The linked paths, which git ignores, are the repository's own:
// what is installed into them needn't be installed again. Files keep their times, by which
// make sees that.
func Copy(ctx context.Context, from, to string, linked ...string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = from
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("git ls-files in %s: %w: the repository's files are known by git", from, err)
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	for _, name := range strings.FieldsFunc(string(names), func(r rune) bool { return r == 0 }) {
		if err := copyFile(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	for _, name := range linked {
		target, err := filepath.Abs(filepath.Join(from, name))
		if err == nil {
			err = os.Symlink(target, filepath.Join(to, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file, its rights and its time. One that is gone is left out.
func copyFile(from, to string) error {
	about, err := os.Stat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, about.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close(), os.Chtimes(to, about.ModTime(), about.ModTime()))
}
