package cfn

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Canonical returns a copy of a value in which what CloudFormation takes as equal
// is equal: numbers and booleans as text, Fn::GetAtt as a list, Fn::Sub as the
// Fn::Join that it stands for, an Fn::Join of texts as their text, and a policy
// document that is given as a text as the object that it is.
//
// Source: CloudFormation User Guide, "Intrinsic function reference".
func Canonical(value any) any {
	switch v := value.(type) {
	case string:
		return policyText(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = Canonical(element)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, inner := range v {
			object[name] = Canonical(inner)
		}
		if IsIntrinsic(object) {
			return canonicalIntrinsic(object)
		}
		return object
	}
	return value
}

// policyText returns the policy document of a JSON text, or the text where it is
// none.
func policyText(text string) any {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || !strings.Contains(text, statementKey) {
		return text
	}
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil || !IsPolicy(object) {
		return text
	}
	return Canonical(object)
}

func canonicalIntrinsic(object map[string]any) any {
	if text, isText := object["Fn::GetAtt"].(string); isText {
		id, attribute, _ := strings.Cut(text, ".")
		return getAtt(id, attribute)
	}
	if attribute, isList := object["Fn::GetAtt"].([]any); isList && len(attribute) == 2 {
		// An attribute may itself be a reference; only texts have one spelling.
		return object
	}
	if sub, has := object["Fn::Sub"]; has {
		if parts, understood := substitution(sub); understood {
			return joined(parts)
		}
	}
	if list, isList := object["Fn::Join"].([]any); isList && len(list) == 2 {
		separator, isText := list[0].(string)
		parts, isList := list[1].([]any)
		if isText && isList {
			return joined(separated(parts, separator))
		}
	}
	return object
}

func getAtt(id, attribute string) any {
	return map[string]any{"Fn::GetAtt": []any{id, attribute}}
}

// placeholder matches what Fn::Sub puts a value in the place of.
var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// substitution returns the parts of an Fn::Sub: texts, and what it refers to.
func substitution(sub any) (parts []any, understood bool) {
	text, isText := sub.(string)
	variables := map[string]any{}
	if list, isList := sub.([]any); isList && len(list) == 2 {
		text, isText = list[0].(string)
		variables, _ = list[1].(map[string]any)
	}
	if !isText {
		return nil, false
	}
	for text != "" {
		at := placeholder.FindStringIndex(text)
		if at == nil {
			return append(parts, text), true
		}
		name := strings.TrimSpace(text[at[0]+2 : at[1]-1])
		parts = append(parts, text[:at[0]])
		id, attribute, isAttribute := strings.Cut(name, ".")
		given, isVariable := variables[name]
		switch {
		case strings.HasPrefix(name, "!"):
			parts = append(parts, "${"+name[1:]+"}")
		case isVariable:
			parts = append(parts, given)
		case isAttribute:
			parts = append(parts, getAtt(id, attribute))
		default:
			parts = append(parts, map[string]any{"Ref": name})
		}
		text = text[at[1]:]
	}
	return parts, true
}

func separated(parts []any, separator string) []any {
	var all []any
	for i, part := range parts {
		if i > 0 {
			all = append(all, separator)
		}
		all = append(all, part)
	}
	return all
}

// joined returns the value that parts make together: a text where all are, the
// part where there is one, and else an Fn::Join without a separator.
func joined(parts []any) any {
	var all []any
	for _, part := range parts {
		if inner, isJoin := part.(map[string]any); isJoin && IsIntrinsic(inner) {
			if list, isList := inner["Fn::Join"].([]any); isList && len(list) == 2 && list[0] == "" {
				if more, isList := list[1].([]any); isList {
					all = append(all, more...)
					continue
				}
			}
		}
		all = append(all, part)
	}
	var merged []any
	for _, part := range all {
		text, isText := part.(string)
		if isText && text == "" {
			continue
		}
		if before := len(merged) - 1; isText && before >= 0 {
			if last, isText := merged[before].(string); isText {
				merged[before] = last + text
				continue
			}
		}
		merged = append(merged, part)
	}
	switch {
	case len(merged) == 0:
		return ""
	case len(merged) == 1:
		return merged[0]
	}
	return map[string]any{"Fn::Join": []any{"", merged}}
}

// Symbol returns a canonical value as one text in which what it refers to stands
// as "${ID}" or "${ID.Attribute}", so that patterns can be compared with it.
func Symbol(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		if !IsIntrinsic(v) {
			break
		}
		if id, isText := v["Ref"].(string); isText {
			return "${" + id + "}"
		}
		if list, isList := v["Fn::GetAtt"].([]any); isList {
			return "${" + strings.Join(Texts(list), ".") + "}"
		}
		if list, isList := v["Fn::Join"].([]any); isList && len(list) == 2 && list[0] == "" {
			parts, _ := list[1].([]any)
			var text strings.Builder
			for _, part := range parts {
				text.WriteString(Symbol(part))
			}
			return text.String()
		}
	}
	return "${" + Text(value) + "}"
}

// JSON returns a value's JSON text, whose objects have their names in order, so
// that equal values have equal texts.
func JSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return Text(value) // No value of a template: those come from JSON.
	}
	return string(text)
}

// Canonical returns a copy of the template whose values are canonical, without
// metadata, which changes no resource.
func (t Template) Canonical() Template {
	rest, _ := Canonical(t.Rest).(map[string]any)
	to := Template{Resources: make(map[string]Resource, len(t.Resources)), Rest: rest}
	delete(to.Rest, "Metadata")
	for id, r := range t.Resources {
		r.Properties, _ = Canonical(r.Properties).(map[string]any)
		r.Attributes, _ = Canonical(r.Attributes).(map[string]any)
		delete(r.Attributes, "Metadata")
		if on := slices.Clone(List(r.Attributes["DependsOn"])); on != nil {
			slices.SortFunc(on, func(a, b any) int { return strings.Compare(JSON(a), JSON(b)) })
			r.Attributes["DependsOn"] = on
		}
		to.Resources[id] = r
	}
	return to
}
