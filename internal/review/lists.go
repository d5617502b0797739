package review

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// lists compares lists of objects: by what names their elements, or else equal
// elements with each other and the rest in their order.
func (d *differ) lists(steps []string, before, after []any) {
	set := d.isSet(steps)
	was, wasKeys := byKey(before)
	is, isKeys := byKey(after)
	if (was != nil || len(before) == 0) && (is != nil || len(after) == 0) {
		for _, name := range either(was, is) {
			d.diff(step(steps, "["+name+"]"), was[name], is[name])
		}
		stay := func(of map[string]any) func(string) bool {
			return func(name string) bool { _, has := of[name]; return !has }
		}
		wasKeys, isKeys = slices.DeleteFunc(wasKeys, stay(is)), slices.DeleteFunc(isKeys, stay(was))
		if !set && !slices.Equal(wasKeys, isKeys) {
			d.add(step(steps, "order"), texts(wasKeys), texts(isKeys))
		}
		return
	}
	if set {
		before, after = unlike(before, after)
	}
	for i := range max(len(before), len(after)) {
		var was, is any
		if i < len(before) {
			was = before[i]
		}
		if i < len(after) {
			is = after[i]
		}
		d.diff(step(steps, fmt.Sprintf("[%d]", i)), was, is)
	}
}

func texts(names []string) any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}

// unlike returns the elements of each list that the other hasn't.
func unlike(before, after []any) (was, is []any) {
	is = slices.Clone(after)
	for _, element := range before {
		at := slices.IndexFunc(is, func(other any) bool { return reflect.DeepEqual(element, other) })
		if at < 0 {
			was = append(was, element)
			continue
		}
		is = slices.Delete(is, at, at+1)
	}
	return was, is
}

// byKey returns a list's elements by what names them, so that one more element
// doesn't look like a change of those after it, and the names in order; nil
// where not every element has a name of its own.
func byKey(list []any) (map[string]any, []string) {
	for _, key := range []string{"Name", "Key", "AttributeName", "Id", "PolicyName"} {
		elements := map[string]any{}
		var names []string
		for _, element := range list {
			object, _ := element.(map[string]any)
			name, named := object[key].(string)
			if _, twice := elements[name]; !named || twice {
				break
			}
			names = append(names, name)
			rest := maps.Clone(object)
			delete(rest, key)
			if value, only := rest["Value"]; only && len(rest) == 1 {
				elements[name] = value
			} else {
				elements[name] = rest
			}
		}
		if len(list) > 0 && len(names) == len(list) {
			return elements, names
		}
	}
	return nil, nil
}

// isSet says whether the order of a list is nothing to CloudFormation.
func (d *differ) isSet(steps []string) bool {
	return path(steps) == "DependsOn" || d.schema.IsSet(steps)
}

// sorted returns a list in the order of its elements' texts.
func sorted(value any) any {
	values, isList := value.([]any)
	if !isList {
		return value
	}
	values = slices.Clone(values)
	slices.SortFunc(values, func(a, b any) int { return strings.Compare(cfn.JSON(a), cfn.JSON(b)) })
	return values
}
