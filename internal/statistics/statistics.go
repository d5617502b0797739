// Package statistics sums up what a benchmark has measured.
package statistics

import (
	"cmp"
	"slices"
)

// Quantile returns the value below which that part of the values lies, from 0 to
// 1; the values themselves stay as they are. It panics where there are none.
func Quantile[T cmp.Ordered](values []T, part float64) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}

// Median returns the middle value; of an even number, the upper of the two. It
// panics where there are none.
func Median[T cmp.Ordered](values []T) T { return Quantile(values, 0.5) }
