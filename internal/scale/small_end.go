package scale

import (
	"fmt"
	"slices"
	"strings"

	"benchlingwebhook/internal/benchworker"
)

// smallEnd is one worker task with so many places: the packages that it made in a second,
// and those that the flow of this package has for it.
type smallEnd struct {
	places         int
	measured, flow float64
}

// smallEnds plays the worker's benchmark through the flow: entries that all wait, each with
// the time that one package took alone, and no more than one processor does.
func smallEnds(figures benchworker.Figures) ([]smallEnd, error) {
	rows := figures.Usual()
	alone, measured := rows[1]
	if !measured || len(rows) < 3 {
		return nil, fmt.Errorf("too few rows of %q with the slowest S3 over TLS", benchworker.UsualPackage)
	}
	const entries = 10_000
	var all []smallEnd
	for n, row := range rows {
		free := make(places, n)
		for range entries {
			free.take(0, 1/alone.PackagesPerSecond)
		}
		all = append(all, smallEnd{n, row.PackagesPerSecond, min(entries/slices.Max(free), 1000/row.CPUOfPackage)})
	}
	slices.SortFunc(all, func(a, b smallEnd) int { return a.places - b.places })
	return all, nil
}

// writeSmallEnds writes the flow beside what was measured.
func writeSmallEnds(page *strings.Builder, all []smallEnd) {
	page.WriteString(`
At the small end, the same model beside one worker of [the benchmark](benchmarks/worker.md), whose Benchling has each export ready after one poll: packages a second, by the time of a package that is alone and by one processor.

| Places | Model | Measured |
|---:|---:|---:|
`)
	for _, it := range all {
		fmt.Fprintf(page, "| %d | %.1f | %.1f |\n", it.places, it.flow, it.measured)
	}
}
