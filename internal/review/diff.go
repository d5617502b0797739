package review

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/cfnschema"
)

// change is one property that differs.
type change struct {
	id, kind string
	steps    []string
	// before and after are the values as a reader sees them; was and is are the
	// values themselves, nil where the property isn't set.
	before, after string
	was, is       any
}

func (c change) path() string { return path(c.steps) }

// path returns a property's name, such as "ContainerDefinitions[web].User".
func path(steps []string) string {
	return strings.ReplaceAll(strings.Join(steps, "."), ".[", "[")
}

// differ collects what differs between two canonical values.
type differ struct {
	id, kind string
	schema   cfnschema.Schema
	changes  []change
}

// changesOf returns what differs between two versions of one resource, in the
// order of the properties' names: its properties, and beside them its policies
// and dependencies.
func changesOf(id string, before, after cfn.Resource, schema cfnschema.Schema) []change {
	d := differ{id: id, kind: after.Type, schema: schema}
	d.diff(nil, orEmpty(before.Properties), orEmpty(after.Properties))
	d.diff(nil, orEmpty(before.Attributes), orEmpty(after.Attributes))
	return d.changes
}

func orEmpty(object map[string]any) any {
	if object == nil {
		return map[string]any{}
	}
	return object
}

// restChanges returns what differs outside the resources.
func restChanges(before, after cfn.Template) []change {
	d := differ{}
	d.diff(nil, orEmpty(before.Rest), orEmpty(after.Rest))
	return d.changes
}

// diff adds the differences of two values that stand at the same place; nil is
// a value that isn't there.
func (d *differ) diff(steps []string, before, after any) {
	if reflect.DeepEqual(before, after) {
		return
	}
	was, wasObject := object(before, after)
	is, isObject := object(after, before)
	wasList, wereList := list(before, after)
	isList, areList := list(after, before)
	switch {
	case cfn.IsPolicy(was) || cfn.IsPolicy(is):
		d.policy(steps, before, after)
	case wasObject && isObject && len(was)+len(is) > 0:
		for _, name := range either(was, is) {
			d.diff(step(steps, name), was[name], is[name])
		}
	case wereList && areList && len(wasList)+len(isList) > 0 && !scalars(wasList) && !scalars(isList):
		d.lists(steps, wasList, isList)
	default:
		set := wereList && areList && d.isSet(steps)
		if set && reflect.DeepEqual(sorted(before), sorted(after)) {
			return
		}
		d.add(steps, before, after)
		if set && before != nil && after != nil {
			c := &d.changes[len(d.changes)-1]
			was, is := unlike(wasList, isList)
			c.before, c.after = among(was, len(wasList)-len(was)), among(is, len(isList)-len(is))
		}
	}
}

// either returns the names of both objects in order.
func either(a, b map[string]any) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	return slices.Compact(names)
}

// among returns the text of elements of a list, of which others stay.
func among(elements []any, others int) string {
	names := cfn.Texts(elements)
	if others > 0 {
		names = append([]string{"…"}, names...)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

func step(steps []string, name string) []string { return append(slices.Clone(steps), name) }

// object returns a value as an object that can be compared name by name: an
// absent one is empty beside another.
func object(value, other any) (map[string]any, bool) {
	if value == nil {
		o, is := other.(map[string]any)
		return nil, is && len(o) > 0 && !cfn.IsIntrinsic(o)
	}
	o, is := value.(map[string]any)
	return o, is && !cfn.IsIntrinsic(o)
}

func list(value, other any) ([]any, bool) {
	if value == nil {
		l, is := other.([]any)
		return nil, is && len(l) > 0
	}
	l, is := value.([]any)
	return l, is
}

// scalars says whether a list has texts or references alone, which are read as
// one value.
func scalars(values []any) bool {
	for _, value := range values {
		if object, is := value.(map[string]any); is && !cfn.IsIntrinsic(object) {
			return false
		}
		if _, is := value.([]any); is {
			return false
		}
	}
	return len(values) > 0
}

func (d *differ) add(steps []string, before, after any) {
	c := change{id: d.id, kind: d.kind, steps: steps, was: before, is: after, before: cfn.Text(before), after: cfn.Text(after)}
	if c.before == c.after {
		// Such as a reference and its own name as a text.
		c.before, c.after = cfn.JSON(before), cfn.JSON(after)
		if before == nil || after == nil {
			c.before, c.after = orNone(before), orNone(after)
		}
	}
	d.changes = append(d.changes, c)
}

func orNone(value any) string {
	if value == nil {
		return cfn.None
	}
	return cfn.JSON(value)
}

// policy adds the policy document as one change, unless its statements say the
// same in another order or spelling.
func (d *differ) policy(steps []string, before, after any) {
	if !reflect.DeepEqual(canonicalPolicy(before), canonicalPolicy(after)) {
		d.add(steps, before, after)
	}
}

// isPolicy says whether the change is of a policy document.
func (c change) isPolicy() bool {
	was, _ := c.was.(map[string]any)
	is, _ := c.is.(map[string]any)
	return cfn.IsPolicy(was) || cfn.IsPolicy(is)
}

// canonicalPolicy returns a policy document whose lists are in order, and in
// which one element and a list of it are one.
func canonicalPolicy(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = canonicalPolicy(element)
		}
		return sorted(list)
	case map[string]any:
		if cfn.IsIntrinsic(v) {
			return v
		}
		object := make(map[string]any, len(v))
		for name, inner := range v {
			inner = canonicalPolicy(inner)
			if _, isObject := inner.(map[string]any); !isObject || cfn.IsIntrinsic(inner.(map[string]any)) || name == "Statement" {
				inner = sorted(cfn.List(inner))
			}
			object[name] = inner
		}
		return object
	}
	return value
}
