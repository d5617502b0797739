package cfn

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func (e *evaluator) selected(index, from any) any {
	which, _ := e.resolve(index)
	text, _ := Scalar(which)
	number, err := strconv.Atoi(text)
	list, _ := e.resolve(from)
	elements, isList := list.([]any)
	switch {
	case !isList && !IsUndecided(list) && list != nil:
		return list // One of what a reference has.
	case !isList || err != nil || number < 0 || number >= len(elements):
		return undecided("Fn::Select")
	}
	return elements[number]
}

func (e *evaluator) split(by, of any) any {
	separator, _ := by.(string)
	value, _ := e.resolve(of)
	text, isText := value.(string)
	if !isText || separator == "" || HasReference(text) {
		return undecided("Fn::Split")
	}
	var parts []any
	for part := range strings.SplitSeq(text, separator) {
		parts = append(parts, part)
	}
	return parts
}

// mapped returns the value of Fn::FindInMap; of a key that isn't known, each is one.
func (e *evaluator) mapped(list []any) any {
	name, _ := e.resolve(list[0])
	level, _ := e.mappings[fmt.Sprint(name)].(map[string]any)
	place := fmt.Sprint("map ", name)
	var value any = level
	for _, key := range list[1:3] {
		level, _ = value.(map[string]any)
		resolved, _ := e.resolve(key)
		text, isScalar := Scalar(resolved)
		if isScalar && HasReference(text) && len(level) > 0 {
			place += " " + text
			options := make([]any, 0, len(level))
			for _, option := range slices.Sorted(maps.Keys(level)) {
				options = append(options, option)
			}
			text, _ = e.choose(place, options...).(string)
		}
		value = level[text]
	}
	if value == nil {
		return undecided("Fn::FindInMap")
	}
	return value
}
