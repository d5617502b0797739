// Package templatediff tells a reviewer what a change does to deployed stacks:
// it compares CloudFormation templates and orders what differs by the harm that
// it can do.
package templatediff

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// none stands for a value that isn't set.
const none = "none"

// Template is a CloudFormation template.
type Template struct {
	// Resources are the template's, by logical ID.
	Resources map[string]Resource
	// Rest is everything else: outputs, parameters, and what CDK says of the
	// stack in the assembly, such as its termination protection.
	Rest map[string]any
}

// Resource is a resource as the template writes it: Type, Properties, policies.
type Resource map[string]any

// Type returns the resource's type, such as "AWS::S3::Bucket".
func (r Resource) Type() string {
	kind, _ := r["Type"].(string)
	return kind
}

// Properties returns the resource's properties; nil where it has none.
func (r Resource) Properties() map[string]any {
	properties, _ := r["Properties"].(map[string]any)
	return properties
}

// ReadTemplate returns the template of a JSON text.
func ReadTemplate(text []byte) (Template, error) {
	var t Template
	if err := json.Unmarshal(text, &t.Rest); err != nil {
		return Template{}, fmt.Errorf("not a template: %w; synthesize it anew", err)
	}
	var parts struct{ Resources map[string]Resource }
	if err := json.Unmarshal(text, &parts); err != nil {
		return Template{}, fmt.Errorf("resources: %w; synthesize it anew", err)
	}
	t.Resources = parts.Resources
	delete(t.Rest, "Resources")
	return t, nil
}

// leaf is the value of one property as a reader sees it.
type leaf struct {
	steps []string
	value string
}

// path returns the property's name, such as "ContainerDefinitions[web].User".
func path(steps []string) string {
	return strings.ReplaceAll(strings.Join(steps, "."), ".[", "[")
}

// leaves returns every property below value, by path. Policy documents are left
// out: they are compared statement by statement.
func leaves(value any, steps ...string) map[string]leaf {
	all := map[string]leaf{}
	collect(all, value, steps)
	return all
}

func collect(all map[string]leaf, value any, steps []string) {
	switch v := value.(type) {
	case map[string]any:
		if isPolicy(v) {
			return
		}
		if len(v) > 0 && !isIntrinsic(v) {
			for name, inner := range v {
				collect(all, inner, append(slices.Clone(steps), name))
			}
			return
		}
	case []any:
		if elements, keyed := byKey(v); keyed {
			for key, inner := range elements {
				collect(all, inner, append(slices.Clone(steps), "["+key+"]"))
			}
			return
		}
	}
	all[path(steps)] = leaf{steps: steps, value: show(value)}
}

// byKey returns a list's elements by what names them, so that one more element
// doesn't look like a change of those after it.
func byKey(list []any) (map[string]any, bool) {
	for _, key := range []string{"Name", "Key", "AttributeName"} {
		elements := map[string]any{}
		for _, element := range list {
			object, _ := element.(map[string]any)
			name, named := object[key].(string)
			if !named || elements[name] != nil {
				break
			}
			rest := maps.Clone(object)
			delete(rest, key)
			if value, only := rest["Value"]; only && len(rest) == 1 {
				elements[name] = value
			} else {
				elements[name] = rest
			}
		}
		if len(list) > 0 && len(elements) == len(list) {
			return elements, true
		}
	}
	return nil, false
}

func isPolicy(object map[string]any) bool {
	_, has := object["Statement"]
	return has
}

func isIntrinsic(object map[string]any) bool {
	for name := range object {
		return len(object) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::"))
	}
	return false
}

// show returns a value as a reader of the template would say it: a reference by
// its logical ID, joined text joined.
func show(value any) string {
	switch v := value.(type) {
	case nil:
		return none
	case string:
		if v == "" {
			return `""`
		}
		return v
	case []any:
		return "[" + strings.Join(showAll(v), ", ") + "]"
	case map[string]any:
		if isIntrinsic(v) {
			return showIntrinsic(v)
		}
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+": "+show(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, _ := json.Marshal(value) // A number or a boolean.
	return string(text)
}

func showAll(values []any) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = show(value)
	}
	return texts
}

func showIntrinsic(object map[string]any) string {
	for name, value := range object {
		list, _ := value.([]any)
		switch {
		case name == "Ref" || name == "Fn::Sub" && list == nil:
			return show(value)
		case name == "Fn::GetAtt" && list != nil:
			return strings.Join(showAll(list), ".")
		case name == "Fn::Join" && len(list) == 2:
			separator, _ := list[0].(string)
			if parts, isList := list[1].([]any); isList {
				return strings.Join(showAll(parts), separator)
			}
		}
		return strings.TrimPrefix(name, "Fn::") + show(value)
	}
	return none
}
