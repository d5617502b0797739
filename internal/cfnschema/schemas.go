// Package cfnschema reads what CloudFormation's resource schemas say about a
// type: which properties can only be set when a resource is created, and
// whether its resources hold data. The schemas are those that cfn-lint carries.
package cfnschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// region is the one whose schemas are read: every type is offered there.
const region = "us-east-1"

// Schemas reads the schemas of cfn-lint's data directory when they are asked for.
type Schemas struct {
	directory string
	files     map[string]string
	stateful  map[string]any
	read      map[string]Schema
}

// Schema is what one type's schema says of replacement.
type Schema struct {
	// CreateOnly are paths of properties whose change replaces the resource,
	// such as {"Listeners", "*", "Port"}; "*" is any element.
	CreateOnly [][]string
	// MayReplace are paths whose change replaces it in some cases.
	MayReplace [][]string
	// root has the type's properties, and definitions the types of their parts.
	root        node
	definitions map[string]node
}

// Installed returns the schemas of the cfn-lint in a Python environment.
func Installed(environment string) (*Schemas, error) {
	pattern := filepath.Join(environment, "lib", "python3*", "site-packages", "cfnlint", "data")
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; choose another directory", pattern, err)
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%s: cfn-lint's schemas: %d directories found, not one; remove build/tools and run `make lint`", pattern, len(found))
	}
	s := &Schemas{directory: found[0], read: map[string]Schema{}}
	var stateful struct{ ResourceTypes map[string]any }
	err = errors.Join(
		readJSON(filepath.Join(s.directory, "schemas", "providers", region+".json"), &s.files),
		readJSON(filepath.Join(s.directory, "AdditionalSpecs", "StatefulResources.json"), &stateful),
	)
	s.stateful = stateful.ResourceTypes
	if err == nil && (len(s.files) == 0 || len(s.stateful) == 0) {
		err = fmt.Errorf("%s: no resource types: another layout than that of the cfn-lint in tools/requirements.txt", s.directory)
	}
	return s, err
}

// HoldsData says whether a resource of the type holds data that goes with it.
func (s *Schemas) HoldsData(kind string) bool {
	_, found := s.stateful[kind]
	return found
}

// Of returns the type's schema; known is false for a type without one, such as
// a custom resource.
func (s *Schemas) Of(kind string) (schema Schema, known bool, err error) {
	if schema, known = s.read[kind]; known {
		return schema, true, nil
	}
	file, known := s.files[kind]
	if !known {
		return Schema{}, false, nil
	}
	var text struct {
		CreateOnlyProperties, ConditionalCreateOnlyProperties []string
		Properties, Definitions                               map[string]node
	}
	err = readJSON(filepath.Join(s.directory, "schemas", "resources", file+".json"), &text)
	schema = Schema{
		CreateOnly: paths(text.CreateOnlyProperties), MayReplace: paths(text.ConditionalCreateOnlyProperties),
		root: node{Properties: text.Properties}, definitions: text.Definitions,
	}
	s.read[kind] = schema
	return schema, true, err
}

// paths returns the steps of JSON pointers that begin with "/properties".
func paths(pointers []string) [][]string {
	var all [][]string
	for _, pointer := range pointers {
		all = append(all, strings.Split(strings.TrimPrefix(pointer, "/properties/"), "/"))
	}
	return all
}

func readJSON(path string, value any) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: not there: another layout than that of the cfn-lint in tools/requirements.txt", path)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s: %w; install the tools anew", path, err)
	}
	return nil
}
