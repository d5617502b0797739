package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestOneLineIsWrittenOverOnATerminal(t *testing.T) {
	var progress bytes.Buffer
	r := New(&progress)
	assert.Check(t, !r.onTerminal, "a buffer is none")
	r.stillRuns("build", 30*time.Second)
	assert.Equal(t, progress.String(), "    0 s    still running (30 s): build\n")

	progress.Reset()
	r.onTerminal = true
	r.stillRuns("build", time.Second)
	r.stillRuns(strings.Repeat("b", 100), 2*time.Second)
	r.say("done")
	assert.Equal(t, progress.String(), clearLine+"  still running (1 s): build"+clearLine+"  still running (2 s): "+strings.Repeat("b", widest-23)+clearLine+"    0 s  done\n")
}

func TestNullDeviceIsNoTerminal(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	assert.NilError(t, err)
	defer null.Close()
	assert.Check(t, !New(null).onTerminal)
}
