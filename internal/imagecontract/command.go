package imagecontract

import (
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// commands returns ENTRYPOINT and CMD, of which one must say what to run.
func (r *reader) commands(s *stage) (entrypoint, command []string) {
	if len(s.entrypoint.value.CmdLine) == 0 && len(s.command.value.CmdLine) == 0 {
		r.problems.addMissing(s.line, "no CMD in the final stage: say what to run, as a JSON array")
		return nil, nil
	}
	program := s.entrypoint
	instruction := "ENTRYPOINT"
	if len(program.value.CmdLine) == 0 {
		program, instruction = s.command, "CMD"
	}
	if first := program.value.CmdLine[0]; !program.value.PrependShell && strings.ContainsAny(first, " \t") {
		r.problems.add(program.line, "%s %q: one string in the JSON array, so Docker looks for a program of that name: write each word as a string of its own", instruction, oneLine(first))
	}
	return r.execForm("ENTRYPOINT", s.entrypoint), r.execForm("CMD", s.command)
}

// execForm returns the arguments of a CMD or ENTRYPOINT, which must be in exec
// form and not run uv.
func (r *reader) execForm(instruction string, given at[instructions.ShellDependantCmdLine]) []string {
	words := given.value.CmdLine
	if len(words) == 0 {
		return nil
	}
	text := oneLine(strings.Join(words, " "))
	if given.value.PrependShell {
		r.problems.add(given.line, "%s %q: shell form, so a shell gets SIGTERM in place of the service: write a JSON array", instruction, text)
	}
	if runsUV(words) {
		r.problems.add(given.line, "%s %q: runs uv, which fails on a read-only root file system: run python itself", instruction, text)
	}
	return words
}

// runsUV reports whether uv is what runs, itself or by a shell, env, an init
// process or python -m. After a long option, uv is that option's value.
func runsUV(words []string) bool {
	before := ""
	for _, each := range strings.Fields(strings.Join(words, " ")) {
		program := path.Base(each)
		ofOption := len(before) > len("--") && strings.HasPrefix(before, "--")
		if (program == "uv" || program == "uvx") && !ofOption {
			return true
		}
		before = each
	}
	return false
}
