package review

import (
	"maps"
	"slices"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/cfnschema"
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

// similarity returns the share of values that two resources have in common,
// from 0 to 1.
func similarity(a, b cfn.Resource) float64 {
	all := 1 + max(values(a.Properties)+values(a.Attributes), values(b.Properties)+values(b.Attributes)) // The type.
	return float64(all-min(all, len(changesOf(a.ID, a, b, cfnschema.Schema{})))) / float64(all)
}

// values counts the texts and references within a value.
func values(value any) int {
	n := 0
	switch v := value.(type) {
	case nil:
	case []any:
		for _, element := range v {
			n += values(element)
		}
	case map[string]any:
		if cfn.IsIntrinsic(v) {
			return 1
		}
		for _, inner := range v {
			n += values(inner)
		}
	default:
		n = 1
	}
	return n
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
