package benchmarks

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func measured() Figures {
	return Figures{
		Standin: true,
		New: Image{Total: 161e6, Above: 76.2e6, AboveCompressed: 27.3e6, FirstAnswer: 0.6, Ready: 0.7, Memory: 60e6, Layers: []Layer{
			{Step: "RUN /bin/sh -c dnf install -y python3.11 # buildkit", Bytes: 28.4e6, Compressed: 11e6},
			{Step: "COPY /app/.venv ./.venv # buildkit", Bytes: 47.6e6, Compressed: 16e6},
			{Step: "COPY /app/src ./src # buildkit", Bytes: 0.25e6, Compressed: 0.1e6},
			{Step: "COPY <a> & " + strings.Repeat("é", 50), Bytes: 1},
		}},
		Old:  Image{Total: 311e6, Above: 226.8e6, AboveCompressed: 94e6, FirstAnswer: 1.5, Ready: 1.6, Memory: 108e6, Layers: []Layer{{}}},
		Base: 84.5e6, Starts: 5, Processors: 2, Load: 0.3, WorkerMemory: 76e6, ColdBuild: 33.4, Rebuild: 1, RunningOn: 0.5, Healthy: 1.7,
	}
}

func TestThePageShowsWhatWasMeasured(t *testing.T) {
	directory := t.TempDir()
	assert.NilError(t, Write(directory, measured(), time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)))
	text, err := os.ReadFile(filepath.Join(directory, "benchmarks.md"))
	assert.NilError(t, err)
	for _, want := range []string{
		"on 2026-11-24, on a stand-in of Debian 12",
		"a machine of 2 processors whose load was 0.3 before it began",
		"| layers above the base | 76.2 MB | 227 MB | 0.34 |",
		"| `docker run` to first 200, median of 5 | 0.60 s | 1.50 s | 0.40 |",
		"| the service (COPY src) | 0.25 | 0.10 |",
		"| build, only the source changed | 1.00 s |",
	} {
		assert.Assert(t, strings.Contains(string(text), want), want)
	}
	for _, image := range regexp.MustCompile(`\((benchmarks/[a-z]+\.svg)\)`).FindAllStringSubmatch(string(text), -1) {
		svg, err := os.Open(filepath.Join(directory, image[1]))
		assert.NilError(t, err)
		decoder := xml.NewDecoder(svg)
		for err = nil; err == nil; {
			_, err = decoder.Token()
		}
		assert.Assert(t, errors.Is(err, io.EOF), "%s: %v", image[1], err)
		assert.NilError(t, svg.Close())
	}
}

func TestAnUnfinishedRunIsNotComplete(t *testing.T) {
	assert.Assert(t, measured().Complete())
	f := measured()
	f.Old.FirstAnswer = 0
	assert.Assert(t, !f.Complete())
}
