package imagecontract

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/util/suggest"
)

// scope is what a word may refer to: names and values.
type scope map[string]string

// globalScope returns what BuildKit, not the file, sets before the first FROM.
// The values depend on the build, so a reference stays as it is.
func globalScope() scope {
	global := scope{}
	for _, name := range []string{"PLATFORM", "OS", "ARCH", "VARIANT"} {
		global["BUILD"+name] = "$BUILD" + name
		global["TARGET"+name] = "$TARGET" + name
	}
	return global
}

// imageScope returns what a stage on an image begins with. Only the image knows
// its PATH, so a reference to it stays as it is.
func imageScope() scope { return scope{"PATH": "$PATH"} }

// environ returns the scope as BuildKit's lexer takes it.
func (s scope) environ() shell.EnvGetter {
	list := make([]string, 0, len(s))
	for _, name := range slices.Sorted(maps.Keys(s)) {
		list = append(list, name+"="+s[name])
	}
	return shell.EnvsFromSlice(list)
}

// word is a word of an instruction, to be expanded.
type word struct {
	line        int
	instruction string
	text        string
}

// expand replaces a word's variables as BuildKit does: by nothing where none
// is set. It returns the text whole and split at unquoted spaces, and false
// after an error, which it records.
func (r *reader) expand(w word, known scope) (shell.ProcessWordResult, bool) {
	result, err := r.lex.ProcessWordWithMatches(w.text, known.environ())
	if err != nil {
		r.problems.add(w.line, "%s %q: can't be expanded: mend the expression", w.instruction, w.text)
		return shell.ProcessWordResult{}, false
	}
	return result, true
}

// withModifier matches references that say what to do if a variable isn't set.
var withModifier = regexp.MustCompile(`\$\{\w+[^\w}][^}]*\}`)

// variable matches a plain reference.
var variable = regexp.MustCompile(`\$\{?(\w+)`)

// require is expand where an unset variable can only be a mistake.
func (r *reader) require(w word, known scope) (shell.ProcessWordResult, bool) {
	result, ok := r.expand(w, known)
	plain := withModifier.ReplaceAllString(w.text, "")
	for _, match := range variable.FindAllStringSubmatch(plain, -1) {
		if _, unset := result.Unmatched[match[1]]; unset {
			r.problems.add(w.line, "%s %q: %s", w.instruction, w.text, unsetFault(w.instruction, match[1], known))
			delete(result.Unmatched, match[1])
			ok = false
		}
	}
	return result, ok
}

// unsetFault says that nothing sets a variable, and the remedy.
func unsetFault(instruction, name string, known scope) string {
	setters, remedy := "ENV or ARG", "set it above, by ENV or by an ARG with a default"
	switch instruction {
	case "FROM":
		setters, remedy = "ARG before the first FROM", "declare it there, with a default"
	case "HEALTHCHECK":
		setters, remedy = "ENV", "set it by ENV, since an ARG is gone when the image runs"
	}
	if near, ok := suggest.Search(name, slices.Sorted(maps.Keys(known)), true); ok {
		return fmt.Sprintf("no %s sets %s (did you mean %s?)", setters, name, near)
	}
	return fmt.Sprintf("no %s sets %s: %s", setters, name, remedy)
}

// declare adds an ARG's variables as a build without --build-arg does: with the
// default, else that of the same ARG before the first FROM, else not at all.
func (r *reader) declare(into, global scope, arg *instructions.ArgCommand) {
	line := lineOf(arg.Location())
	for _, pair := range arg.Args {
		r.refuseSecret(line, "ARG", pair.Key)
		if pair.Value != nil {
			if value, ok := r.expand(word{line, "ARG", *pair.Value}, into); ok {
				into[pair.Key] = value.Result
			}
		} else if value, ok := global[pair.Key]; ok {
			into[pair.Key] = value
		}
	}
}

// setEnv adds ENV's variables. Those of one instruction don't see each other.
func (r *reader) setEnv(s *stage, env *instructions.EnvCommand) {
	line, before := lineOf(env.Location()), maps.Clone(s.scope)
	for _, pair := range env.Env {
		name, nameOK := r.expand(word{line, "ENV", pair.Key}, before)
		value, valueOK := r.expand(word{line, "ENV", pair.Value}, before)
		if nameOK && valueOK {
			r.refuseSecret(line, "ENV", name.Result)
			s.env[name.Result], s.scope[name.Result] = value.Result, value.Result
		}
	}
}
