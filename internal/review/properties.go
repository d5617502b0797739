package review

import (
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// leaf is the value of one property as a reader sees it.
type leaf struct {
	steps []string
	value string
}

// path returns the property's name, such as "ContainerDefinitions[web].User".
func path(steps []string) string {
	return strings.ReplaceAll(strings.Join(steps, "."), ".[", "[")
}

// leaves returns every property below value, by path. Policy documents are left
// out: they are compared statement by statement.
func leaves(value any, steps ...string) map[string]leaf {
	all := map[string]leaf{}
	collect(all, value, steps)
	return all
}

func collect(all map[string]leaf, value any, steps []string) {
	switch v := value.(type) {
	case map[string]any:
		if cfn.IsPolicy(v) {
			return
		}
		if len(v) > 0 && !cfn.IsIntrinsic(v) {
			for name, inner := range v {
				collect(all, inner, append(slices.Clone(steps), name))
			}
			return
		}
	case []any:
		if elements, keyed := byKey(v); keyed {
			for key, inner := range elements {
				collect(all, inner, append(slices.Clone(steps), "["+key+"]"))
			}
			return
		}
	}
	all[path(steps)] = leaf{steps: steps, value: cfn.Text(value)}
}

// byKey returns a list's elements by what names them, so that one more element
// doesn't look like a change of those after it.
func byKey(list []any) (map[string]any, bool) {
	for _, key := range []string{"Name", "Key", "AttributeName"} {
		elements := map[string]any{}
		for _, element := range list {
			object, _ := element.(map[string]any)
			name, named := object[key].(string)
			if !named || elements[name] != nil {
				break
			}
			rest := maps.Clone(object)
			delete(rest, key)
			if value, only := rest["Value"]; only && len(rest) == 1 {
				elements[name] = value
			} else {
				elements[name] = rest
			}
		}
		if len(list) > 0 && len(elements) == len(list) {
			return elements, true
		}
	}
	return nil, false
}
