// Package policy holds the rules that every synthesized template must keep:
// Security Hub's controls, and what this project promises beyond them.
// Each rule has a page in docs/rules.
package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// Rule is one thing that must hold of a template.
type Rule struct {
	// ID names the rule and its page, docs/rules/ID.md.
	ID string
	// Demand says what must hold, in a few words.
	Demand string
	check  func(cfn.Template) []Violation
}

// Violation is one place where a rule doesn't hold.
type Violation struct {
	// Rule is the rule's ID.
	Rule string
	// Resource is the logical ID of the resource.
	Resource string
	// Subject is what an acknowledgement names: the action, where the rule is
	// about one, otherwise the resource.
	Subject string
	// Property is where in the resource, such as "ContainerDefinitions[web].User".
	Property string
	// Fault says what is wrong, and the remedy.
	Fault string
}

// Name identifies the violation for an acknowledgement, such as "ECS5[Task]".
func (v Violation) Name() string { return fmt.Sprintf("%s[%s]", v.Rule, v.Subject) }

// String returns the violation in one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s %s: %s", v.Name(), v.Resource, v.Property, v.Fault)
}

// Check returns every violation of every rule, in the order of the rules.
func Check(t cfn.Template) []Violation {
	var found []Violation
	for _, rule := range Rules {
		for _, v := range rule.check(t) {
			v.Rule = rule.ID
			if v.Subject == "" {
				v.Subject = v.Resource
			}
			found = append(found, v)
		}
	}
	return found
}

// each makes a rule of what must hold of each resource of one type. The check
// returns the property and the fault, or nothing.
func each(kind string, check func(r cfn.Resource) []Violation) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		var found []Violation
		for _, r := range t.OfType(kind) {
			for _, v := range check(r) {
				v.Resource = r.ID
				found = append(found, v)
			}
		}
		return found
	}
}

// byType names each violation after its resource's type, where an acknowledgement
// is of all resources of the type or of none.
func byType(check func(cfn.Template) []Violation) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		found := check(t)
		for i := range found {
			found[i].Subject = t.Resources[found[i].Resource].Type
		}
		return found
	}
}

// fault returns one violation of a property.
func fault(property, text string) []Violation {
	return []Violation{{Property: property, Fault: text}}
}

// wants returns a violation unless the property has one of the values.
func wants(r cfn.Resource, property, remedy string, values ...any) []Violation {
	value := cfn.At(r.Properties, strings.Split(property, ".")...)
	if slices.Contains(values, value) {
		return nil
	}
	return fault(property, fmt.Sprintf("%s: %s", show(value), remedy))
}

func show(value any) string {
	if value == nil {
		return "not set"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
