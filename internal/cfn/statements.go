package cfn

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// statementKey is where a policy document has its statements.
//
// Source: IAM User Guide, "IAM JSON policy elements: Statement".
const statementKey = "Statement"

// Statement is one statement of a policy document, and where it stands.
type Statement struct {
	// Path is such as "Policies[0].PolicyDocument.Statement[1]".
	Path string
	// Elements are Effect, Action, Resource and so on, as the document has them.
	Elements map[string]any
}

// IsPolicy reports whether an object is a policy document: a statement of it has an
// effect. A rule of a web ACL has a Statement, too, and no effect.
func IsPolicy(object map[string]any) bool {
	return slices.ContainsFunc(List(object[statementKey]), func(statement any) bool {
		elements, _ := statement.(map[string]any)
		_, has := elements["Effect"]
		return has
	})
}

// Statements returns the statements of every policy document within a resource's
// properties, in the order of their paths' names.
func Statements(properties map[string]any) []Statement {
	return statements(properties, "")
}

func statements(value any, path string) []Statement {
	var found []Statement
	switch v := value.(type) {
	case []any:
		for i, element := range v {
			found = append(found, statements(element, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case map[string]any:
		isPolicy := IsPolicy(v)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			inner := strings.TrimPrefix(path+"."+name, ".")
			if name != statementKey || !isPolicy {
				found = append(found, statements(v[name], inner)...)
				continue
			}
			for i, element := range List(v[name]) {
				if elements, isObject := element.(map[string]any); isObject {
					found = append(found, Statement{fmt.Sprintf("%s[%d]", inner, i), elements})
				}
			}
		}
	}
	return found
}
