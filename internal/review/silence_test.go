package review

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
)

// mutation changes the value at one place of a template; not every one can.
type mutation struct {
	name string
	// of returns the new value, nil for one that is taken away, and false where it
	// can't be made.
	of func(any) (any, bool)
	// silent says that CloudFormation takes both as equal.
	silent bool
}

var mutations = []mutation{
	{"another value", func(v any) (any, bool) {
		switch v := v.(type) {
		case string:
			return v + "x", true
		case float64:
			return v + 1, true
		case bool:
			return !v, true
		}
		return nil, false
	}, false},
	{"taken away", func(any) (any, bool) { return nil, true }, false},
	{"the text none", func(any) (any, bool) { return cfn.None, true }, false},
	{"a reference in place of its name", func(v any) (any, bool) {
		text, is := v.(string)
		return map[string]any{"Ref": text}, is && text != ""
	}, false},
	{"a name in place of its reference", func(v any) (any, bool) {
		object, _ := v.(map[string]any)
		text, is := object["Ref"].(string)
		return text, is && len(object) == 1
	}, false},
	{"a text in place of Fn::Join", func(v any) (any, bool) {
		object, _ := v.(map[string]any)
		text := shown(cfn.Symbol(cfn.Canonical(v)))
		return text, object["Fn::Join"] != nil
	}, false},
	{"a text in place of Fn::GetAtt", func(v any) (any, bool) {
		object, _ := v.(map[string]any)
		list, is := object["Fn::GetAtt"].([]any)
		return strings.Join(cfn.Texts(list), "."), is
	}, false},
	{"a list in place of a text", func(v any) (any, bool) {
		text, is := v.(string)
		return []any{text, "another"}, is
	}, false},
	{"an Fn::If in its place", func(v any) (any, bool) {
		return map[string]any{"Fn::If": []any{"Condition", v, map[string]any{"Ref": "AWS::NoValue"}}}, true
	}, false},
	{"a number as a text", func(v any) (any, bool) {
		number, is := v.(float64)
		return strconv.FormatFloat(number, 'f', -1, 64), is
	}, true},
	{"a truth value as a text", func(v any) (any, bool) {
		truth, is := v.(bool)
		return strconv.FormatBool(truth), is
	}, true},
	{"Fn::Sub for Ref", func(v any) (any, bool) {
		object, _ := v.(map[string]any)
		text, is := object["Ref"].(string)
		return map[string]any{"Fn::Sub": "${" + text + "}"}, is && len(object) == 1 && text != "AWS::NoValue"
	}, true},
	{"Fn::Join for Fn::GetAtt", func(v any) (any, bool) {
		object, _ := v.(map[string]any)
		return map[string]any{"Fn::Join": []any{"-", []any{v}}}, object["Fn::GetAtt"] != nil
	}, true},
}

// TestSilence changes every value of the golden templates, each in one way, and
// some in all: whatever isn't the same to CloudFormation is reported, and nothing
// that is.
func TestSilence(t *testing.T) {
	goldens, err := filepath.Glob("../../stacks/testdata/*.template.json")
	assert.NilError(t, err)
	assert.Assert(t, len(goldens) > 4, goldens)
	sources := installed(t)
	made := map[string]int{}
	for file, golden := range goldens {
		text, err := os.ReadFile(golden)
		assert.NilError(t, err)
		template, err := cfn.Read(text)
		assert.NilError(t, err)
		before := template.Canonical()
		place := 0
		for _, r := range template.All() {
			for _, steps := range places(r.Properties, nil) {
				place++
				if testing.Short() && place%7 != 0 {
					continue
				}
				// The other shapes repeat most of what prod has.
				if filepath.Base(golden) != "prod.template.json" && place%11 != file {
					continue
				}
				for i, m := range mutations {
					if i != place%len(mutations) && place%17 != 0 && i < 2 {
						continue
					}
					if place%3 != i%3 && i > 2 {
						continue
					}
					value, can := m.of(valueAt(r.Properties, steps))
					if !can {
						continue
					}
					made[m.name]++
					mutant := r
					mutant.Properties, _ = with(r.Properties, steps, value).(map[string]any)
					name := fmt.Sprintf("%s: %s %v: %s", filepath.Base(golden), r.ID, steps, m.name)
					checkMutant(t, sources, before, mutant, m.silent, name)
				}
			}
		}
	}
	for _, m := range mutations {
		assert.Check(t, made[m.name] > 2, "%s: %d", m.name, made[m.name])
	}
}

func checkMutant(t *testing.T, sources Sources, before cfn.Template, mutant cfn.Resource, silent bool, name string) {
	t.Helper()
	after := cfn.Template{Resources: maps.Clone(before.Resources), Rest: before.Rest}
	one := cfn.Template{Resources: map[string]cfn.Resource{mutant.ID: mutant}}.Canonical()
	after.Resources[mutant.ID] = one.Resources[mutant.ID]
	compared, err := newComparison(before, after, nil, sources)
	assert.NilError(t, err)
	found, err := compared.findings()
	assert.NilError(t, err)
	if silent {
		assert.Check(t, len(found) == 0, "%s: %+v", name, found)
		return
	}
	assert.Check(t, len(found) > 0, name)
}

// places returns the paths of all values within a value, those of intrinsics as one.
func places(value any, steps []any) [][]any {
	var all [][]any
	switch v := value.(type) {
	case map[string]any:
		if cfn.IsIntrinsic(v) {
			return append(all, steps)
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, places(v[name], append(slices.Clone(steps), name))...)
		}
	case []any:
		for i, element := range v {
			all = append(all, places(element, append(slices.Clone(steps), i))...)
		}
	default:
		all = append(all, steps)
	}
	return all
}

func valueAt(value any, steps []any) any {
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			value = value.(map[string]any)[step]
		case int:
			value = value.([]any)[step]
		}
	}
	return value
}

// with returns a copy of a value with another one at a path; nil takes it away.
func with(value any, steps []any, other any) any {
	if len(steps) == 0 {
		return other
	}
	switch step := steps[0].(type) {
	case string:
		object := maps.Clone(value.(map[string]any))
		if inner := with(object[step], steps[1:], other); inner == nil {
			delete(object, step)
		} else {
			object[step] = inner
		}
		return object
	case int:
		list := slices.Clone(value.([]any))
		if inner := with(list[step], steps[1:], other); inner == nil {
			return slices.Delete(list, step, step+1)
		} else {
			list[step] = inner
		}
		return list
	}
	return value
}
