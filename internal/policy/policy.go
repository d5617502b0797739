// Package policy holds the rules that every synthesized template must keep:
// Security Hub's controls, and what this project promises beyond them.
// Each rule has a page in docs/rules.
package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Rule is one thing that must hold of a template.
type Rule struct {
	// ID names the rule and its page, docs/rules/ID.md.
	ID string
	// Demand says what must hold, in a few words.
	Demand string
	check  func(Template) []Violation
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

// Template is a CloudFormation template, as far as rules look at it.
type Template struct {
	Resources map[string]Resource
}

// Resource is a resource of a template.
type Resource struct {
	Type                                string
	Properties                          map[string]any
	DeletionPolicy, UpdateReplacePolicy string
}

// ReadTemplate returns the template of a JSON text.
func ReadTemplate(text []byte) (Template, error) {
	var t Template
	if err := json.Unmarshal(text, &t); err != nil {
		return Template{}, fmt.Errorf("not a template: %w", err)
	}
	return t, nil
}

// Check returns every violation of every rule, in the order of the rules.
func Check(t Template) []Violation {
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

// resource is a resource with its logical ID.
type resource struct {
	id string
	Resource
}

// each makes a rule of what must hold of each resource of one type. The check
// returns the property and the fault, or nothing.
func each(kind string, check func(r resource) []Violation) func(Template) []Violation {
	return func(t Template) []Violation {
		var found []Violation
		for _, r := range t.of(kind) {
			for _, v := range check(r) {
				v.Resource = r.id
				found = append(found, v)
			}
		}
		return found
	}
}

// byType names each violation after its resource's type, where an acknowledgement
// is of all resources of the type or of none.
func byType(check func(Template) []Violation) func(Template) []Violation {
	return func(t Template) []Violation {
		found := check(t)
		for i := range found {
			found[i].Subject = t.Resources[found[i].Resource].Type
		}
		return found
	}
}

// of returns the resources of one type, by logical ID.
func (t Template) of(kind string) []resource {
	var found []resource
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if t.Resources[id].Type == kind {
			found = append(found, resource{id, t.Resources[id]})
		}
	}
	return found
}

// at returns the value at a path of names, or nil.
func at(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// fault returns one violation of a property.
func fault(property, text string) []Violation {
	return []Violation{{Property: property, Fault: text}}
}

// wants returns a violation unless the property has one of the values.
func wants(r resource, property, remedy string, values ...any) []Violation {
	value := at(r.Properties, strings.Split(property, ".")...)
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

// list returns a list, or one value as a list.
func list(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}
