package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestReport(t *testing.T) {
	var progress, table bytes.Buffer
	r := New(&progress)
	assert.Check(t, !r.Passed(), "nothing was checked")
	assert.NilError(t, r.Check("first", func() (string, error) {
		_, err := r.Write([]byte("one\n\ntwo\n"))
		return "fine", err
	}))
	assert.Check(t, r.Passed())
	assert.Error(t, r.Check("second", func() (string, error) { return "", errors.New("file:1: broken\nmore") }), "file:1: broken\nmore")
	assert.Check(t, !r.Passed())

	assert.NilError(t, r.Table(&table))
	assert.Equal(t, table.String(), "\nheld  seconds  check   detail\nyes   0.0      first   fine\nNO    0.0      second  file:1: broken\n")
	assert.Equal(t, progress.String(), "    0 s  first\n    0 s         one\n    0 s         two\n    0 s  second\n    0 s    did not hold: file:1: broken\nmore\n")

	path := filepath.Join(t.TempDir(), "rows.json")
	assert.NilError(t, r.Save(path))
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	var rows []map[string]any
	assert.NilError(t, json.Unmarshal(text, &rows))
	assert.Equal(t, len(rows), 2)
	assert.Check(t, cmp.Len(rows[0], 4))
	assert.Equal(t, rows[1]["check"], "second")
	assert.Equal(t, rows[1]["held"], false)
}
