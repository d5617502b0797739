package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// ownNames imports the module's packages from their sources and no others: what
// isn't the module's is unknown to go/types, which then reports nothing of it.
type ownNames struct {
	files *token.FileSet
	read  map[string]*types.Package
}

// Import implements types.Importer.
func (o ownNames) Import(path string) (*types.Package, error) {
	directory, own := strings.CutPrefix(path, "benchlingwebhook/")
	if !own {
		return nil, fmt.Errorf("%s isn't the module's", path)
	}
	if found := o.read[path]; found != nil {
		return found, nil
	}
	sources, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		return nil, err
	}
	sources = slices.DeleteFunc(sources, func(it string) bool { return strings.HasSuffix(it, "_test.go") })
	if len(sources) == 0 {
		return nil, fmt.Errorf("%s: no such package", path)
	}
	texts := map[string]string{}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return nil, err
		}
		texts[source] = string(text)
	}
	found, _, err := o.check(path, texts)
	o.read[path] = found
	return found, err
}

// check returns a package of source texts by file name, and its undefined names.
func (o ownNames) check(path string, texts map[string]string) (*types.Package, []string, error) {
	var parsed []*ast.File
	for name, text := range texts {
		file, err := parser.ParseFile(o.files, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, nil, err
		}
		parsed = append(parsed, file)
	}
	var undefined []string
	config := types.Config{Importer: o, Error: func(err error) {
		text := err.Error()
		if strings.Contains(text, "undefined") || strings.Contains(text, "could not import benchlingwebhook/") {
			undefined = append(undefined, text)
		}
	}}
	// Its error is the first of those above, most of them about what is unknown.
	found, _ := config.Check(path, o.files, parsed, nil)
	slices.Sort(undefined)
	return found, undefined, nil
}

// inFile returns the text of the only file of internal/ that has the function, and
// the function's own.
func inFile(t *testing.T, function string) (text, body string) {
	t.Helper()
	pattern := regexp.MustCompile(`(?ms)^func ` + function + `\(.*?^}\n`)
	assert.NilError(t, filepath.WalkDir("internal", func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		content, err := os.ReadFile(path)
		if found := pattern.Find(content); found != nil {
			assert.Check(t, body == "", "func %s is in several files", function)
			text, body = string(content), string(found)
		}
		return err
	}))
	assert.Assert(t, body != "", "no func %s below internal/, for which tools/libraries looks", function)
	return text, body
}

// comparisons are the programs of tools/libraries that use the module's code, by
// directory; the function is the one that bench.py puts beside them.
var comparisons = []struct{ directory, function string }{
	{"load", "atRate"}, {"archives", "untar"}, {"rules", ""},
}

// sources returns what a comparison consists of, by file name.
func sources(t *testing.T, directory, function string) map[string]string {
	t.Helper()
	path := filepath.Join("tools/libraries", directory, "main.go")
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	texts := map[string]string{path: string(text)}
	if function == "" {
		return texts
	}
	whole, body := inFile(t, function)
	if function == "untar" {
		// bench.py brings the imports.
		whole = "package main\nimport (\n\"archive/tar\"\n\"errors\"\n\"fmt\"\n\"io\"\n\"os\"\n\"path/filepath\"\n)\n" + body
	}
	texts[function+".go"] = regexp.MustCompile(`(?m)^package \w+$`).ReplaceAllString(whole, "package main")
	return texts
}

// TestComparedNamesExist looks for the module's names that tools/libraries uses: a
// module of its own, so that no build of this one says when they are gone.
func TestComparedNamesExist(t *testing.T) {
	own := ownNames{token.NewFileSet(), map[string]*types.Package{}}
	for _, c := range comparisons {
		t.Run(c.directory, func(t *testing.T) {
			_, undefined, err := own.check("main", sources(t, c.directory, c.function))
			assert.NilError(t, err)
			assert.Check(t, len(undefined) == 0, "%s", strings.Join(undefined, "\n"))
		})
	}
}

// TestComparedNamesThatAreGone renames what a comparison uses, and wants to read of it.
func TestComparedNamesThatAreGone(t *testing.T) {
	for _, gone := range []struct{ directory, function, name, renamed, said string }{
		{"load", "atRate", "benchling.NewKey", "benchling.Gone", "undefined: benchling.Gone"},
		{"load", "atRate", "probeEvery = ", "gone = ", "undefined: probeEvery"},
		{"load", "atRate", "internal/testbed/benchling", "internal/gone", "could not import benchlingwebhook/internal/gone"},
		{"archives", "untar", "imageaudit.Read", "imageaudit.Gone", "undefined: imageaudit.Gone"},
		{"archives", "untar", "read.Layers", "read.Gone", "read.Gone undefined"},
		{"rules", "", "cfn.Read", "cfn.Gone", "undefined: cfn.Gone"},
	} {
		own := ownNames{token.NewFileSet(), map[string]*types.Package{}}
		texts := sources(t, gone.directory, gone.function)
		path := filepath.Join("tools/libraries", gone.directory, "main.go")
		assert.Assert(t, strings.Contains(texts[path], gone.name), gone.name)
		texts[path] = strings.ReplaceAll(texts[path], gone.name, gone.renamed)
		_, undefined, err := own.check("main", texts)
		assert.NilError(t, err)
		assert.Check(t, strings.Contains(strings.Join(undefined, "\n"), gone.said), "%s: %q", gone.name, undefined)
	}
}
