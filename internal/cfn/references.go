package cfn

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// None is what Text returns for a value that isn't set.
const None = "none"

// IsIntrinsic reports whether an object is a call of an intrinsic function: Ref, or
// one whose name begins with "Fn::".
func IsIntrinsic(object map[string]any) bool {
	for name := range object {
		return len(object) == 1 && (name == "Ref" || strings.HasPrefix(name, "Fn::"))
	}
	return false
}

// Text returns a value as a reader of the template would say it: Ref by the logical
// ID, Fn::GetAtt as "ID.Attribute", Fn::Join and Fn::Sub as the text that they
// make, and None for nil.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return None
	case string:
		if v == "" {
			return `""`
		}
		return v
	case []any:
		return "[" + strings.Join(Texts(v), ", ") + "]"
	case map[string]any:
		if IsIntrinsic(v) {
			return intrinsicText(v)
		}
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+": "+Text(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	text, _ := json.Marshal(value) // A number or a boolean.
	return string(text)
}

// Texts returns the text of each value.
func Texts(values []any) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = Text(value)
	}
	return texts
}

func intrinsicText(object map[string]any) string {
	for name, value := range object {
		list, _ := value.([]any)
		switch {
		case name == "Ref" || name == "Fn::Sub" && list == nil:
			return Text(value)
		case name == "Fn::GetAtt" && list != nil:
			return strings.Join(Texts(list), ".")
		case name == "Fn::Join" && len(list) == 2:
			separator, _ := list[0].(string)
			if parts, isList := list[1].([]any); isList {
				return strings.Join(Texts(parts), separator)
			}
		}
		return strings.TrimPrefix(name, "Fn::") + Text(value)
	}
	return None
}

// FirstReference returns the first of the logical IDs that the value refers to, by
// Ref, Fn::GetAtt or Fn::Sub; empty where there is none.
func FirstReference(value any, ids map[string]bool) string {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			if id := FirstReference(element, ids); id != "" {
				return id
			}
		}
	case map[string]any:
		if IsIntrinsic(v) {
			canonical, _ := Canonical(v).(map[string]any)
			if id, isText := canonical["Ref"].(string); isText && ids[id] {
				return id
			}
			if attribute := List(canonical["Fn::GetAtt"]); len(attribute) > 0 {
				if id, isText := attribute[0].(string); isText && ids[id] {
					return id
				}
			}
			v = canonical
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if id := FirstReference(v[name], ids); id != "" {
				return id
			}
		}
	}
	return ""
}

// ReplaceIDs returns a copy of the value that refers to resources by other logical
// IDs, given by their old ones, in Ref, Fn::GetAtt and Fn::Sub.
func ReplaceIDs(value any, ids map[string]string) any {
	switch v := value.(type) {
	case string:
		if id, known := ids[v]; known {
			return id
		}
		for old, id := range ids {
			v = strings.ReplaceAll(v, "${"+old+"}", "${"+id+"}")
			v = strings.ReplaceAll(v, "${"+old+".", "${"+id+".")
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = ReplaceIDs(element, ids)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for name, inner := range v {
			object[name] = ReplaceIDs(inner, ids)
		}
		return object
	}
	return value
}

// WithIDs returns a copy of the resource that refers to resources by other logical
// IDs, and has its own.
func (r Resource) WithIDs(ids map[string]string) Resource {
	if id, known := ids[r.ID]; known {
		r.ID = id
	}
	r.Properties, _ = ReplaceIDs(r.Properties, ids).(map[string]any)
	r.Attributes, _ = ReplaceIDs(r.Attributes, ids).(map[string]any)
	return r
}

// WithIDs returns the template with other logical IDs, given by their old ones,
// for its resources and wherever it refers to them.
func (t Template) WithIDs(ids map[string]string) Template {
	if len(ids) == 0 {
		return t
	}
	rest, _ := ReplaceIDs(t.Rest, ids).(map[string]any)
	to := Template{Resources: make(map[string]Resource, len(t.Resources)), Rest: rest}
	for _, r := range t.Resources {
		r = r.WithIDs(ids)
		to.Resources[r.ID] = r
	}
	return to
}
