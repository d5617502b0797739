package cfn

import (
	"regexp"
	"strconv"
	"strings"
)

// A resolved text holds references in brackets of Unicode's private use: known ones,
// to a resource or a pseudo parameter, and undecided ones, whose text the template
// doesn't tell.
const (
	knownOpen, knownClose         = "\uE000", "\uE001"
	undecidedOpen, undecidedClose = "\uE002", "\uE003"
)

// Reference returns the text that stands for a resource ("ID"), an attribute of one
// ("ID.Attribute") or a pseudo parameter in a resolved template.
func Reference(name string) string { return knownOpen + name + knownClose }

func undecided(name string) string { return undecidedOpen + name + undecidedClose }

// IsUndecided reports whether a resolved value is a text of which the template
// doesn't tell every part.
func IsUndecided(value any) bool {
	text, isText := value.(string)
	return isText && strings.Contains(text, undecidedOpen)
}

// HasReference reports whether a resolved text holds any reference.
func HasReference(text string) bool {
	return strings.ContainsAny(text, knownOpen+undecidedOpen)
}

// Names returns the names of what a resolved text refers to and is undecided.
func Names(text string) []string {
	var names []string
	for _, match := range undecidedParts.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

var (
	undecidedParts = regexp.MustCompile(undecidedOpen + "([^" + undecidedClose + "]*)" + undecidedClose)
	brackets       = strings.NewReplacer(knownOpen, "${", knownClose, "}", undecidedOpen, "${", undecidedClose, "}")
)

// Shown returns a resolved text as Fn::Sub would have it.
func Shown(text string) string { return brackets.Replace(text) }

// Scalar returns the text of a text, a number or a boolean: CloudFormation takes
// each for the other.
func Scalar(value any) (text string, isScalar bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
