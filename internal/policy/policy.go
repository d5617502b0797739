// Package policy holds the rules that every synthesized template must keep:
// Security Hub's controls, and what this project promises beyond them.
// Each rule has a page in docs/rules.
package policy

import (
	"fmt"

	"benchlingwebhook/internal/cfn"
)

// Rule is one thing that must hold of a template.
type Rule struct {
	// ID names the rule and its page, docs/rules/ID.md.
	ID string
	// Demand says what must hold, in a few words.
	Demand string
	// check sees one case of the template, as cfn.Cases says: a value that isn't
	// decided is a text that equals no other.
	check func(cfn.Template) []Violation
}

// Violation is one place where a rule doesn't hold.
type Violation struct {
	// Rule is the rule's ID.
	Rule string
	// Resource is the logical ID of the resource; empty for the template itself.
	Resource string
	// Property is where in the resource, such as "ContainerDefinitions[web].User". A
	// statement is named by its action.
	Property string
	// Fault says what is wrong, and the remedy.
	Fault string
}

// Name identifies the violation for an acknowledgement, which excuses one property of
// one resource, such as "ECS5[Task.ContainerDefinitions[web].User]".
func (v Violation) Name() string {
	if v.Resource == "" {
		return fmt.Sprintf("%s[%s]", v.Rule, v.Property)
	}
	return fmt.Sprintf("%s[%s.%s]", v.Rule, v.Resource, v.Property)
}

// String returns the violation in one line.
func (v Violation) String() string { return v.Name() + ": " + v.Fault }

// Check returns every violation of every rule in any case of the template, in the
// order of the rules.
func Check(t cfn.Template) []Violation {
	cases, problems := cfn.Cases(t)
	var found []Violation
	seen := map[Violation]bool{}
	add := func(violations []Violation, rule string) {
		for _, v := range violations {
			v.Rule = rule
			v.Property, v.Fault = cfn.Shown(v.Property), cfn.Shown(v.Fault)
			if !seen[v] {
				seen[v] = true
				found = append(found, v)
			}
		}
	}
	for _, rule := range Rules {
		for _, decided := range cases {
			add(rule.check(decided), rule.ID)
		}
		if rule.ID == shownRule {
			add(notShown(problems), rule.ID)
		}
	}
	return found
}

// each makes a rule of what must hold of each resource of the types. The check
// returns the property and the fault, or nothing.
func each(check func(r cfn.Resource) []Violation, kinds ...string) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		var found []Violation
		for _, kind := range kinds {
			for _, r := range t.OfType(kind) {
				found = append(found, of(r, check(r))...)
			}
		}
		return found
	}
}

// every makes a rule of what must hold of each resource of any type.
func every(check func(r cfn.Resource) []Violation) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		var found []Violation
		for _, r := range t.All() {
			found = append(found, of(r, check(r))...)
		}
		return found
	}
}

// both makes one rule of several.
func both(checks ...func(cfn.Template) []Violation) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		var found []Violation
		for _, check := range checks {
			found = append(found, check(t)...)
		}
		return found
	}
}

// of makes violations those of a resource.
func of(r cfn.Resource, found []Violation) []Violation {
	for i := range found {
		found[i].Resource = r.ID
	}
	return found
}
