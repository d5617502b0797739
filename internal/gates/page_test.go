package gates

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// page is what lists the gates.
const page = "../../docs/gates.md"

// added is a call that adds a gate: the patterns that its name and its limit
// match, and the file. A limit that is no text of the call matches everything.
type added struct{ name, limit, file string }

// verb is one of fmt's in a quoted pattern.
var verb = regexp.MustCompile(`%[\\.0-9]*[a-z]`)

// textOf returns the pattern of a text, or of what Sprintf makes of one.
func textOf(expression ast.Expr) (string, bool) {
	if call, isCall := expression.(*ast.CallExpr); isCall {
		if selector, ok := call.Fun.(*ast.SelectorExpr); ok && selector.Sel.Name == "Sprintf" {
			return textOf(call.Args[0])
		}
		return "", false
	}
	literal, isLiteral := expression.(*ast.BasicLit)
	if !isLiteral || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return verb.ReplaceAllString(regexp.QuoteMeta(text), `.+`), err == nil
}

// gatesAdded returns the gates that this package's files add.
func gatesAdded(t *testing.T) []added {
	t.Helper()
	files, err := filepath.Glob("*.go")
	assert.NilError(t, err)
	var all []added
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		assert.NilError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			call, isCall := node.(*ast.CallExpr)
			if !isCall || len(call.Args) < 3 {
				return true
			}
			selector, isSelector := call.Fun.(*ast.SelectorExpr)
			if !isSelector || selector.Sel.Name != "Add" && selector.Sel.Name != "addTime" {
				return true
			}
			// addTime adds the gate that its own caller names.
			if name, isText := textOf(call.Args[0]); isText {
				limit, isText := textOf(call.Args[1])
				if !isText {
					limit = `.+`
				}
				all = append(all, added{name, limit, "internal/gates/" + path})
			}
			return true
		})
	}
	assert.Assert(t, len(all) > 30, "%d gates", len(all))
	return all
}

// TestPage holds docs/gates.md against the gates: each is there with its limit and
// its file, and nothing else is.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	assert.NilError(t, err)
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); len(cells) == 4 && cells[0] != "Row" {
			rows = append(rows, cells)
		}
	}
	listed := make([]bool, len(rows))
	for _, gate := range gatesAdded(t) {
		found := false
		for i, cells := range rows {
			if !regexp.MustCompile("^" + gate.name + "$").MatchString(cells[0]) {
				continue
			}
			found, listed[i] = true, true
			assert.Check(t, strings.Contains(cells[3], "`"+gate.file+"`"), "%s: the code is in %s", cells[0], gate.file)
			assert.Check(t, regexp.MustCompile("^"+gate.limit+"$").MatchString(cells[1]), "%s: the limit is %q", cells[0], gate.limit)
		}
		assert.Check(t, found, "docs/gates.md: no row for the gate %q of %s", gate.name, gate.file)
	}
	for i, cells := range rows {
		assert.Check(t, listed[i], "docs/gates.md: no gate is called %q", cells[0])
	}
}

// TestPageGivesTheTimes compares the limits that constants hold.
func TestPageGivesTheTimes(t *testing.T) {
	text, err := os.ReadFile(page)
	assert.NilError(t, err)
	seconds := func(value float64) string { return strconv.FormatFloat(value, 'f', 1, 64) }
	for _, row := range []string{
		"| QG-2 first 200 | " + seconds(startLimit.Seconds()) + " s |",
		"| QG-2 ready | " + seconds(startLimit.Seconds()) + " s |",
		"| QG-2 first 200 beside the old image | " + seconds(fasterLimit) + " times faster |",
		"| QG-2 first event at " + coldShares[0] + " CPU | " + seconds(firstEventLimit.Seconds()) + " s after healthy |",
		"| QG-2 first event at " + coldShares[1] + " CPU | " + seconds(firstEventLimit.Seconds()) + " s after healthy |",
		"| QG-1 cold build | " + strconv.FormatFloat(coldBuildLimit.Seconds(), 'f', 0, 64) + " s |",
		"| QG-1 rebuild after a change of the source | " + strconv.FormatFloat(rebuildLimit.Seconds(), 'f', 0, 64) + " s |",
		"| QG-3 size | " + strconv.FormatFloat(100*reductionLimit, 'f', 0, 64) + " % smaller |",
		"| QG-3 layers above the base | " + strconv.FormatFloat(aboveLimit/1e6, 'f', 0, 64) + " MB |",
	} {
		assert.Check(t, strings.Contains(string(text), row), row)
	}
}
