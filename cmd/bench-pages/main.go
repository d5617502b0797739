// Bench-pages writes the pages below docs/benchmarks of what benchmarks have measured:
// `bench-pages NAME…` reads build/bench-NAME.json and writes NAME.md, its charts, and
// NAME.json, the figures that they show. It runs in the repository's root.
package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/benchservice"
	"benchlingwebhook/internal/benchsynth"
	"benchlingwebhook/internal/benchworker"
)

// makers are the benchmarks' by name.
var makers = map[string]benchpages.Maker{
	"service": benchservice.Page,
	"synth":   benchsynth.Page,
	"worker":  benchworker.Page,
}

func main() { os.Exit(run(".", os.Args[1:], os.Stderr)) }

// run returns the exit status: 0 where all pages were written, 1 where one couldn't
// be, 2 for arguments that it can't take.
func run(root string, names []string, stderr io.Writer) int {
	status := 0
	if len(names) == 0 {
		status = 2
		fmt.Fprintf(stderr, "bench-pages: no name: give one or more of %s\n", strings.Join(slices.Sorted(maps.Keys(makers)), ", "))
	}
	for _, name := range names {
		if makers[name] == nil {
			status = 2
			fmt.Fprintf(stderr, "bench-pages: %q: not a benchmark: use %s\n", name, strings.Join(slices.Sorted(maps.Keys(makers)), ", "))
		}
	}
	if status != 0 {
		return status
	}
	for _, name := range names {
		if err := benchpages.Write(root, name, makers[name]); err != nil {
			status = 1
			fmt.Fprintln(stderr, err)
		}
	}
	return status
}
