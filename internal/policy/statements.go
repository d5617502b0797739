package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// statement is one statement of a policy document that allows something.
type statement struct {
	resource cfn.Resource
	// path is where it stands, such as "Policies[0].PolicyDocument.Statement[1]".
	path string
	// elements are Action, Resource and so on.
	elements map[string]any
}

// element returns an element of the statement, whatever the case of its name is.
func (s statement) element(name string) any {
	for _, own := range slices.Sorted(maps.Keys(s.elements)) {
		if strings.EqualFold(own, name) {
			return s.elements[own]
		}
	}
	return nil
}

// documentProperty are the properties that hold a policy document.
var documentProperty = regexp.MustCompile(`(?i)(policydocument|policytext|resourcepolicy|keypolicy|filesystempolicy|accesspolicies|accesspolicy|backupvaultpolicy|^policy)$`)

// statementsOf returns the statements of every policy document within a resource, of
// those that are JSON in a text too, and what should be one and can't be read.
func statementsOf(r cfn.Resource) (found []statement, unread []Violation) {
	// Rules of a web ACL call their conditions statements.
	if strings.HasPrefix(r.Type, "AWS::WAFv2::") {
		return nil, nil
	}
	var walk func(value any, path string)
	walk = func(value any, path string) {
		switch v := value.(type) {
		case string:
			if document, isDocument := readDocument(v); isDocument {
				walk(document, path)
				return
			}
			property := path[strings.LastIndex(path, ".")+1:]
			if strings.Contains(v, `"Statement"`) || cfn.IsUndecided(v) && documentProperty.MatchString(property) {
				unread = append(unread, fault(path, show(v)+": a policy that can't be read: write its statements")...)
			}
		case []any:
			for i, element := range v {
				walk(element, fmt.Sprintf("%s[%d]", path, i))
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				inner := strings.TrimPrefix(path+"."+name, ".")
				if !strings.EqualFold(name, "Statement") {
					walk(v[name], inner)
					continue
				}
				for i, element := range flat(v[name]) {
					elements, isObject := element.(map[string]any)
					s := statement{r, fmt.Sprintf("%s[%d]", inner, i), elements}
					if !isObject {
						unread = append(unread, fault(s.path, show(element)+": not a statement: write one")...)
						continue
					}
					found = append(found, s)
				}
			}
		}
	}
	walk(any(r.Properties), "")
	return found, unread
}

// readDocument returns the policy document of a JSON text.
func readDocument(text string) (document map[string]any, isDocument bool) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || json.Unmarshal([]byte(text), &document) != nil {
		return nil, false
	}
	return document, true
}

// statements makes a rule of what must hold of each statement that doesn't only deny,
// wherever in a template it stands. The check's property ends the path.
func statements(check func(s statement) []Violation) func(cfn.Template) []Violation {
	return every(func(r cfn.Resource) []Violation {
		all, found := statementsOf(r)
		for _, s := range all {
			if is(s.element("Effect"), "Deny") {
				continue
			}
			s = s.named(strings.Join(actionsOf(s), ","))
			for _, v := range check(s) {
				found = append(found, fault(s.path+"."+v.Property, v.Fault)...)
			}
		}
		return found
	})
}

// named returns the statement with a path that names it by what it allows, so that an
// acknowledgement of it doesn't excuse another in its place.
func (s statement) named(action string) statement {
	if action == "" {
		return s
	}
	s.path = s.path[:strings.LastIndex(s.path, "[")] + "[" + action + "]"
	return s
}
