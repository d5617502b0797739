package imagecontract

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
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
	contract := read(found, source)
	if err := found.err(); err != nil {
		return Contract{}, err
	}
	contract.File = path
	return contract, nil
}

// read returns what the source promises, which holds only if no problem is
// found.
func read(found *problems, source []byte) Contract {
	if len(bytes.TrimSpace(source)) == 0 {
		found.add(1, "the file is empty: begin with FROM")
		return Contract{}
	}
	tree, err := parser.Parse(bytes.NewReader(source))
	if err != nil {
		found.addSyntax("", err)
		return Contract{}
	}
	stages, globals := instructionsOf(found, tree.AST)
	if len(stages) == 0 {
		found.addMissing(1, "no FROM: name a base image, pinned by digest")
		return Contract{}
	}
	r := &reader{lex: shell.NewLex(tree.EscapeToken), problems: found, byName: map[string]*stage{}}
	return r.contract(r.readStages(stages, globals))
}

// instructionsOf groups a file's instructions by stage, and returns the ARGs
// before the first FROM apart. Unlike BuildKit's own Parse, it goes on after an
// instruction that it can't read.
func instructionsOf(found *problems, file *parser.Node) (stages []instructions.Stage, globals []instructions.ArgCommand) {
	for _, node := range file.Children {
		parsed, err := instructions.ParseInstruction(node)
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
