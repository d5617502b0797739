package review

import (
	"encoding/json"
	"slices"
	"strings"
)

// conditionOf returns the condition of a grant: by operator and key, the values.
func conditionOf(text string) map[string]any {
	var condition map[string]any
	if text != "" {
		_ = json.Unmarshal([]byte(text), &condition) // It was made by cfn.JSON.
	}
	return condition
}

// ifExists is the ending of operators that hold where the key is absent, too.
const ifExists = "IfExists"

// implies says whether the first condition holds only where the second does; both
// are JSON texts. A statement without a condition has an empty text.
func implies(narrow, wide string) bool {
	if narrow == wide || wide == "" {
		return true
	}
	was := conditionOf(narrow)
	for operator, of := range conditionOf(wide) {
		keys, _ := of.(map[string]any)
		for key, values := range keys {
			if !trivial(operator, values) && !holds(was, operator, key, values) {
				return false
			}
		}
	}
	return true
}

// holds says whether a condition is at least as narrow as the values of one key
// under one operator.
func holds(condition map[string]any, operator, key string, values any) bool {
	wide := symbols(values)
	for stated, of := range condition {
		if !comparable(stated, operator) {
			continue
		}
		keys, _ := of.(map[string]any)
		for name, narrow := range keys {
			if !strings.EqualFold(name, key) {
				continue
			}
			within := func(value string) bool {
				return slices.ContainsFunc(wide, func(pattern string) bool {
					return pattern == value || strings.Contains(operator, "Like") && matches(pattern, value)
				})
			}
			if negated(operator) {
				// Of exceptions, the more the narrower.
				narrower := symbols(narrow)
				if !slices.ContainsFunc(wide, func(value string) bool { return !slices.Contains(narrower, value) }) {
					return true
				}
				continue
			}
			if !slices.ContainsFunc(symbols(narrow), func(value string) bool { return !within(value) }) {
				return true
			}
		}
	}
	return false
}

// comparable says whether what holds under the one operator holds under the other:
// the same one, a pattern for an equal text, or one that takes an absent key.
func comparable(narrow, wide string) bool {
	absent := strings.HasSuffix(narrow, ifExists) && !strings.HasSuffix(wide, ifExists)
	plain := func(operator string) string {
		operator = strings.TrimSuffix(operator, ifExists)
		return strings.NewReplacer("StringEquals", "StringLike", "ArnEquals", "ArnLike").Replace(operator)
	}
	exact := strings.Contains(wide, "Equals") && strings.Contains(narrow, "Like")
	return !absent && !exact && plain(narrow) == plain(wide)
}

func negated(operator string) bool { return strings.Contains(operator, "Not") }

// trivial says whether an operator holds for any text at all.
func trivial(operator string, values any) bool {
	return strings.Contains(operator, "Like") && !negated(operator) && slices.Contains(symbols(values), "*")
}

// confines says whether a condition holds to known callers.
//
// Source: IAM User Guide, "AWS global condition context keys".
func confines(text string) bool {
	for operator, of := range conditionOf(text) {
		if negated(operator) || strings.HasSuffix(operator, ifExists) || operator == "Null" || strings.HasPrefix(operator, "ForAllValues:") {
			continue
		}
		keys, _ := of.(map[string]any)
		for key, values := range keys {
			if slices.Contains(callers, strings.ToLower(key)) && !slices.ContainsFunc(symbols(values), anyone) {
				return true
			}
		}
	}
	return false
}

// callers are the condition keys that say who calls, or for whom.
var callers = []string{
	"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:sourceaccount", "aws:sourcearn", "aws:sourceowner",
	"aws:sourcevpc", "aws:sourcevpce", "aws:sourceorgid", "aws:sourceip", "aws:vpcsourceip", "aws:calledvia", "kms:calleraccount", "kms:viaservice", "lambda:eventsourcetoken",
	"aws:userid", "sts:externalid", "s3:dataaccesspointaccount",
}

// anyone says whether a pattern of a caller takes anybody: nothing of it but
// wildcards, or a network that is half of the internet or more.
func anyone(pattern string) bool {
	return strings.Trim(pattern, "*?:/") == "" || isWide(pattern) || strings.HasPrefix(pattern, "arn:*") || pattern == "arn:aws:*"
}

// subject says whether a condition holds a federated caller to a subject, and not
// to any.
func subject(text string) bool {
	for operator, of := range conditionOf(text) {
		if negated(operator) || strings.HasSuffix(operator, ifExists) {
			continue
		}
		keys, _ := of.(map[string]any)
		for key, values := range keys {
			lower := strings.ToLower(key)
			if strings.HasSuffix(lower, ":sub") || strings.HasSuffix(lower, ":repository") || strings.HasSuffix(lower, ":amr") {
				return !slices.ContainsFunc(symbols(values), openSubject)
			}
		}
	}
	return false
}

// openSubject says whether a pattern of a subject names nobody, such as "repo:*".
func openSubject(pattern string) bool {
	before, _, has := strings.Cut(pattern, "*")
	parts := strings.FieldsFunc(before, func(r rune) bool { return r == ':' || r == '/' })
	return has && len(parts) < 2
}
