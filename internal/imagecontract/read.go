package imagecontract

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// Read returns the contract that the Dockerfile at path states in its final
// stage. The error, if any, joins all problems, one a line, each with path,
// line, subject, fault and remedy.
func Read(path string) (Contract, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return Contract{}, fmt.Errorf("%s: %w: run from the repository's root, where docker/Dockerfile is", path, errors.Unwrap(err))
	}
	return parse(path, source)
}

func parse(path string, source []byte) (Contract, error) {
	found := &problems{file: path}
	if len(bytes.TrimSpace(source)) == 0 {
		found.add(1, "the file is empty: begin with FROM")
		return Contract{}, found.err()
	}
	tree, err := parser.Parse(bytes.NewReader(source))
	if err != nil {
		found.addError(err)
		return Contract{}, found.err()
	}
	stages, globals, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		found.addError(err)
		return Contract{}, found.err()
	}
	if len(stages) == 0 {
		found.add(1, "no FROM: name a base image, pinned by digest")
		return Contract{}, found.err()
	}
	reader := &reader{
		lex:      shell.NewLex(tree.EscapeToken),
		problems: found,
		byName:   map[string]*stage{},
	}
	last := reader.readStages(stages, globals)
	contract := reader.contract(last)
	contract.File = path
	if err := found.err(); err != nil {
		return Contract{}, err
	}
	return contract, nil
}

// problems collects what is wrong with one file.
type problems struct {
	file  string
	lines []problem
}

type problem struct {
	line int
	text string
}

func (p *problems) add(line int, format string, args ...any) {
	p.lines = append(p.lines, problem{line, fmt.Sprintf(format, args...)})
}

// parserPrefix is the place that BuildKit puts before some messages; ours
// carries it already.
var parserPrefix = regexp.MustCompile(`^(dockerfile )?parse error( on line \d+)?: `)

// addError adds an error of BuildKit's parser at the place that it carries.
func (p *problems) addError(err error) {
	line := 1
	var located *parser.LocationError
	if errors.As(err, &located) && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		line = located.Locations[0][0].Start.Line
	}
	text := strings.Join(strings.Fields(parserPrefix.ReplaceAllString(err.Error(), "")), " ")
	p.add(line, "%s: write it as the Dockerfile reference has it", text)
}

// err returns the problems in the order of their lines, or nil.
func (p *problems) err() error {
	if len(p.lines) == 0 {
		return nil
	}
	sortByLine(p.lines)
	errs := make([]error, len(p.lines))
	for i, found := range p.lines {
		errs[i] = fmt.Errorf("%s:%d: %s", p.file, found.line, found.text)
	}
	return errors.Join(errs...)
}
