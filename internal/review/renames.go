package review

import (
	"maps"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// renamedSimilarity is the share of equal properties from which a resource that comes is
// taken for one that goes, under another name.
const renamedSimilarity = 0.6

// renames returns the new logical IDs of resources whose construct was renamed,
// by their old ones: of one type, and with nearly the same properties.
func renames(before, after cfn.Template) map[string]string {
	gone, come := only(before, after), only(after, before)
	// What refers to a renamed resource differs by the name alone.
	neutral := map[string]string{}
	for _, id := range gone {
		neutral[id] = before.Resources[id].Type
	}
	for _, id := range come {
		neutral[id] = after.Resources[id].Type
	}
	found := map[string]string{}
	taken := map[string]bool{}
	for _, old := range gone {
		best, most := "", renamedSimilarity
		for _, id := range come {
			if taken[id] || before.Resources[old].Type != after.Resources[id].Type {
				continue
			}
			share := similarity(before.Resources[old].WithIDs(neutral), after.Resources[id].WithIDs(neutral))
			// Among equals, the one whose name is nearest.
			share += float64(commonPrefix(old, id)) / 1e4
			if share > most {
				best, most = id, share
			}
		}
		if best != "" {
			found[old], taken[best] = best, true
		}
	}
	return found
}

// only returns the logical IDs that the one template has and the other hasn't,
// and those that have another type there.
func only(of, other cfn.Template) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(of.Resources)) {
		if in, has := other.Resources[id]; !has || in.Type != of.Resources[id].Type {
			ids = append(ids, id)
		}
	}
	return ids
}

// similarity returns the share of properties that two resources have in common,
// from 0 to 1.
func similarity(a, b cfn.Resource) float64 {
	in, other := attributes(a), attributes(b)
	equal, all := 1, 1 // The type.
	for name, l := range in {
		all++
		if o, has := other[name]; has && o.value == l.value {
			equal++
		}
	}
	for name := range other {
		if _, has := in[name]; !has {
			all++
		}
	}
	return float64(equal) / float64(all)
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
