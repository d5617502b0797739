package emulatortest

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// Model is AWS's own description of a service's API, as botocore has it.
type Model struct {
	t      *testing.T
	shapes map[string]struct {
		Members map[string]struct{ Documentation string }
	}
}

// ReadModel reads the model of a service, such as "ecs". Short runs skip the test, since
// botocore is of the tools that the Makefile gets.
func ReadModel(t *testing.T, service string) Model {
	t.Helper()
	if testing.Short() {
		t.Skip("reads botocore")
	}
	found, err := filepath.Glob(filepath.Join(root(t), "build/tools/lib/python3*/site-packages/botocore/data", service, "*/service-2.json.gz"))
	assert.NilError(t, err)
	assert.Assert(t, len(found) > 0, "build/tools has no botocore with %s: run `make build/tools/.installed`", service)
	file, err := os.Open(found[len(found)-1])
	assert.NilError(t, err)
	defer file.Close()
	text, err := gzip.NewReader(file)
	assert.NilError(t, err)
	m := Model{t: t}
	var whole struct {
		Shapes *map[string]struct {
			Members map[string]struct{ Documentation string }
		}
	}
	whole.Shapes = &m.shapes
	assert.NilError(t, json.NewDecoder(text).Decode(&whole))
	return m
}

var tag = regexp.MustCompile("<[^>]+>")

// Find returns what a pattern's groups match in the documentation of a shape's member.
func (m Model) Find(shape, member, pattern string) []string {
	m.t.Helper()
	documentation, is := m.shapes[shape].Members[member]
	assert.Assert(m.t, is, "%s has no %s", shape, member)
	text := strings.Join(strings.Fields(tag.ReplaceAllString(documentation.Documentation, "")), " ")
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	assert.Assert(m.t, found != nil, "%s.%s doesn't say %q: %s", shape, member, pattern, text)
	return found[1:]
}
