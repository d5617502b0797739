package policy

import (
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// restricting are the operators that no request passes for which the key isn't there.
//
// Source: IAM User Guide, "IAM JSON policy elements: Condition operators", as to
// ...IfExists, Null, ForAllValues and negated operators.
var restricting = []string{"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"}

// callerKeys are the keys that say who calls, or from where.
//
// Source: IAM User Guide, "AWS global condition context keys".
var callerKeys = regexp.MustCompile(`(?i)^(aws:(principal(account|arn|orgid|orgpaths)|userid|source(account|arn|orgid|orgpaths|vpc|vpce|vpcarn|ip|owner)|vpcsourceip)|kms:calleraccount)$`)

// isRestricted reports whether a statement's condition keeps most callers out: at least
// one of its keys, all of whose values do.
func isRestricted(condition any) bool {
	operators, _ := condition.(map[string]any)
	for name, keys := range operators {
		operator := strings.TrimPrefix(strings.ToLower(name), "foranyvalue:")
		if !slices.Contains(restricting, operator) {
			continue
		}
		compared, _ := keys.(map[string]any)
		for key, value := range compared {
			values := flat(value)
			if callerKeys.MatchString(key) && len(values) > 0 && !slices.ContainsFunc(values, isTrivial) {
				return true
			}
		}
	}
	return false
}

// isTrivial reports whether many callers have a value.
func isTrivial(value any) bool {
	text, isText := cfn.Scalar(value)
	if !isText || strings.TrimSpace(text) == "" || cfn.IsUndecided(text) {
		return true
	}
	if shares, isRange := shareOf(text); isRange {
		return shares.isWide()
	}
	plain := reference.ReplaceAllString(text, "ref")
	if !wildcard.MatchString(plain) {
		return false
	}
	// A path of an organisation begins with the organisation.
	if organisation, _, isPath := strings.Cut(plain, "/"); isPath && strings.HasPrefix(plain, "o-") && !wildcard.MatchString(organisation) {
		return false
	}
	parts := strings.SplitN(plain, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return true
	}
	account, name := parts[4], parts[5]
	return wildcard.MatchString(account) || account == "" && wildcard.MatchString(name)
}
