package imagecontract

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// problems collects what is wrong with one file.
type problems struct {
	file  string
	lines []problem
	// unread says that an instruction couldn't be read, so that what seems
	// missing may only be misspelt.
	unread bool
}

type problem struct {
	line int
	text string
}

// add adds a problem, once.
func (p *problems) add(line int, format string, args ...any) {
	if found := (problem{line, fmt.Sprintf(format, args...)}); !slices.Contains(p.lines, found) {
		p.lines = append(p.lines, found)
	}
}

// addMissing adds that something isn't there, unless it may be misspelt.
func (p *problems) addMissing(line int, format string, args ...any) {
	if !p.unread {
		p.add(line, format, args...)
	}
}

// parserPrefix is the place that BuildKit puts before some messages; ours
// carries it already.
var parserPrefix = regexp.MustCompile(`^(dockerfile )?parse error( on line \d+)?: `)

// addSyntax adds an error of BuildKit's parser, at the place that it carries,
// about an instruction, if it is known.
func (p *problems) addSyntax(instruction string, err error) {
	p.unread = true
	text := oneLine(parserPrefix.ReplaceAllString(err.Error(), ""))
	if instruction != "" {
		text = fmt.Sprintf("%q: %s", oneLine(instruction), text)
	}
	if !strings.Contains(text, "did you mean") {
		text += ": write it as the Dockerfile reference has it"
	}
	p.add(errorLine(err), "%s", text)
}

// errorLine returns the line that an error of BuildKit's parser carries.
func errorLine(err error) int {
	var located *parser.LocationError
	if errors.As(err, &located) && len(located.Locations) > 0 {
		return lineOf(located.Locations[0])
	}
	return 1
}

// lineOf returns the first line of an instruction.
func lineOf(ranges []parser.Range) int {
	if len(ranges) == 0 {
		return 1
	}
	return max(1, ranges[0].Start.Line)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// err returns the problems in the order of their lines, or nil.
func (p *problems) err() error {
	slices.SortStableFunc(p.lines, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	errs := make([]error, len(p.lines))
	for i, found := range p.lines {
		errs[i] = fmt.Errorf("%s:%d: %s", p.file, found.line, found.text)
	}
	return errors.Join(errs...)
}
