package review

import (
	"math"
	"strconv"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// at returns the value at a path of names with dots between.
func at(properties map[string]any, name string) any {
	return cfn.At(properties, strings.Split(name, ".")...)
}

// whole is the strength of a resource as one.
func whole(number float64, open ...string) map[string]strength {
	return map[string]strength{"": {number: number, open: open}}
}

// truth is of a property that protects where it is true.
func truth(name string, otherwise bool) func(resource) map[string]strength {
	return func(r resource) map[string]strength { return whole(isTrue(at(r.Properties, name), otherwise)) }
}

// falsehood is of a property that protects where it is false, as it is unless set.
func falsehood(name string) func(resource) map[string]strength {
	return func(r resource) map[string]strength {
		value := at(r.Properties, name)
		return whole(oneIf(value == nil || value == "false"))
	}
}

// isTrue is 1 for true and 0 for false; for what can't be known, as for the one that
// protects less, it is 0.
func isTrue(value any, otherwise bool) float64 {
	if value == nil {
		value = strconv.FormatBool(otherwise)
	}
	return oneIf(value == "true")
}

func oneIf(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}

// least is of a number that is the larger the stronger.
func least(name string, otherwise float64) func(resource) map[string]strength {
	return func(r resource) map[string]strength { return whole(number(at(r.Properties, name), otherwise)) }
}

// number returns a number, otherwise where the value isn't set, and the weakest
// of all where it can't be known.
func number(value any, otherwise float64) float64 {
	if value == nil {
		return otherwise
	}
	text, _ := value.(string)
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.Inf(-1)
	}
	return n
}

// set is of a property that protects where it has a value.
func set(name string) func(resource) map[string]strength {
	return func(r resource) map[string]strength {
		switch value := at(r.Properties, name).(type) {
		case nil:
			return whole(0)
		case string:
			return whole(float64(min(len(value), 1)))
		case []any:
			return whole(float64(len(value)))
		}
		return whole(1)
	}
}

// ranked is of a value whose strength a table says; of one that it hasn't, none.
func ranked(name, otherwise string, ranks map[string]float64) func(resource) map[string]strength {
	return func(r resource) map[string]strength {
		value := cfn.Text(at(r.Properties, name))
		if value == cfn.None {
			value = otherwise
		}
		return whole(ranks[value])
	}
}

// opens is of values that leave something open.
func opens(of func(resource) []string) func(resource) map[string]strength {
	return func(r resource) map[string]strength { return whole(0, of(r)...) }
}

// objects returns the objects of a list.
func objects(value any) []map[string]any {
	var all []map[string]any
	for _, element := range cfn.List(value) {
		if object, is := element.(map[string]any); is {
			all = append(all, object)
		}
	}
	return all
}
