package canvaspicture

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// titles are those of the pictures, by the names of their files.
var titles = map[string]string{
	"new":            "An entry without an export",
	"files":          "The package and a page of its files",
	"metadata":       "The package's metadata",
	"linked":         "The entry's package and those that are linked to the entry",
	"linked-package": "The files of a linked package",
	"linked-only":    "Linked packages where entries are not exported",
	"running":        "While an export runs",
	"failed":         "After an export that failed",
}

// TestPictures compares each picture of docs/canvas with its blocks. Rewrite them
// with `go test ./internal/canvaspicture -update`.
func TestPictures(t *testing.T) {
	files, err := filepath.Glob("../../docs/canvas/*.json")
	assert.NilError(t, err)
	assert.Equal(t, len(files), len(titles))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			blocks, err := os.ReadFile(file)
			assert.NilError(t, err)
			drawn, err := Picture(titles[name], blocks)
			assert.NilError(t, err)
			decoder := xml.NewDecoder(strings.NewReader(drawn))
			for err == nil {
				_, err = decoder.Token()
			}
			assert.Equal(t, err, io.EOF)
			path := strings.TrimSuffix(file, "json") + "svg"
			if golden.FlagUpdate() {
				assert.NilError(t, os.WriteFile(path, []byte(drawn), 0o644))
			}
			committed, err := os.ReadFile(path)
			assert.NilError(t, err)
			assert.Assert(t, string(committed) == drawn, "the picture is of other blocks: go test ./internal/canvaspicture -update")
		})
	}
}

func TestUnknownBlocksAreNamed(t *testing.T) {
	for blocks, fault := range map[string]string{
		`{`:                   "no list of blocks: unexpected end of JSON input",
		`[{"type": "TABLE"}]`: `a canvas has a block of type "TABLE": draw it in internal/canvaspicture`,
		`[{"type": "SECTION", "children": [{"type": "CHIP"}]}]`: `a section has a block of type "CHIP": draw it in internal/canvaspicture`,
	} {
		_, err := Picture("x", []byte(blocks))
		assert.Error(t, err, fault)
	}
}

func TestLinesAreSet(t *testing.T) {
	lines := set("**a** [`b`](u) *c* d\n\n- `e` f\n  - g", 1000)
	assert.Equal(t, len(lines), 4)
	text := func(l line) (text string) {
		for _, s := range l.spans {
			text += s.Text
		}
		return text
	}
	assert.Equal(t, text(lines[0]), "a b c d")
	assert.Equal(t, lines[0].spans[2].Attributes, code+" "+link)
	assert.Equal(t, len(lines[1].spans), 0)
	assert.Equal(t, text(lines[2]), "• e f")
	assert.Assert(t, lines[3].indent > lines[2].indent)
	assert.Equal(t, len(set("one two three", 5*characterWidth)), 3)
}
