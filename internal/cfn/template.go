// Package cfn reads CloudFormation templates: their resources, what a value in
// them refers to, and the statements of their policies.
package cfn

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Template is a CloudFormation template.
type Template struct {
	// Resources are the template's, by logical ID.
	Resources map[string]Resource
	// Rest is everything else, such as outputs and parameters.
	Rest map[string]any
}

// Resource is a resource of a template.
type Resource struct {
	// ID is the resource's logical ID.
	ID string
	// Type is the resource's type, such as "AWS::S3::Bucket".
	Type string
	// Properties are the resource's; nil where it has none.
	Properties map[string]any
	// Attributes are what else the template says of the resource, such as its
	// DeletionPolicy and DependsOn.
	Attributes map[string]any
}

// Read returns the template of a JSON text.
func Read(text []byte) (Template, error) {
	var t Template
	if err := json.Unmarshal(text, &t.Rest); err != nil {
		return Template{}, fmt.Errorf("not a template: %w; synthesize it anew", err)
	}
	var parts struct{ Resources map[string]Resource }
	if err := json.Unmarshal(text, &parts); err != nil {
		return Template{}, fmt.Errorf("resources: %w; synthesize it anew", err)
	}
	for id, r := range parts.Resources {
		r.ID = id
		parts.Resources[id] = r
	}
	t.Resources = parts.Resources
	delete(t.Rest, "Resources")
	return t, nil
}

// UnmarshalJSON reads a resource but for its ID, which stands before it.
func (r *Resource) UnmarshalJSON(text []byte) error {
	var known struct {
		Type       string
		Properties map[string]any
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return err
	}
	r.Type, r.Properties = known.Type, known.Properties
	if err := json.Unmarshal(text, &r.Attributes); err != nil {
		return err
	}
	delete(r.Attributes, "Type")
	delete(r.Attributes, "Properties")
	return nil
}

// JSON returns the template as CloudFormation reads it.
func (t Template) JSON() ([]byte, error) {
	whole := maps.Clone(t.Rest)
	resources := map[string]any{}
	for id, r := range t.Resources {
		resource := maps.Clone(r.Attributes)
		resource["Type"] = r.Type
		if r.Properties != nil {
			resource["Properties"] = r.Properties
		}
		resources[id] = resource
	}
	whole["Resources"] = resources
	return json.Marshal(whole)
}

// Attribute returns an attribute that is a text, such as "DeletionPolicy"; empty
// where it isn't set.
func (r Resource) Attribute(name string) string {
	text, _ := r.Attributes[name].(string)
	return text
}

// Decode stores the properties in a struct, as json.Unmarshal does.
func (r Resource) Decode(properties any) error {
	text, err := json.Marshal(r.Properties)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, properties)
}

// All returns the resources in the order of their logical IDs.
func (t Template) All() []Resource {
	all := make([]Resource, 0, len(t.Resources))
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		all = append(all, t.Resources[id])
	}
	return all
}

// OfType returns the resources of one type, in the order of their logical IDs.
func (t Template) OfType(kind string) []Resource {
	return slices.DeleteFunc(t.All(), func(r Resource) bool { return r.Type != kind })
}

// At returns the value at a path of property names, or nil.
func At(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// List returns a list, or one value as a list; nil is empty. CloudFormation and
// IAM take either in many places.
func List(value any) []any {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{value}
}
