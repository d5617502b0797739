package actions

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkCalls returns how often each operation of Benchling's API was called, and
// what in the calls contradicts Benchling's description.
func (a finish) checkCalls() (string, error) {
	return callsChecked(a.Benchling.Calls(), a.Benchling.Violations())
}

// callsChecked names the operations in order. No call at all is an error.
func callsChecked(calls map[string]int, violations []string) (string, error) {
	if len(violations) > 0 {
		return "", errors.New(strings.Join(violations, "; "))
	}
	if len(calls) == 0 {
		return "", errors.New("no call was checked")
	}
	var counts []string
	for _, operation := range slices.Sorted(maps.Keys(calls)) {
		counts = append(counts, fmt.Sprintf("%s %d", operation, calls[operation]))
	}
	return strings.Join(counts, ", "), nil
}
