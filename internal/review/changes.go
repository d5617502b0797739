package review

import (
	"maps"
	"reflect"
	"regexp"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// change is one property that differs.
type change struct {
	id, kind      string
	steps         []string
	before, after string
}

func (c change) path() string { return path(c.steps) }

// changesOf returns what differs between two versions of one resource, in the
// order of the properties' names.
func changesOf(id string, before, after cfn.Resource) []change {
	// Most resources of a review are the same on both sides.
	if reflect.DeepEqual(before.Properties, after.Properties) && reflect.DeepEqual(before.Attributes, after.Attributes) {
		return nil
	}
	return compare(id, after.Type, attributes(before), attributes(after))
}

// attributes returns a resource's properties and, beside them, its policies and
// dependencies.
func attributes(r cfn.Resource) map[string]leaf {
	all := leaves(r.Properties)
	delete(all, "") // A resource without properties.
	for name, value := range r.Attributes {
		maps.Copy(all, leaves(value, name))
	}
	return all
}

// restChanges returns what differs outside the resources.
func restChanges(before, after cfn.Template) []change {
	return compare("", "", leaves(before.Rest), leaves(after.Rest))
}

func compare(id, kind string, before, after map[string]leaf) []change {
	paths := maps.Clone(before)
	maps.Copy(paths, after)
	var changes []change
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		was, is := cfn.None, cfn.None
		if l, set := before[name]; set {
			was = l.value
		}
		if l, set := after[name]; set {
			is = l.value
		}
		if was != is {
			changes = append(changes, change{id: id, kind: kind, steps: paths[name].steps, before: was, after: is})
		}
	}
	return changes
}

// assetHash is what CDK names an asset's content by. The golden templates have
// the word in its place.
var assetHash = regexp.MustCompile(`[0-9a-f]{64}`)

// isContent says whether a property differs only in the content of an asset.
func (c change) isContent() bool {
	return assetHash.MatchString(c.before) && assetHash.ReplaceAllString(c.before, "") == assetHash.ReplaceAllString(c.after, "")
}
