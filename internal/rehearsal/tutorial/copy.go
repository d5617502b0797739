package tutorial

import (
	"context"
	"os"
	"path/filepath"

	"benchlingwebhook/internal/worktree"
)

// Copy makes a copy of a repository as a clone would be, with what isn't committed yet, in
// place of what is there. The linked paths, which git ignores, are the repository's own:
// what is installed into them needn't be installed again.
func Copy(ctx context.Context, from, to string, linked ...string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := worktree.Copy(ctx, from, to); err != nil {
		return err
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
