package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// is reports whether a value is one of the texts. Booleans and numbers are their
// text, and what can't be decided is none.
func is(value any, texts ...string) bool {
	text, isScalar := cfn.Scalar(value)
	return isScalar && slices.Contains(texts, text)
}

// isNamed reports whether a value is a text that isn't empty and is decided.
func isNamed(value any) bool {
	text, isScalar := cfn.Scalar(value)
	return isScalar && strings.TrimSpace(text) != "" && !cfn.IsUndecided(text)
}

// isAtLeast reports whether a value is a number of at least least.
func isAtLeast(value any, least float64) bool {
	text, _ := cfn.Scalar(value)
	number, err := strconv.ParseFloat(text, 64)
	return err == nil && number >= least
}

// flat returns the elements of a list and of the lists in it, or one value as a list.
func flat(value any) []any {
	var elements []any
	for _, element := range cfn.List(value) {
		if inner, isList := element.([]any); isList {
			elements = append(elements, flat(inner)...)
		} else {
			elements = append(elements, element)
		}
	}
	return elements
}

// wants returns a violation unless the property has one of the values.
func wants(r cfn.Resource, property, remedy string, values ...string) []Violation {
	return wantsIn(r.Properties, property, remedy, values...)
}

// wantsIn is wants of an object's properties.
func wantsIn(object any, property, remedy string, values ...string) []Violation {
	value := cfn.At(object, strings.Split(property, ".")...)
	if is(value, values...) {
		return nil
	}
	return fault(property, fmt.Sprintf("%s: %s", show(value), remedy))
}

// allowsIn returns a violation if the property is set to anything but the values.
func allowsIn(object any, property, remedy string, values ...string) []Violation {
	if cfn.At(object, strings.Split(property, ".")...) == nil {
		return nil
	}
	return wantsIn(object, property, remedy, values...)
}

// allows is allowsIn of a resource's properties.
func allows(r cfn.Resource, property, remedy string, values ...string) []Violation {
	return allowsIn(r.Properties, property, remedy, values...)
}

// below puts violations of an object below the property that the object is.
func below(property string, found []Violation) []Violation {
	for i := range found {
		found[i].Property = property + "." + found[i].Property
	}
	return found
}

// eachValue calls visit with each value within a value, its path and its name.
func eachValue(value any, path string, visit func(path, name string, value any)) {
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			place := fmt.Sprintf("%s[%d]", path, i)
			visit(place, "", element)
			eachValue(element, place, visit)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			place := strings.TrimPrefix(path+"."+name, ".")
			visit(place, name, v[name])
			eachValue(v[name], place, visit)
		}
	}
}

// anywhere demands of each property of a name, wherever it stands, one of the values.
func anywhere(name, remedy string, values ...string) func(cfn.Resource) []Violation {
	return func(r cfn.Resource) []Violation {
		var found []Violation
		eachValue(r.Properties, "", func(path, property string, value any) {
			if property == name && !is(value, values...) {
				found = append(found, fault(path, show(value)+": "+remedy)...)
			}
		})
		return found
	}
}

// fault returns one violation of a property.
func fault(property, text string) []Violation {
	return []Violation{{Property: property, Fault: text}}
}

func show(value any) string {
	if value == nil {
		return "not set"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return cfn.Shown(string(text))
}
