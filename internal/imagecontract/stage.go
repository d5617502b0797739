package imagecontract

import (
	"cmp"
	"maps"
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
}

// stage is what the instructions of one stage add up to.
type stage struct {
	line    int
	env     map[string]string
	args    map[string]string
	expose  []at[string]
	user    at[string]
	workdir string
	volumes []string
	health  *at[*instructions.HealthCheckCommand]
	// command and entrypoint hold the exec or shell form as written.
	command, entrypoint *at[instructions.ShellDependantCmdLine]
}

// reader walks the stages of one Dockerfile.
type reader struct {
	lex      *shell.Lex
	problems *problems
	byName   map[string]*stage
	bases    []BaseImage
}

func (r *reader) readStages(stages []instructions.Stage, globals []instructions.ArgCommand) *stage {
	global := map[string]string{}
	for _, arg := range globals {
		r.declare(global, global, nil, arg)
	}
	var last *stage
	for i, parsed := range stages {
		last = r.readStage(i, parsed, global)
	}
	return last
}

// readStage applies the instructions of one stage to what its parent left.
func (r *reader) readStage(index int, parsed instructions.Stage, global map[string]string) *stage {
	line := lineOf(parsed.Location)
	current := r.parent(index, parsed, line, global)
	for _, command := range parsed.Commands {
		r.apply(current, command, global)
	}
	r.byName[strconv.Itoa(index)] = current
	if parsed.Name != "" {
		r.byName[strings.ToLower(parsed.Name)] = current
	}
	return current
}

// parent returns the state that a stage begins with: a copy of an earlier
// stage's, or nothing on an image, which is recorded and checked.
func (r *reader) parent(index int, parsed instructions.Stage, line int, global map[string]string) *stage {
	reference := r.expand(line, "FROM", parsed.BaseName, global)
	if earlier, ok := r.byName[strings.ToLower(reference)]; ok {
		next := *earlier
		next.line = line
		next.env = maps.Clone(earlier.env)
		next.args = map[string]string{}
		next.expose = slices.Clone(earlier.expose)
		next.volumes = slices.Clone(earlier.volumes)
		return &next
	}
	if reference != "" && !strings.EqualFold(reference, "scratch") {
		r.addBase(cmp.Or(parsed.Name, strconv.Itoa(index)), reference, line)
	}
	return &stage{line: line, env: map[string]string{}, args: map[string]string{}, workdir: "/"}
}

// addBase records a base image that is pinned by digest, to the same digest as
// the same image in other stages.
func (r *reader) addBase(name, reference string, line int) {
	repository, digest, pinned := strings.Cut(reference, "@")
	if !pinned || !strings.HasPrefix(digest, "sha256:") {
		r.problems.add(line, "FROM %q: the base is not pinned: append @sha256:… of the release that you tested", reference)
		return
	}
	for _, other := range r.bases {
		otherRepository, _, _ := strings.Cut(other.Reference, "@")
		if untagged(otherRepository) == untagged(repository) && other.Digest != digest {
			r.problems.add(line, "FROM %q: stage %q has the same base with another digest at line %d: use one digest in all stages", reference, other.Stage, other.Line)
			break
		}
	}
	r.bases = append(r.bases, BaseImage{Stage: name, Reference: reference, Digest: digest, Line: line})
}

// untagged returns a reference without its tag, which a digest overrides.
func untagged(reference string) string {
	if colon := strings.LastIndex(reference, ":"); colon > strings.LastIndex(reference, "/") {
		return reference[:colon]
	}
	return reference
}

// apply adds one instruction to the stage.
func (r *reader) apply(s *stage, command instructions.Command, global map[string]string) {
	line := lineOf(command.Location())
	switch c := command.(type) {
	case *instructions.ArgCommand:
		r.declare(s.args, s.variables(), global, *c)
	case *instructions.EnvCommand:
		variables := s.variables()
		for _, pair := range c.Env {
			r.refuseSecret(line, "ENV", pair.Key)
			s.env[pair.Key] = r.expand(line, "ENV", pair.Value, variables)
		}
	case *instructions.ExposeCommand:
		for _, port := range c.Ports {
			s.expose = append(s.expose, at[string]{line, r.expand(line, "EXPOSE", port, s.variables())})
		}
	case *instructions.UserCommand:
		s.user = at[string]{line, r.expand(line, "USER", c.User, s.variables())}
	case *instructions.WorkdirCommand:
		s.workdir = join(s.workdir, r.expand(line, "WORKDIR", c.Path, s.variables()))
	case *instructions.VolumeCommand:
		for _, volume := range c.Volumes {
			s.volumes = append(s.volumes, r.expand(line, "VOLUME", volume, s.variables()))
		}
	case *instructions.HealthCheckCommand:
		s.health = &at[*instructions.HealthCheckCommand]{line, c}
	case *instructions.CmdCommand:
		s.command = &at[instructions.ShellDependantCmdLine]{line, c.ShellDependantCmdLine}
	case *instructions.EntrypointCommand:
		// As in Docker, ENTRYPOINT drops a CMD of the parent.
		s.entrypoint = &at[instructions.ShellDependantCmdLine]{line, c.ShellDependantCmdLine}
		if s.command != nil && s.command.line < s.line {
			s.command = nil
		}
	case *instructions.AddCommand:
		r.refuseURL(line, c.SourcePaths)
	}
}

// declare adds the variables of an ARG: the default as expanded, the global
// default where the stage declares without one, or empty, as for a build
// without --build-arg.
func (r *reader) declare(into, variables, global map[string]string, arg instructions.ArgCommand) {
	line := lineOf(arg.Location())
	for _, pair := range arg.Args {
		r.refuseSecret(line, "ARG", pair.Key)
		switch {
		case pair.Value != nil:
			into[pair.Key] = r.expand(line, "ARG", *pair.Value, variables)
		default:
			into[pair.Key] = global[pair.Key]
		}
	}
}

// variables are what a word of the stage may refer to; ENV overrides ARG.
func (s *stage) variables() map[string]string {
	all := map[string]string{}
	maps.Copy(all, s.args)
	maps.Copy(all, s.env)
	return all
}

func lineOf(ranges []parser.Range) int {
	if len(ranges) == 0 {
		return 1
	}
	return ranges[0].Start.Line
}

func sortByLine(found []problem) {
	slices.SortStableFunc(found, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
}
