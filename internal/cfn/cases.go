package cfn

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// maxCases and maxChoices bound the templates of Cases, and the choices that are
// tried to find them.
const maxCases, maxChoices = 128, 8192

// Problem is a place of a template that can't be resolved.
type Problem struct{ Resource, Fault string }

// Cases returns what a template can be when it is deployed: a template without
// conditions and intrinsic functions for each choice of conditions and allowed values
// of parameters. A condition is chosen once for the whole of a case, and what isn't
// there in a case is left out. Texts hold references as Reference says. What can't be
// resolved is undecided, and a problem where it is not a value alone.
func Cases(t Template) ([]Template, []Problem) {
	e := newEvaluator(t)
	var cases []Template
	complete := e.eachChoice(func() bool {
		if len(cases) < maxCases {
			cases = append(cases, e.template())
		}
		return len(cases) < maxCases
	})
	if !complete {
		e.problem("", fmt.Sprintf("more than %d cases of its conditions and parameters: use fewer", maxCases))
	}
	return cases, e.sortedProblems()
}

// evaluator resolves one template; its choices change from case to case.
type evaluator struct {
	from       Template
	conditions map[string]any
	parameters map[string]any
	mappings   map[string]any
	// compared are the literals that conditions compare a parameter with.
	compared map[string][]any
	// choices are what is chosen in this case, in the order of asking.
	order   []string
	choices map[string]*choice
	// evaluating are the conditions that are being evaluated.
	evaluating map[string]bool
	// resource is what is being resolved.
	resource string
	problems map[Problem]bool
	quiet    bool
	// conditionsOnly keeps what isn't decided by a condition as it is written.
	conditionsOnly bool
}

type choice struct {
	options []any
	chosen  int
}

func newEvaluator(t Template) *evaluator {
	e := &evaluator{
		from: t, compared: map[string][]any{}, choices: map[string]*choice{}, problems: map[Problem]bool{},
		evaluating: map[string]bool{},
	}
	e.conditions, _ = t.Rest["Conditions"].(map[string]any)
	e.parameters, _ = t.Rest["Parameters"].(map[string]any)
	e.mappings, _ = t.Rest["Mappings"].(map[string]any)
	e.findCompared(t.Rest["Conditions"])
	return e
}

// choose returns the option of this case for a name, the same each time.
func (e *evaluator) choose(name string, options ...any) any {
	known, asked := e.choices[name]
	if !asked {
		known = &choice{options: options}
		e.choices[name] = known
		e.order = append(e.order, name)
	}
	return known.options[known.chosen]
}

// next goes to the next choice; false after the last one.
func (e *evaluator) next() bool {
	for len(e.order) > 0 {
		last := e.choices[e.order[len(e.order)-1]]
		if last.chosen++; last.chosen < len(last.options) {
			return true
		}
		delete(e.choices, e.order[len(e.order)-1])
		e.order = e.order[:len(e.order)-1]
	}
	return false
}

// eachChoice calls visit once for each combination of what the resources depend on;
// false if it or visit stopped before the last.
func (e *evaluator) eachChoice(visit func() bool) bool {
	uses := e.uses()
	seen := map[string]bool{}
	for range maxChoices {
		text, _ := json.Marshal(e.outcome(uses))
		if !seen[string(text)] {
			seen[string(text)] = true
			if !visit() {
				return false
			}
		}
		if !e.next() {
			return true
		}
	}
	return false
}

// outcome is what the resources depend on, as it is in this case.
func (e *evaluator) outcome(uses []use) []any {
	// What is wrong is found again, with its resource, by template.
	e.quiet = true
	defer func() { e.quiet = false }()
	outcome := make([]any, len(uses))
	for i, u := range uses {
		switch u.kind {
		case "condition":
			outcome[i] = e.holds(u.value)
		default:
			outcome[i], _ = e.resolve(u.value)
		}
	}
	return outcome
}

// use is something that resources depend on: a condition by name, or the call of an
// intrinsic function that may have several values.
type use struct {
	kind  string
	value any
}

func (e *evaluator) uses() []use {
	found := map[string]use{}
	add := func(kind string, value any) {
		text, _ := json.Marshal(value)
		found[kind+string(text)] = use{kind, value}
	}
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case []any:
			for _, element := range v {
				walk(element)
			}
		case map[string]any:
			for name, inner := range v {
				switch {
				case name == "Fn::If":
					if list := List(inner); len(list) > 0 {
						add("condition", list[0])
					}
				case e.conditionsOnly:
				case name == "Ref" || name == "Fn::FindInMap":
					add("value", map[string]any{name: inner})
				case name == "Fn::Sub":
					for _, match := range variables.FindAllStringSubmatch(Text(inner), -1) {
						add("value", map[string]any{"Ref": match[1]})
					}
				}
				walk(inner)
			}
		}
	}
	for _, r := range e.from.Resources {
		if condition := r.Attributes["Condition"]; condition != nil {
			add("condition", condition)
		}
		walk(r.Properties)
		walk(r.Attributes)
	}
	var uses []use
	for _, name := range slices.Sorted(maps.Keys(found)) {
		uses = append(uses, found[name])
	}
	return uses
}

// template returns the template of this case.
func (e *evaluator) template() Template {
	to := Template{Resources: map[string]Resource{}, Rest: e.from.Rest}
	for id, r := range e.from.Resources {
		if condition := r.Attributes["Condition"]; condition != nil && !e.holds(condition) {
			continue
		}
		e.resource = id
		properties, _ := e.resolve(anyMap(r.Properties))
		attributes, _ := e.resolve(anyMap(r.Attributes))
		resolved := Resource{ID: id, Type: r.Type}
		resolved.Properties, _ = properties.(map[string]any)
		resolved.Attributes, _ = attributes.(map[string]any)
		to.Resources[id] = resolved
	}
	e.resource = ""
	return to
}

// anyMap returns a map that isn't nil.
func anyMap(object map[string]any) any {
	if object == nil {
		return map[string]any{}
	}
	return object
}

func (e *evaluator) problem(resource, fault string) {
	if !e.quiet {
		e.problems[Problem{resource, fault}] = true
	}
}

func (e *evaluator) sortedProblems() []Problem {
	return slices.SortedFunc(maps.Keys(e.problems), func(a, b Problem) int {
		return slices.Compare([]string{a.Resource, a.Fault}, []string{b.Resource, b.Fault})
	})
}
