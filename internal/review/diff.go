package review

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
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

// lists compares lists of objects: by what names their elements, or else equal
// elements with each other and the rest in their order.
func (d *differ) lists(steps []string, before, after []any) {
	set := d.isSet(steps)
	was, wasKeys := byKey(before)
	is, isKeys := byKey(after)
	if (was != nil || len(before) == 0) && (is != nil || len(after) == 0) {
		for _, name := range either(was, is) {
			d.diff(step(steps, "["+name+"]"), was[name], is[name])
		}
		stay := func(of map[string]any) func(string) bool {
			return func(name string) bool { _, has := of[name]; return !has }
		}
		wasKeys, isKeys = slices.DeleteFunc(wasKeys, stay(is)), slices.DeleteFunc(isKeys, stay(was))
		if !set && !slices.Equal(wasKeys, isKeys) {
			d.add(step(steps, "order"), texts(wasKeys), texts(isKeys))
		}
		return
	}
	if set {
		before, after = unlike(before, after)
	}
	for i := range max(len(before), len(after)) {
		var was, is any
		if i < len(before) {
			was = before[i]
		}
		if i < len(after) {
			is = after[i]
		}
		d.diff(step(steps, fmt.Sprintf("[%d]", i)), was, is)
	}
}

func texts(names []string) any {
	all := make([]any, len(names))
	for i, name := range names {
		all[i] = name
	}
	return all
}

// unlike returns the elements of each list that the other hasn't.
func unlike(before, after []any) (was, is []any) {
	is = slices.Clone(after)
	for _, element := range before {
		at := slices.IndexFunc(is, func(other any) bool { return reflect.DeepEqual(element, other) })
		if at < 0 {
			was = append(was, element)
			continue
		}
		is = slices.Delete(is, at, at+1)
	}
	return was, is
}

// byKey returns a list's elements by what names them, so that one more element
// doesn't look like a change of those after it, and the names in order; nil
// where not every element has a name of its own.
func byKey(list []any) (map[string]any, []string) {
	for _, key := range []string{"Name", "Key", "AttributeName", "Id", "PolicyName"} {
		elements := map[string]any{}
		var names []string
		for _, element := range list {
			object, _ := element.(map[string]any)
			name, named := object[key].(string)
			if _, twice := elements[name]; !named || twice {
				break
			}
			names = append(names, name)
			rest := maps.Clone(object)
			delete(rest, key)
			if value, only := rest["Value"]; only && len(rest) == 1 {
				elements[name] = value
			} else {
				elements[name] = rest
			}
		}
		if len(list) > 0 && len(names) == len(list) {
			return elements, names
		}
	}
	return nil, nil
}

// isSet says whether the order of a list is nothing to CloudFormation.
func (d *differ) isSet(steps []string) bool {
	return path(steps) == "DependsOn" || d.schema.IsSet(steps)
}

// sorted returns a list in the order of its elements' texts.
func sorted(value any) any {
	values, isList := value.([]any)
	if !isList {
		return value
	}
	values = slices.Clone(values)
	slices.SortFunc(values, func(a, b any) int { return strings.Compare(cfn.JSON(a), cfn.JSON(b)) })
	return values
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

// assetHash is what CDK names an asset's content by. The golden templates have
// the word in its place.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// containerAssets is in the name of the repository that CDK's bootstrap makes
// for the images of an app.
const containerAssets = "container-assets-"

// isContent says whether a property differs only in the content of an image that
// the app builds.
func (c change) isContent() bool {
	return strings.HasSuffix(c.path(), ".Image") && strings.Contains(c.before, containerAssets) && assetHash.MatchString(c.before) &&
		assetHash.ReplaceAllString(c.before, "") == assetHash.ReplaceAllString(c.after, "")
}

// isCode says whether a property differs only in the name of an asset's content.
func (c change) isCode() bool {
	return assetHash.MatchString(c.before) && assetHash.ReplaceAllString(c.before, "") == assetHash.ReplaceAllString(c.after, "") &&
		slices.Contains([]string{"AWS::Lambda::Function", "AWS::Lambda::LayerVersion"}, c.kind)
}
