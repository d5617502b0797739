package imagecontract

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// at is a value with the line that set it; line 0 means that nothing did.
type at[T any] struct {
	line  int
	value T
	// refused says that the value couldn't be had, and that a problem says why.
	refused bool
}

// stage is what the instructions of one stage add up to.
type stage struct {
	line    int
	env     map[string]string // the image's
	scope   scope             // env, and the ARGs
	expose  []at[string]
	user    at[string]
	workdir string
	volumes []string
	health  at[*instructions.HealthCheckCommand]
	// command and entrypoint hold the exec or shell form as written.
	command, entrypoint at[instructions.ShellDependantCmdLine]
	triggers            []at[string] // ONBUILD
}

// reader walks the stages of one Dockerfile.
type reader struct {
	lex      *shell.Lex
	problems *problems
	global   scope
	byName   map[string]*stage
	bases    []BaseImage
}

// readStages returns the final stage.
func (r *reader) readStages(stages []instructions.Stage, globals []instructions.ArgCommand) *stage {
	r.global = globalScope()
	for i := range globals {
		r.declare(r.global, nil, &globals[i])
	}
	var last *stage
	for i := range stages {
		last = r.readStage(strconv.Itoa(i), &stages[i])
	}
	return last
}

// readStage applies the instructions of one stage to what its parent left.
func (r *reader) readStage(index string, parsed *instructions.Stage) *stage {
	current := r.begin(index, parsed)
	for _, command := range parsed.Commands {
		r.apply(current, command, lineOf(command.Location()))
	}
	if parsed.Name != "" {
		r.byName[parsed.Name] = current
	}
	return current
}

// begin returns the state that a stage begins with: an earlier stage's, or
// nothing on an image, which is recorded and checked.
func (r *reader) begin(index string, parsed *instructions.Stage) *stage {
	line := lineOf(parsed.Location)
	image, ok := r.require(word{line, "FROM", parsed.BaseName}, r.global)
	if earlier, isStage := r.byName[image.Result]; isStage {
		return r.inherit(earlier, line)
	}
	if ok && image.Result != scratch {
		r.addBase(index, parsed.Name, image.Result, line)
	}
	return &stage{line: line, env: map[string]string{}, scope: imageScope(), workdir: "/"}
}

// inherit returns a copy of a stage, after the instructions that the stage
// leaves to those built on it.
func (r *reader) inherit(earlier *stage, line int) *stage {
	next := *earlier
	next.line = line
	next.env = maps.Clone(earlier.env)
	next.scope = maps.Clone(earlier.scope)
	next.expose = slices.Clone(earlier.expose)
	next.volumes = slices.Clone(earlier.volumes)
	next.triggers = nil
	for _, trigger := range earlier.triggers {
		r.applyTrigger(&next, trigger)
	}
	return &next
}

// applyTrigger applies an ONBUILD instruction at the line of FROM.
func (r *reader) applyTrigger(s *stage, trigger at[string]) {
	tree, err := parser.Parse(strings.NewReader(trigger.value))
	if err == nil {
		var command instructions.Command
		if command, err = instructions.ParseCommand(tree.AST.Children[0]); err == nil {
			r.apply(s, command, s.line)
			return
		}
	}
	r.problems.unread = true
	r.problems.add(trigger.line, "ONBUILD %q: %s: write an instruction that Docker knows", oneLine(trigger.value), oneLine(err.Error()))
}

// apply adds one instruction to the stage.
func (r *reader) apply(s *stage, command instructions.Command, line int) {
	switch c := command.(type) {
	case *instructions.ArgCommand:
		r.declare(s.scope, r.global, c)
	case *instructions.EnvCommand:
		r.setEnv(s, c)
	case *instructions.ExposeCommand:
		r.expose(s, line, c.Ports)
	case *instructions.UserCommand:
		user, ok := r.require(word{line, "USER", c.User}, s.scope)
		s.user = at[string]{line, user.Result, !ok}
	case *instructions.WorkdirCommand:
		if next, ok := r.require(word{line, "WORKDIR", c.Path}, s.scope); ok {
			s.workdir = resolve(s.workdir, next.Result)
		}
	case *instructions.VolumeCommand:
		for _, volume := range c.Volumes {
			if v, ok := r.require(word{line, "VOLUME", volume}, s.scope); ok {
				s.volumes = append(s.volumes, v.Result)
			}
		}
	case *instructions.HealthCheckCommand:
		s.health = at[*instructions.HealthCheckCommand]{line: line, value: c}
	case *instructions.CmdCommand:
		s.command = at[instructions.ShellDependantCmdLine]{line: line, value: c.ShellDependantCmdLine}
	case *instructions.EntrypointCommand:
		s.entrypoint = at[instructions.ShellDependantCmdLine]{line: line, value: c.ShellDependantCmdLine}
		if s.command.line < s.line { // Docker drops a parent's CMD.
			s.command = at[instructions.ShellDependantCmdLine]{}
		}
	case *instructions.AddCommand:
		r.refuseURL(s, line, c.SourcePaths)
	case *instructions.OnbuildCommand:
		s.triggers = append(s.triggers, at[string]{line: line, value: c.Expression})
	}
}

// expose adds the ports of one EXPOSE, whose variables may hold several.
func (r *reader) expose(s *stage, line int, ports []string) {
	for _, port := range ports {
		expanded, ok := r.require(word{line, "EXPOSE", port}, s.scope)
		if !ok || len(expanded.Words) == 0 {
			s.expose = append(s.expose, at[string]{line, "", !ok})
		}
		for _, each := range expanded.Words {
			s.expose = append(s.expose, at[string]{line, each, !ok})
		}
	}
}

// resolve returns the path that a WORKDIR leads to from the one before it.
func resolve(before, next string) string {
	if path.IsAbs(next) {
		return path.Clean(next)
	}
	return path.Join(before, next)
}
