package policy

import (
	"fmt"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// statements makes a rule of what must hold of each statement that allows
// something, wherever in a template it stands.
func statements(check func(statement map[string]any) []Violation) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		var found []Violation
		for _, r := range t.All() {
			for _, statement := range cfn.Statements(r.Properties) {
				if statement.Elements["Effect"] != "Allow" {
					continue
				}
				for _, v := range check(statement.Elements) {
					// An endpoint's policy gives no right: what excuses it excuses no other.
					if v.Subject != "" && r.Type == "AWS::EC2::VPCEndpoint" {
						v.Subject = "VPCEndpoint " + v.Subject
					}
					v.Resource = r.ID
					v.Property = strings.TrimSuffix(statement.Path+"."+v.Property, ".")
					found = append(found, v)
				}
			}
		}
		return found
	}
}

func noWildcardResource(statement map[string]any) []Violation {
	all := slices.Contains(cfn.List(statement["Resource"]), any("*")) || statement["NotResource"] != nil
	if !all {
		return nil
	}
	var found []Violation
	for _, action := range cfn.List(statement["Action"]) {
		found = append(found, Violation{
			Subject: fmt.Sprint(action), Property: "Resource",
			Fault: fmt.Sprintf("%v on every resource: name the resources", action),
		})
	}
	return found
}

func noWildcardAction(statement map[string]any) []Violation {
	if statement["NotAction"] != nil {
		return fault("NotAction", "allows whatever it doesn't name: name the actions")
	}
	var found []Violation
	for _, action := range cfn.List(statement["Action"]) {
		if text, isText := action.(string); isText && strings.Contains(text, "*") {
			found = append(found, Violation{Subject: text, Property: "Action", Fault: text + ": name the actions"})
		}
	}
	return found
}

func noWildcardPrincipal(statement map[string]any) []Violation {
	if statement["Condition"] != nil {
		return nil
	}
	everyone := statement["Principal"] == "*" || statement["NotPrincipal"] != nil
	principals, _ := statement["Principal"].(map[string]any)
	for _, principal := range principals {
		everyone = everyone || slices.Contains(cfn.List(principal), any("*"))
	}
	if !everyone {
		return nil
	}
	return fault("Principal", "everyone: name the principals, or a condition")
}
