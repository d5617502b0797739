package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestReport(t *testing.T) {
	var progress, table bytes.Buffer
	r := New(&progress)
	assert.Check(t, !r.Passed(), "nothing was checked")
	r.Group("set-up")
	assert.NilError(t, r.Check("first", func() (string, error) {
		_, err := r.Write([]byte("one\n\ntwo\n"))
		return "fine", err
	}))
	assert.Check(t, r.Passed())
	r.Group("end")
	assert.Error(t, r.Check("second", func() (string, error) { return "", errors.New("file:1: broken\nmore") }), "file:1: broken\nmore")
	assert.Check(t, !r.Passed())

	assert.NilError(t, r.Table(&table))
	space := strings.Repeat(" ", checkWidth-5)
	assert.Equal(t, table.String(), "\nheld  seconds  check"+space+"  detail\n"+
		"\nset-up\nyes       0.0  first"+space+"  fine\n"+
		"\nend\nNO        0.0  second"+space[1:]+"  file:1: broken\n"+
		"\n1 of 2 rows did not hold:\n  end: second\n    file:1: broken\n    more\n")
	assert.Equal(t, progress.String(), "    0 s  first\n    0 s         one\n    0 s         two\n    0 s  second\n    0 s    did not hold: file:1: broken\n")

	path := filepath.Join(t.TempDir(), "rows.json")
	assert.NilError(t, r.Save(path))
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	var rows []map[string]any
	assert.NilError(t, json.Unmarshal(text, &rows))
	assert.Equal(t, len(rows), 2)
	assert.Check(t, cmp.Len(rows[0], 5))
	assert.Equal(t, rows[1]["check"], "second")
	assert.Equal(t, rows[1]["held"], false)
}

func TestTheTableFitsATerminal(t *testing.T) {
	var progress, table bytes.Buffer
	r := New(&progress)
	long := strings.Repeat("a word and another ", 20)
	_ = r.Check(long, func() (string, error) { return strings.Repeat("x", 300), nil })
	_ = r.Check("ü", func() (string, error) { return long, nil })
	assert.NilError(t, r.Table(&table))
	for line := range strings.Lines(table.String()) {
		assert.Check(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) <= 120, line)
	}
	assert.Equal(t, strings.Count(table.String(), "x"), 300)
	assert.Equal(t, strings.Count(table.String(), "another"), 40)
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

func TestBesideAnother(t *testing.T) {
	var progress bytes.Buffer
	r := New(&progress)
	other := r.Beside("faults")
	for _, group := range []string{"services", "faults"} {
		other.Group(group)
		assert.NilError(t, other.Check(group+" start", func() (string, error) { return "fine", nil }))
	}
	other.Group("services")
	assert.ErrorContains(t, other.Check("late", func() (string, error) { return "", errors.New("broken") }), "broken")
	assert.Equal(t, progress.String(), "    0 s  [faults] services start\n    0 s  [faults] faults start\n    0 s  [faults] late\n    0 s  [faults]   did not hold: broken\n")
	r.Add(other)
	var checks []string
	for _, row := range r.Rows() {
		checks = append(checks, row.Check)
	}
	assert.DeepEqual(t, checks, []string{"faults start", "late"})
	assert.Check(t, !r.Passed())
}

func TestOnlyWhatIsChosen(t *testing.T) {
	r := New(io.Discard)
	r.Group("worker")
	r.Only(func(group, check string) bool { return group == "worker" && check == "this" })
	ran := ""
	for _, name := range []string{"this", "that"} {
		assert.NilError(t, r.Check(name, func() (string, error) { ran += name; return "", nil }))
	}
	assert.Equal(t, ran, "this")
	assert.Equal(t, len(r.Rows()), 1)
}
