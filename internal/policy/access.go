package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// statements makes a rule of what must hold of each statement that allows
// something, wherever in a template it stands.
func statements(check func(statement map[string]any) []Violation) func(Template) []Violation {
	return func(t Template) []Violation {
		var found []Violation
		for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
			for _, place := range allowed(t.Resources[id].Properties, "") {
				for _, v := range check(place.statement) {
					// An endpoint's policy gives no right: what excuses it excuses no other.
					if v.Subject != "" && t.Resources[id].Type == "AWS::EC2::VPCEndpoint" {
						v.Subject = "VPCEndpoint " + v.Subject
					}
					v.Resource = id
					v.Property = strings.TrimSuffix(place.path+"."+v.Property, ".")
					found = append(found, v)
				}
			}
		}
		return found
	}
}

// placed is a statement and where it stands.
type placed struct {
	path      string
	statement map[string]any
}

// allowed returns the statements below value that allow something.
func allowed(value any, path string) []placed {
	var found []placed
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			found = append(found, allowed(element, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner := strings.TrimPrefix(path+"."+name, ".")
			if name != "Statement" {
				found = append(found, allowed(v[name], inner)...)
				continue
			}
			for i, element := range list(v[name]) {
				statement, _ := element.(map[string]any)
				if statement["Effect"] == "Allow" {
					found = append(found, placed{fmt.Sprintf("%s[%d]", inner, i), statement})
				}
			}
		}
	}
	return found
}

func noWildcardResource(statement map[string]any) []Violation {
	all := slices.Contains(list(statement["Resource"]), any("*")) || statement["NotResource"] != nil
	if !all {
		return nil
	}
	var found []Violation
	for _, action := range list(statement["Action"]) {
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
	for _, action := range list(statement["Action"]) {
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
		everyone = everyone || slices.Contains(list(principal), any("*"))
	}
	if !everyone {
		return nil
	}
	return fault("Principal", "everyone: name the principals, or a condition")
}
