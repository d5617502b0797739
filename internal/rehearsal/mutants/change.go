package mutants

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// change is one of a template.
type change = func(cfn.Template) error

// one returns the only resource of a type whose ID begins with a text.
func one(t cfn.Template, kind, id string) (cfn.Resource, error) {
	found := slices.DeleteFunc(t.OfType(kind), func(r cfn.Resource) bool { return !strings.HasPrefix(r.ID, id) })
	if len(found) != 1 {
		return cfn.Resource{}, fmt.Errorf("%d resources of type %s whose ID begins with %q, not 1", len(found), kind, id)
	}
	return found[0], nil
}

// gone takes a resource away.
func gone(kind, id string) change {
	return func(t cfn.Template) error {
		r, err := one(t, kind, id)
		delete(t.Resources, r.ID)
		return err
	}
}

// without takes a right away from the policy of a role.
func without(policy, action string) change {
	return func(t cfn.Template) error {
		r, err := one(t, "AWS::IAM::Policy", policy)
		if err != nil {
			return err
		}
		found := false
		for _, statement := range cfn.Statements(r.Properties) {
			actions := cfn.List(statement.Elements["Action"])
			kept := slices.DeleteFunc(slices.Clone(actions), func(a any) bool { return a == action })
			if len(kept) == len(actions) {
				continue
			}
			found = true
			if len(kept) == 0 {
				kept = []any{"sts:GetCallerIdentity"}
			}
			statement.Elements["Action"] = kept
		}
		if !found {
			return fmt.Errorf("%s: no statement has %s", r.ID, action)
		}
		return nil
	}
}

// set gives a property of a resource another value; the path's names and numbers lead
// to it.
func set(kind, id string, value any, path ...any) change {
	return func(t cfn.Template) error {
		r, err := one(t, kind, id)
		if err != nil {
			return err
		}
		var at any = r.Properties
		for _, step := range path[:len(path)-1] {
			if at, err = into(at, step); err != nil {
				return fmt.Errorf("%s: %w", r.ID, err)
			}
		}
		last := path[len(path)-1]
		before, _ := into(at, last)
		if reflect.DeepEqual(before, value) {
			return fmt.Errorf("%s: %v is %v already", r.ID, path, value)
		}
		switch parent := at.(type) {
		case map[string]any:
			parent[last.(string)] = value
		case []any:
			parent[last.(int)] = value
		default:
			return fmt.Errorf("%s: nothing at %v", r.ID, path)
		}
		return nil
	}
}

func into(value, step any) (any, error) {
	switch parent := value.(type) {
	case map[string]any:
		if name, is := step.(string); is && parent[name] != nil {
			return parent[name], nil
		}
	case []any:
		if n, is := step.(int); is && n < len(parent) {
			return parent[n], nil
		}
	}
	return nil, fmt.Errorf("nothing at %v", step)
}

// unset takes a property of a resource away.
func unset(kind, id string, path ...string) change {
	return func(t cfn.Template) error {
		r, err := one(t, kind, id)
		if err != nil {
			return err
		}
		parent, _ := cfn.At(r.Properties, path[:len(path)-1]...).(map[string]any)
		last := path[len(path)-1]
		if parent[last] == nil {
			return fmt.Errorf("%s: nothing at %v", r.ID, path)
		}
		delete(parent, last)
		return nil
	}
}

// inContainer gives a property of a task definition's container another value.
func inContainer(id string, value any, path ...any) change {
	return set("AWS::ECS::TaskDefinition", id, value, append([]any{"ContainerDefinitions", 0}, path...)...)
}

// variable gives an environment variable of a task another value.
func variable(id, name string, value any) change {
	return func(t cfn.Template) error {
		r, err := one(t, "AWS::ECS::TaskDefinition", id)
		if err != nil {
			return err
		}
		for _, pair := range cfn.List(cfn.At(cfn.List(r.Properties["ContainerDefinitions"])[0], "Environment")) {
			if cfn.At(pair, "Name") == name {
				pair.(map[string]any)["Value"] = value
				return nil
			}
		}
		return fmt.Errorf("%s: no variable %s", r.ID, name)
	}
}

// attribute gives a load balancer's or target group's attribute another value.
func attribute(kind, list, key, value string) change {
	return func(t cfn.Template) error {
		r, err := one(t, kind, "Ingress")
		if err != nil {
			return err
		}
		for _, pair := range cfn.List(r.Properties[list]) {
			if cfn.At(pair, "Key") == key {
				pair.(map[string]any)["Value"] = value
				return nil
			}
		}
		return fmt.Errorf("%s: no attribute %s", r.ID, key)
	}
}

// both makes two changes.
func both(first, second change) change {
	return func(t cfn.Template) error {
		if err := first(t); err != nil {
			return err
		}
		return second(t)
	}
}
