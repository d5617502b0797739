package imagecontract

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
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
	contract := read(found, source, Architectures[0])
	for _, architecture := range Architectures[1:] {
		contract = merge(found, contract, read(found, source, architecture))
	}
	if err := found.err(); err != nil {
		return Contract{}, err
	}
	contract.File = path
	return contract, nil
}

// read returns what the source promises on one architecture, which holds only if
// no problem is found.
func read(found *problems, source []byte, architecture string) Contract {
	r, final := readFinal(found, source, architecture)
	if final == nil {
		return Contract{}
	}
	return r.contract(final)
}

// readFinal returns the final stage, and its reader; nil where there is none.
func readFinal(found *problems, source []byte, architecture string) (*reader, *stage) {
	if len(bytes.TrimSpace(source)) == 0 {
		found.add(1, "the file is empty: begin with FROM")
		return nil, nil
	}
	tree, err := parser.Parse(bytes.NewReader(source))
	if err != nil {
		found.addSyntax("", err)
		return nil, nil
	}
	stages, globals := instructionsOf(found, tree.AST)
	if len(stages) == 0 {
		found.addMissing(1, "no FROM: name a base image, pinned by digest")
		return nil, nil
	}
	r := &reader{lex: shell.NewLex(tree.EscapeToken), problems: found, architecture: architecture, byName: map[string]*stage{}}
	r.checkFrontend(source)
	return r, r.readStages(stages, globals)
}

// instructionsOf groups a file's instructions by stage, and returns the ARGs
// before the first FROM apart. Unlike BuildKit's own Parse, it goes on after an
// instruction that it can't read.
func instructionsOf(found *problems, file *parser.Node) (stages []instructions.Stage, globals []instructions.ArgCommand) {
	for _, node := range file.Children {
		parsed, err := parseInstruction(node)
		if err != nil {
			found.addSyntax(node.Original, err)
			if strings.EqualFold(node.Value, command.From) { // What follows belongs to no earlier stage.
				stages = append(stages, instructions.Stage{BaseName: scratch, Location: node.Location()})
			}
			continue
		}
		switch c := parsed.(type) {
		case *instructions.Stage:
			stages = append(stages, *c)
		case instructions.Command:
			arg, isArg := c.(*instructions.ArgCommand)
			switch {
			case len(stages) > 0:
				stages[len(stages)-1].AddCommand(c)
			case isArg:
				globals = append(globals, *arg)
			default:
				found.add(node.StartLine, "%q: stands before the first FROM, where only ARG may: move it below", oneLine(node.Original))
			}
		}
	}
	return stages, globals
}

// parseInstruction reads one instruction. BuildKit's parser needs a linter for the
// comments that configure one, such as # check=skip=all.
func parseInstruction(node *parser.Node) (any, error) {
	return instructions.ParseInstructionWithLinter(node, linter.New(&linter.Config{}))
}

// parseCommand reads one instruction that isn't FROM.
func parseCommand(node *parser.Node) (instructions.Command, error) {
	parsed, err := parseInstruction(node)
	if err != nil {
		return nil, err
	}
	command, ok := parsed.(instructions.Command)
	if !ok {
		return nil, fmt.Errorf("%s isn't allowed here", strings.ToUpper(node.Value))
	}
	return command, nil
}
