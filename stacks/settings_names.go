package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
)

// didYouMean returns ` (did you mean "…"?)` where one of the names is near.
func didYouMean[V any](name string, names map[string]V) string {
	sorted := slices.Sorted(maps.Keys(names))
	near, found := suggest.Search(name, sorted, true)
	for _, other := range sorted {
		if strings.EqualFold(name, other) {
			near, found = other, true
		}
	}
	if !found {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", near)
}

// list returns the names in order, with commas.
func list[V any](names map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
