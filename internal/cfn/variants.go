package cfn

import (
	"maps"
	"slices"
)

// variantsMost is how many conditions of one resource are tried in every
// combination; of more, each is tried against all the others.
const variantsMost = 4

// Variants returns the properties that a resource has, one for each way in which
// the conditions of its Fn::If may turn out.
func (r Resource) Variants() []map[string]any {
	names := map[string]bool{}
	conditions(r.Properties, names)
	if len(names) == 0 {
		return []map[string]any{r.Properties}
	}
	sorted := slices.Sorted(maps.Keys(names))
	var all []map[string]any
	for _, choice := range choices(sorted) {
		properties, _ := chosen(r.Properties, choice).(map[string]any)
		all = append(all, properties)
	}
	return all
}

func choices(names []string) []map[string]bool {
	var all []map[string]bool
	if len(names) > variantsMost {
		for _, one := range []bool{true, false} {
			for i := -1; i < len(names); i++ {
				choice := map[string]bool{}
				for j, name := range names {
					choice[name] = one != (i == j)
				}
				all = append(all, choice)
			}
		}
		return all
	}
	for bits := range 1 << len(names) {
		choice := map[string]bool{}
		for j, name := range names {
			choice[name] = bits>>j&1 == 1
		}
		all = append(all, choice)
	}
	return all
}

// branches returns the arguments of an Fn::If.
func branches(object map[string]any) (condition string, branches []any, is bool) {
	list, isList := object["Fn::If"].([]any)
	if !isList || len(object) != 1 || len(list) != 3 {
		return "", nil, false
	}
	return Text(list[0]), list[1:], true
}

func conditions(value any, found map[string]bool) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			conditions(element, found)
		}
	case map[string]any:
		if condition, _, is := branches(v); is {
			found[condition] = true
		}
		for _, inner := range v {
			conditions(inner, found)
		}
	}
}

// noValue stands for what AWS::NoValue takes away.
type noValue struct{}

func chosen(value any, choice map[string]bool) any {
	switch v := value.(type) {
	case []any:
		var list []any
		for _, element := range v {
			if inner := chosen(element, choice); inner != (noValue{}) {
				list = append(list, inner)
			}
		}
		return list
	case map[string]any:
		if condition, of, is := branches(v); is {
			if choice[condition] {
				return chosen(of[0], choice)
			}
			return chosen(of[1], choice)
		}
		if len(v) == 1 && v["Ref"] == "AWS::NoValue" {
			return noValue{}
		}
		object := make(map[string]any, len(v))
		for name, inner := range v {
			if inner := chosen(inner, choice); inner != (noValue{}) {
				object[name] = inner
			}
		}
		return object
	}
	return value
}
