package worktree

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	assert.NilError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	assert.NilError(t, os.WriteFile(path, []byte(text), mode))
}

// repository has a tracked script that is executable, a tracked file that is deleted, one
// that isn't tracked yet and one that Git ignores.
func repository(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	write(t, filepath.Join(tree, "tracked/run"), "new", 0o755)
	write(t, filepath.Join(tree, "tracked/deleted"), "", 0o600)
	write(t, filepath.Join(tree, ".gitignore"), "ignored\n", 0o600)
	for _, arguments := range [][]string{{"init", "--quiet"}, {"add", "."}} {
		_, err := Git(t.Context(), tree, arguments...)
		assert.NilError(t, err)
	}
	assert.NilError(t, os.Remove(filepath.Join(tree, "tracked/deleted")))
	write(t, filepath.Join(tree, "tracked/not yet"), "", 0o600)
	write(t, filepath.Join(tree, "ignored"), "", 0o600)
	return tree
}

func TestCopy(t *testing.T) {
	tree, to := repository(t), t.TempDir()
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	assert.NilError(t, os.Chtimes(filepath.Join(tree, "tracked/run"), then, then))
	write(t, filepath.Join(to, "tracked/run"), "older and longer", 0o755)
	// Git sets this for its hooks.
	t.Setenv("GIT_DIR", filepath.Join(t.TempDir(), ".git"))

	assert.NilError(t, Copy(t.Context(), tree, to, "tracked"))
	entries, err := filepath.Glob(filepath.Join(to, "*/*"))
	assert.NilError(t, err)
	assert.DeepEqual(t, entries, []string{filepath.Join(to, "tracked/not yet"), filepath.Join(to, "tracked/run")})
	text, err := os.ReadFile(filepath.Join(to, "tracked/run"))
	assert.NilError(t, err)
	assert.Equal(t, string(text), "new")
	about, err := os.Stat(filepath.Join(to, "tracked/run"))
	assert.NilError(t, err)
	assert.Assert(t, about.ModTime().Equal(then) && about.Mode().Perm() == 0o755, about)
	_, err = os.Stat(filepath.Join(to, ".gitignore"))
	assert.Assert(t, os.IsNotExist(err), "a path that wasn't named")

	assert.NilError(t, Copy(t.Context(), tree, to))
	_, err = os.Stat(filepath.Join(to, ".gitignore"))
	assert.NilError(t, err)
	_, err = os.Stat(filepath.Join(to, "ignored"))
	assert.Assert(t, os.IsNotExist(err))
}

func TestCopyOfWhatIsNoRepository(t *testing.T) {
	err := Copy(t.Context(), t.TempDir(), t.TempDir())
	assert.ErrorContains(t, err, "; name a directory of a Git repository")
}

func TestCopyFileThatIsNotThere(t *testing.T) {
	assert.Assert(t, os.IsNotExist(CopyFile(filepath.Join(t.TempDir(), "gone"), filepath.Join(t.TempDir(), "to"))))
}
