package benchworker

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/benchpages"
)

// TestPage makes the page of a kept run; -update rewrites it.
func TestPage(t *testing.T) {
	figures := golden.Get(t, "worker.json")
	files, err := benchpages.Files("worker", figures, Page)
	assert.NilError(t, err)
	assert.Equal(t, len(files), 5)
	for name, text := range files {
		if name != "worker.json" {
			golden.Assert(t, text, name)
		}
		if chart, found := strings.CutSuffix(name, ".svg"); found {
			assert.Check(t, strings.Contains(files["worker.md"], "("+chart+".svg)"), "the page doesn't show %s", name)
			decoder := xml.NewDecoder(strings.NewReader(text))
			for err = nil; err == nil; {
				_, err = decoder.Token()
			}
			assert.Check(t, errors.Is(err, io.EOF), "%s: %v", name, err)
		}
	}
}

func TestSecondsOfMB(t *testing.T) {
	f := Figures{Rows: []Row{
		{Case: large, DelayMS: 0, TLS: true, CPUOfMB: 1}, {Case: "other", DelayMS: 30, TLS: true, CPUOfMB: 2},
		{Case: large, DelayMS: 30, TLS: true, CPUOfMB: 12}, {Case: large, DelayMS: 60, CPUOfMB: 4},
	}}
	seconds, err := f.SecondsOfMB()
	assert.NilError(t, err)
	assert.Equal(t, seconds, 0.012)
	f.Rows = f.Rows[3:]
	_, err = f.SecondsOfMB()
	assert.Error(t, err, `no row of "1 GiB" with the slowest S3 over TLS`)
}

func TestFiguresThatAreNone(t *testing.T) {
	whole, err := os.ReadFile("testdata/worker.json")
	assert.NilError(t, err)
	for text, fault := range map[string]string{
		"[]":                         "json: cannot unmarshal array into Go value of type benchworker.Figures",
		`{"scale": 1}`:               "no rows, or no scale",
		`{"scale": 1, "rows": [{}]}`: `row 1, "": a figure is missing or isn't above 0`,
		strings.ReplaceAll(string(whole), `"tls": true`, `"tls": false`): `no row of "1 GiB" with the slowest S3 over TLS`,
	} {
		_, err := Page([]byte(text))
		assert.Error(t, err, fault)
	}
}
