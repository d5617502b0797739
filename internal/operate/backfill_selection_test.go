package operate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestReadIDs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ids.txt")
	write := func(text string) { assert.NilError(t, os.WriteFile(file, []byte(text), 0o600)) }
	write("\uFEFF# of last year\r\netr_2\r\n\n  etr_1 # the second\netr_2\n")
	ids, err := readIDs(file, nil)
	assert.NilError(t, err)
	assert.DeepEqual(t, ids, []string{"etr_2", "etr_1"})
	ids, err = readIDs("-", strings.NewReader("etr_9"))
	assert.NilError(t, err)
	assert.DeepEqual(t, ids, []string{"etr_9"})

	_, err = readIDs(file+".none", nil)
	assert.Error(t, err, "--file: open "+file+".none: no such file or directory; name a file of IDs, one a line")

	write("etr_1\nEXP-2\netr_3,etr_4\n")
	const remedy = ": no entry ID; write the one of Benchling's API, such as etr_tv7m7B78, which `make logs` shows"
	_, err = readIDs(file, nil)
	assert.Error(t, err, file+`:2: "EXP-2"`+remedy+"\n"+file+`:3: "etr_3,etr_4"`+remedy)
	for text, want := range map[string]string{"# none\n": "no entry in it; write one ID a line", strings.Repeat("x", 1<<17): "token too long; write one ID a line"} {
		_, err = readIDs("-", strings.NewReader(text))
		assert.ErrorContains(t, err, "standard input: ")
		assert.ErrorContains(t, err, want)
	}
}

func TestFilterIsChecked(t *testing.T) {
	for want, filter := range map[string]Filter{
		`--project "a b": no ID; write one of Benchling's API`:                                                           {Project: "a b"},
		`--since "yesterday": no date; write one such as 2026-01-31 or 2026-01-31T15:04:05Z`:                             {Since: "yesterday"},
		"--since 2026-02-01: it isn't before --until 2026-01-01":                                                         {Since: "2026-02-01", Until: "2026-01-01"},
		"--all: a filter is given, too; write one of them":                                                               {All: true, Schema: "ts_1"},
		`--folder "/": no ID; write one of Benchling's API` + "\n" + `--schema "?": no ID; write one of Benchling's API`: {Folder: "/", Schema: "?"},
	} {
		assert.Error(t, filter.check(), want)
	}
	filter := Filter{Project: "src_1", Schema: "ts_1", Since: "2026-01-01", Until: "2026-02-01T00:00:00Z"}
	assert.NilError(t, filter.check())
	assert.Equal(t, filter.query().Encode(), "modifiedAt=%3E+2026-01-01+AND+%3C+2026-02-01T00%3A00%3A00Z&pageSize=100&projectId=src_1&schemaId=ts_1&sort=createdAt%3Aasc")
	assert.Equal(t, filter.String(), "entries of project src_1, schema ts_1, changed since 2026-01-01, changed until 2026-02-01T00:00:00Z")
	assert.Equal(t, Filter{All: true}.query().Encode(), "pageSize=100&sort=createdAt%3Aasc")
}

func TestBackfillOptionsAreChecked(t *testing.T) {
	for want, options := range map[string]BackfillOptions{
		"no entry is chosen; name a file of IDs with --file":                                                         {Outstanding: 1, PerMinute: 1},
		"--file: a filter is given, too; write one of them":                                                          {Outstanding: 1, PerMinute: 1, File: "-", Filter: Filter{All: true}},
		"--outstanding 0: none would be sent; write 1 or more\n--per-minute -1: none would be sent; write 1 or more": {PerMinute: -1, File: "-"},
	} {
		assert.ErrorContains(t, Backfill(t.Context(), "dev", options, nil), want)
	}
}
