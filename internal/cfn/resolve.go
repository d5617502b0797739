package cfn

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

var (
	// variables are those of Fn::Sub; one that begins with ! is a literal.
	variables = regexp.MustCompile(`\$\{([^}]*)\}`)
	// dynamic are dynamic references, which CloudFormation resolves when it deploys.
	dynamic = regexp.MustCompile(`\{\{(resolve:[^}]*)\}\}`)
)

// pseudo are the pseudo parameters that have a value for each stack.
//
// Source: AWS CloudFormation's guide, "Pseudo parameters reference".
var pseudo = []string{"AWS::AccountId", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"}

// resolve returns a value as it is in this case; set is false for AWS::NoValue. An
// evaluator of conditions alone keeps every other function as it is written.
func (e *evaluator) resolve(value any) (resolved any, set bool) {
	switch v := value.(type) {
	case string:
		if e.conditionsOnly {
			return v, true
		}
		return dynamicText(v), true
	case []any:
		list := make([]any, 0, len(v))
		for _, element := range v {
			if inner, isSet := e.resolve(element); isSet {
				list = append(list, inner)
			}
		}
		return list, true
	case map[string]any:
		if IsIntrinsic(v) && (!e.conditionsOnly || isConditional(v)) {
			for name, argument := range v {
				return e.call(name, argument)
			}
		}
		object := make(map[string]any, len(v))
		for name, element := range v {
			if strings.HasPrefix(name, "Fn::") && !e.conditionsOnly {
				e.problem(e.resource, name+" beside other names: it makes what the template doesn't show")
				return undecided(name), true
			}
			if inner, isSet := e.resolve(element); isSet {
				object[name] = inner
			}
		}
		return object, true
	}
	return value, true
}

// isConditional reports whether an intrinsic function is what a condition decides: an
// Fn::If, or the AWS::NoValue that stands in one.
func isConditional(function map[string]any) bool {
	list, _ := function["Fn::If"].([]any)
	return len(list) == 3 || function["Ref"] == "AWS::NoValue"
}

func dynamicText(text string) string {
	if !strings.Contains(text, "{{resolve:") {
		return text
	}
	return dynamic.ReplaceAllString(text, undecidedOpen+"$1"+undecidedClose)
}

// call returns what an intrinsic function makes in this case.
func (e *evaluator) call(name string, argument any) (any, bool) {
	list, _ := argument.([]any)
	switch {
	case name == "Ref":
		return e.ref(argument)
	case name == "Fn::If" && len(list) == 3:
		if e.holds(list[0]) {
			return e.resolve(list[1])
		}
		return e.resolve(list[2])
	case name == "Fn::GetAtt":
		return e.attribute(argument), true
	case name == "Fn::Sub":
		return e.sub(argument), true
	case name == "Fn::Join" && len(list) == 2:
		return e.join(list[0], list[1]), true
	case name == "Fn::Select" && len(list) == 2:
		return e.selected(list[0], list[1]), true
	case name == "Fn::FindInMap" && len(list) >= 3:
		return e.mapped(list), true
	case name == "Fn::Split" && len(list) == 2:
		return e.split(list[0], list[1]), true
	case name == "Fn::Base64":
		return e.resolve(argument)
	case name == "Fn::GetAZs":
		return Reference(name), true
	case name == "Fn::ToJsonString":
		inner, _ := e.resolve(argument)
		text, _ := json.Marshal(inner)
		return string(text), true
	case name == "Fn::ImportValue" || name == "Fn::Cidr":
		return undecided(name), true
	}
	e.problem(e.resource, name+": it makes what the template doesn't show")
	return undecided(name), true
}

func (e *evaluator) ref(argument any) (any, bool) {
	name, isName := argument.(string)
	switch {
	case !isName:
		e.problem(e.resource, "Ref "+Text(argument)+": it must be a name")
		return undecided("Ref"), true
	case name == "AWS::NoValue":
		return nil, false
	case slices.Contains(pseudo, name) || e.isResource(name):
		return Reference(name), true
	case e.allowed(name) != nil:
		return e.choose("parameter "+name, e.allowed(name)...), true
	case len(e.compared[name]) > 0:
		if chosen := e.operand(map[string]any{"Ref": name}); chosen != none {
			return chosen, true
		}
	}
	return undecided(name), true
}

func (e *evaluator) isResource(name string) bool {
	_, known := e.from.Resources[name]
	return known
}

// attribute returns an attribute of a resource, which the template needn't have: a
// part of one may be resolved.
func (e *evaluator) attribute(argument any) any {
	if name, isText := argument.(string); isText {
		return Reference(name)
	}
	parts, _ := e.resolve(argument)
	names := Texts(List(parts))
	if len(names) != 2 || IsUndecided(names[1]) {
		e.problem(e.resource, "Fn::GetAtt "+Text(argument)+": it must be a resource and an attribute")
		return undecided("Fn::GetAtt")
	}
	return Reference(strings.Join(names, "."))
}

func (e *evaluator) sub(argument any) any {
	list := List(argument)
	var text string
	isText := false
	if len(list) > 0 {
		text, isText = list[0].(string)
	}
	if !isText || len(list) > 2 {
		e.problem(e.resource, "Fn::Sub "+Text(argument)+": it must be a text")
		return undecided("Fn::Sub")
	}
	own := map[string]any{}
	if len(list) == 2 {
		own, _ = list[1].(map[string]any)
	}
	return dynamicText(variables.ReplaceAllStringFunc(text, func(variable string) string {
		name := variable[2 : len(variable)-1]
		if literal, isLiteral := strings.CutPrefix(name, "!"); isLiteral {
			return "${" + literal + "}"
		}
		var value any
		switch given, isOwn := own[name]; {
		case isOwn:
			value, _ = e.resolve(given)
		case strings.Contains(name, ".") && !strings.Contains(name, "::"):
			value = e.attribute(name)
		default:
			value, _ = e.ref(name)
		}
		return e.part(value)
	}))
}

// part returns a value as a part of a text.
func (e *evaluator) part(value any) string {
	if text, isScalar := Scalar(value); isScalar {
		return text
	}
	return undecided("a list")
}

func (e *evaluator) join(separator, list any) any {
	by, _ := e.resolve(separator)
	parts, _ := e.resolve(list)
	elements, isList := parts.([]any)
	if !isList {
		return undecided("Fn::Join")
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		texts[i] = e.part(element)
	}
	return dynamicText(strings.Join(texts, e.part(by)))
}
