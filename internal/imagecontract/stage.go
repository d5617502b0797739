package imagecontract

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/util/system"
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
	line       int
	index      int
	name       string     // or the index, where it has none
	base       at[string] // the image below all its stages
	platform   platform
	env        map[string]string // the image's
	scope      scope             // env, and the ARGs
	expose     []at[string]
	exposeNone at[string] // an EXPOSE whose variables are empty
	user       at[string]
	workdir    string
	volumes    []string
	health     at[*instructions.HealthCheckCommand]
	// command and entrypoint hold the exec or shell form as written.
	command, entrypoint at[instructions.ShellDependantCmdLine]
	triggers            []at[string] // ONBUILD
	stopSignal          at[string]
}

// reader walks the stages of one Dockerfile.
type reader struct {
	lex      *shell.Lex
	problems *problems
	// architecture is one of Architectures.
	architecture string
	global       scope
	byName       map[string]*stage
	bases        []BaseImage
	uses         []imageUse
}

// readStages returns the final stage.
func (r *reader) readStages(stages []instructions.Stage, globals []instructions.ArgCommand) *stage {
	r.global = globalScope()
	for i := range globals {
		r.declare(r.global, nil, &globals[i])
	}
	var last *stage
	for i := range stages {
		last = r.readStage(i, &stages[i])
	}
	return last
}

// readStage applies the instructions of one stage to what its parent left.
func (r *reader) readStage(index int, parsed *instructions.Stage) *stage {
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
func (r *reader) begin(index int, parsed *instructions.Stage) *stage {
	line, number := lineOf(parsed.Location), strconv.Itoa(index)
	image, ok := r.require(word{line, "FROM", parsed.BaseName}, r.global)
	base := r.onArchitecture(image.Result)
	next := &stage{
		line: line, index: index, name: cmp.Or(parsed.Name, number), base: at[string]{line, base, !ok},
		env: map[string]string{}, scope: imageScope(), workdir: "/",
	}
	if earlier, isStage := r.byName[base]; isStage {
		next = r.inherit(earlier, *next)
	} else if ok && base != scratch {
		next.base.refused = !r.addBase(number, parsed.Name, base, line)
	}
	if own := r.readPlatform(line, parsed.Platform); own.text != "" {
		next.platform = own
	}
	return next
}

// inherit returns a copy of a stage at the place of its heir, after the
// instructions that the stage leaves to those built on it.
func (r *reader) inherit(earlier *stage, heir stage) *stage {
	next := *earlier
	next.line, next.index, next.name = heir.line, heir.index, heir.name
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
		if command, err = parseCommand(tree.AST.Children[0]); err == nil {
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
		next, _ := r.require(word{line, "WORKDIR", c.Path}, s.scope)
		s.workdir = resolve(s.workdir, next.Result)
	case *instructions.VolumeCommand:
		for _, volume := range c.Volumes {
			r.addVolume(s, line, volume)
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
		r.refuseURL(s, line, c)
	case *instructions.CopyCommand:
		r.copyFrom(s, line, c.From)
	case *instructions.RunCommand:
		r.mountsFrom(s, line, c)
	case *instructions.StopSignalCommand:
		signal, ok := r.require(word{line, "STOPSIGNAL", c.Signal}, s.scope)
		s.stopSignal = at[string]{line, signal.Result, !ok}
	case *instructions.OnbuildCommand:
		s.triggers = append(s.triggers, at[string]{line: line, value: c.Expression})
	}
}

// addVolume adds a mount point, which must be an absolute path below the root.
func (r *reader) addVolume(s *stage, line int, text string) {
	volume, ok := r.require(word{line, "VOLUME", text}, s.scope)
	if ok && (!path.IsAbs(volume.Result) || path.Clean(volume.Result) == "/") {
		r.problems.add(line, "VOLUME %q: not an absolute path below /: write one, such as /data", volume.Result)
	}
	s.volumes = append(s.volumes, volume.Result)
}

// expose adds the ports of one EXPOSE, whose variables may hold several, or none.
func (r *reader) expose(s *stage, line int, ports []string) {
	for _, port := range ports {
		expanded, ok := r.require(word{line, "EXPOSE", port}, s.scope)
		if !ok {
			s.expose = append(s.expose, at[string]{line, "", true})
			continue
		}
		if len(expanded.Words) == 0 {
			s.exposeNone = at[string]{line: line, value: port}
		}
		for _, each := range expanded.Words {
			s.expose = append(s.expose, at[string]{line, each, false})
		}
	}
}

// resolve returns the path that a WORKDIR leads to from the one before it, by
// BuildKit's own rule.
func resolve(before, next string) string {
	if resolved, err := system.NormalizeWorkdir(before, next, "linux"); err == nil {
		return resolved
	}
	return path.Join(before, next)
}
