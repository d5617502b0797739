package stacks

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchlingwebhook/internal/cdkfile"
)

func oneOf(value any, allowed ...string) (string, error) {
	text, isText := value.(string)
	if !isText || !slices.Contains(allowed, text) {
		return "", fmt.Errorf("%s is not a choice; use one of %s", cdkfile.Show(value), strings.Join(allowed, ", "))
	}
	return text, nil
}

// faultsOf returns what is wrong with a text, in words; nothing where it fits. An
// empty fault is none in particular.
type faultsOf func(text string) []string

// fitting reads a text in which faults finds nothing.
func fitting(value any, faults faultsOf, remedy string) (string, error) {
	text, isText := value.(string)
	var found []string
	switch {
	case value == nil:
		return "", fmt.Errorf("no value; use %s", remedy)
	case !isText:
		found = []string{"it is not a string"}
	case text == "":
		found = []string{"it is empty"}
	case strings.TrimSpace(text) != text:
		found = []string{"it begins or ends with a space"}
	default:
		found = faults(text)
	}
	switch {
	case len(found) == 0:
		return text, nil
	case found[0] == "":
		return "", fmt.Errorf("%s does not fit; use %s", cdkfile.Show(value), remedy)
	}
	return "", fmt.Errorf("%s does not fit: %s; use %s", cdkfile.Show(value), strings.Join(found, ", and "), remedy)
}

// like finds what doesn't match a pattern.
func like(pattern *regexp.Regexp) faultsOf {
	return func(text string) []string {
		if pattern.MatchString(text) {
			return nil
		}
		return []string{""}
	}
}

func oneNumberOf(value any, allowed ...int) (int, error) {
	number, isNumber := wholeNumber(value)
	if !isNumber || !slices.Contains(allowed, number) {
		return 0, fmt.Errorf("%s is not a choice; use one of the numbers %s", cdkfile.Show(value), numbers(allowed))
	}
	return number, nil
}

func between(value any, low, high int) (int, error) {
	number, isNumber := wholeNumber(value)
	if !isNumber || number < low || number > high {
		return 0, fmt.Errorf("%s does not fit; use a whole number from %d to %d, without quotes", cdkfile.Show(value), low, high)
	}
	return number, nil
}

// wholeNumber returns a JSON number as an int.
func wholeNumber(value any) (int, bool) {
	number, isNumber := value.(float64)
	if !isNumber || number != math.Trunc(number) || math.Abs(number) > math.MaxInt32 {
		return 0, false
	}
	return int(number), true
}

// unknown returns a problem for each of the object's names that isn't allowed.
func unknown(object map[string]any, allowed ...string) []error {
	known := map[string]bool{}
	for _, name := range allowed {
		known[name] = true
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !known[name] {
			problems = append(problems, fmt.Errorf("unknown setting %q%s; the settings are %s", name, didYouMean(name, known), list(known)))
		}
	}
	return problems
}

// allFitting reads a list of texts in which faults finds nothing, each once. It
// returns those that fit, beside an error that joins what is wrong with the others.
func allFitting(value any, faults faultsOf, remedy string) ([]string, error) {
	values, isList := value.([]any)
	if value == nil {
		return nil, fmt.Errorf("no value; use %s", remedy)
	}
	if !isList {
		return nil, fmt.Errorf("%s is not a list; use %s", cdkfile.Show(value), remedy)
	}
	var texts []string
	var problems []error
	for _, value := range values {
		text, err := fitting(value, faults, remedy)
		if err == nil && slices.Contains(texts, text) {
			err = fmt.Errorf("%q is there twice; use each once", text)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		texts = append(texts, text)
	}
	return texts, errors.Join(problems...)
}

// problem is a fault and its place in cdk.json.
type problem struct {
	place, fault string
}

func (p problem) Error() string {
	return p.place + ": " + p.fault
}

// prefixed returns err, or each of the errors that it joins, with the place
// before it; nil stays nil.
func prefixed(place string, err error) error {
	switch err := err.(type) {
	case nil:
		return nil
	case problem:
		return problem{place: place + err.place, fault: err.fault}
	case interface{ Unwrap() []error }:
		var all []error
		for _, one := range err.Unwrap() {
			all = append(all, prefixed(place, one))
		}
		return errors.Join(all...)
	default:
		return problem{place: place, fault: err.Error()}
	}
}

// key returns a name as a place has it: in quotes where it isn't plain, so that an
// error stays one line.
func key(name string) string {
	if plainKey.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

func numbers(values []int) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = strconv.Itoa(value)
	}
	return strings.Join(texts, ", ")
}
