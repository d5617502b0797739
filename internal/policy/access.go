package policy

import (
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// actionsOf returns the texts of a statement's actions.
func actionsOf(s statement) []string {
	var actions []string
	for _, action := range flat(s.element("Action")) {
		text, isText := action.(string)
		if !isText {
			text = show(action)
		}
		actions = append(actions, text)
	}
	return actions
}

// noWildcardResource names each violation after the action.
func noWildcardResource(r cfn.Resource) []Violation {
	all, found := statementsOf(r)
	for _, s := range all {
		if is(s.element("Effect"), "Deny") {
			continue
		}
		var faults []string
		if s.element("NotResource") != nil {
			faults = append(faults, "NotResource allows all others: name the resources")
		}
		for _, resource := range flat(s.element("Resource")) {
			// In a key's own policy, all resources are the key.
			if r.Type == key && resource == "*" {
				continue
			}
			if wide := tooWide(resource); wide != "" {
				faults = append(faults, wide)
			}
		}
		actions := actionsOf(s)
		if len(actions) == 0 {
			actions = []string{""}
		}
		for _, fault := range faults {
			for _, action := range actions {
				found = append(found, Violation{Property: s.named(action).path + ".Resource", Fault: fault})
			}
		}
	}
	if r.Type == "AWS::EC2::VPCEndpoint" && r.Properties["PolicyDocument"] == nil {
		found = append(found, fault("PolicyDocument", "not set, which lets everything through: write one")...)
	}
	return append(found, managedPolicies(r)...)
}

// managedPolicies demands that a role's managed policies stand in the template: no
// rule reads another, and AWS changes its own.
func managedPolicies(r cfn.Resource) []Violation {
	var found []Violation
	eachValue(r.Properties, "", func(path, name string, value any) {
		if name != "ManagedPolicyArns" {
			return
		}
		for _, arn := range flat(value) {
			text, _ := arn.(string)
			if ownResource.MatchString(text) {
				continue
			}
			found = append(found, fault(path, show(arn)+": its statements aren't in the template: write them")...)
		}
	})
	return found
}

var (
	reference = regexp.MustCompile("\uE000[^\uE001]*\uE001")
	// ownResource is a text that is one reference to a resource of the template.
	ownResource = regexp.MustCompile("^\uE000[A-Za-z0-9]+(\\.[A-Za-z]+)?\uE001$")
	wildcard    = regexp.MustCompile(`[*?]`)
	// suffix is how Secrets Manager ends the ARN of a secret.
	suffix = regexp.MustCompile(`-\?{6}$`)
)

// tooWide returns what is wrong with a resource of a statement: a wildcard before the
// name of one resource ends, or what can't be decided. Below a name, such as that of
// a bucket or a cluster, wildcards are as they should be.
//
// Source: IAM User Guide, "IAM JSON policy elements: Resource".
func tooWide(resource any) string {
	text, isText := resource.(string)
	if !isText || cfn.IsUndecided(text) {
		return show(resource) + " can't be decided: name the resources"
	}
	fault := show(resource) + ": name the resources"
	plain := suffix.ReplaceAllString(reference.ReplaceAllString(text, "ref"), "")
	if !wildcard.MatchString(plain) {
		return ""
	}
	if strings.HasPrefix(text, "\uE000") && len(plain) > 3 && (plain[3] == '/' || plain[3] == ':') {
		return ""
	}
	parts := strings.SplitN(plain, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || wildcard.MatchString(strings.Join(parts[:5], "")) || wildcard.MatchString(nameIn(parts[2], parts[5])) {
		return fault
	}
	return ""
}

// nameIn returns the part of an ARN's last part that names a resource and its type.
func nameIn(service, part string) string {
	segments := strings.FieldsFunc(part, func(r rune) bool { return r == '/' || r == ':' })
	parts := 2
	if slices.Contains([]string{"s3", "sqs", "sns", "execute-api"}, service) {
		parts = 1
	}
	return strings.Join(segments[:min(parts, len(segments))], "/")
}

// noWildcardAction demands names of actions, and of the role that iam:PassRole passes.
func noWildcardAction(s statement) []Violation {
	var found []Violation
	if s.element("NotAction") != nil {
		found = append(found, fault("NotAction", "allows whatever it doesn't name: name the actions")...)
	}
	for _, action := range actionsOf(s) {
		if wildcard.MatchString(action) || cfn.IsUndecided(action) || strings.HasPrefix(action, "{") {
			found = append(found, fault("Action", show(action)+": name the actions")...)
		}
		if !strings.EqualFold(action, "iam:PassRole") {
			continue
		}
		for _, resource := range flat(s.element("Resource")) {
			if text, _ := resource.(string); wildcard.MatchString(text) || cfn.IsUndecided(text) {
				found = append(found, fault("Action", "iam:PassRole on "+show(resource)+" gives what any of these roles may: name one role")...)
			}
		}
	}
	return found
}

func noWildcardPrincipal(s statement) []Violation {
	open := ""
	if s.element("NotPrincipal") != nil {
		open = "NotPrincipal is everyone else"
	}
	var principals []any
	if kinds, isObject := s.element("Principal").(map[string]any); isObject {
		for _, principal := range kinds {
			principals = append(principals, flat(principal)...)
		}
	} else {
		principals = flat(s.element("Principal"))
	}
	for _, principal := range principals {
		text, isText := cfn.Scalar(principal)
		switch {
		case !isText || cfn.IsUndecided(text):
			open = show(principal) + " can't be decided"
		case wildcard.MatchString(text):
			open = show(principal) + " is everyone"
		}
	}
	if open == "" || isRestricted(s.element("Condition")) {
		return nil
	}
	return fault("Principal", open+": name the principals, or a condition that few meet")
}

// permission is IAM3 of what allows without a policy document.
func permission(r cfn.Resource) []Violation {
	if isNamed(r.Properties["Principal"]) && !is(r.Properties["Principal"], "*") ||
		isNamed(r.Properties["SourceArn"]) || isNamed(r.Properties["SourceAccount"]) || isNamed(r.Properties["PrincipalOrgID"]) {
		return nil
	}
	return fault("Principal", show(r.Properties["Principal"])+": name the principal, SourceArn or SourceAccount")
}

// noLastingKeys are the types by which somebody has rights without a role.
var noLastingKeys = []string{"AWS::IAM::User", "AWS::IAM::AccessKey", "AWS::IAM::Group", "AWS::IAM::UserToGroupAddition", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy"}

func noLastingKey(r cfn.Resource) []Violation {
	return fault("Type", r.Type+": its rights last until somebody takes them away: use a role")
}
