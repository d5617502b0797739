package stacks_test

import (
	"fmt"
	"strings"
	"testing"
)

// text returns a value of a template with its references as ${Name}, what it finds
// in a mapping as ${Mapping.key.key}, and its joins joined.
// Other functions stand there as they are.
func text(t *testing.T, value any) string {
	t.Helper()
	switch value := value.(type) {
	case string:
		return value
	case map[string]any:
		if name, isRef := value["Ref"]; isRef {
			return fmt.Sprintf("${%s}", name)
		}
		if of, isAttribute := value["Fn::GetAtt"].([]any); isAttribute {
			return fmt.Sprintf("${%s.%s}", of...)
		}
		if path, isMapped := value["Fn::FindInMap"].([]any); isMapped {
			return fmt.Sprintf("${%s.%s.%s}", path[0], text(t, path[1]), path[2])
		}
		if join, isJoin := value["Fn::Join"].([]any); isJoin {
			var parts []string
			for _, part := range join[1].([]any) {
				parts = append(parts, text(t, part))
			}
			return strings.Join(parts, join[0].(string))
		}
		if sub, isSub := value["Fn::Sub"].(string); isSub {
			return sub
		}
		for name, of := range value {
			if len(value) == 1 && strings.HasPrefix(name, "Fn::") {
				return fmt.Sprintf("${%s %v}", name, of)
			}
		}
	}
	t.Fatalf("not a text: %v", value)
	return ""
}
