package cfnschema

import "strings"

// node is what a schema says of one value.
type node struct {
	Ref            string `json:"$ref"`
	InsertionOrder *bool
	Items          *node
	Properties     map[string]node
}

// tags is the name of the properties that hold tags, whose order says nothing
// even where a schema is silent.
const tags = "Tags"

// IsSet says whether the order of the list at a path, such as
// {"ContainerDefinitions", "[web]", "Environment"}, says nothing; steps in brackets
// are elements of lists.
//
// Source: CloudFormation CLI User Guide, "Resource type definition schema",
// insertionOrder.
func (s Schema) IsSet(steps []string) bool {
	if len(steps) > 0 && steps[len(steps)-1] == tags {
		return true
	}
	at := s.root
	for _, step := range steps {
		at = s.resolved(at)
		if strings.HasPrefix(step, "[") {
			if at.Items == nil {
				return false
			}
			at = *at.Items
			continue
		}
		next, known := at.Properties[step]
		if !known {
			return false
		}
		at = next
	}
	order := s.resolved(at).InsertionOrder
	if own := at.InsertionOrder; own != nil {
		order = own
	}
	return order != nil && !*order
}

// resolved returns the definition that a value refers to, or the value.
func (s Schema) resolved(n node) node {
	for range len(s.definitions) {
		name, refers := strings.CutPrefix(n.Ref, "#/definitions/")
		if !refers {
			break
		}
		n = s.definitions[name]
	}
	return n
}
