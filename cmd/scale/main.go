// Scale writes docs/scale.md: what the stack costs and how far it goes, computed
// from the golden templates, internal/scale/prices.json and
// docs/benchmarks/worker.json. It runs in the repository's root.
package main

import (
	"fmt"
	"io"
	"os"

	"benchlingwebhook/internal/scale"
)

func main() { os.Exit(run(".", os.Args[1:], os.Stderr)) }

// run returns the exit status: 0 where the page was written, 1 where it couldn't be,
// 2 for arguments, of which there are none.
func run(root string, args []string, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(stderr, "%q: scale takes no arguments; run it in the repository's root\n", args[0])
		return 2
	}
	if err := scale.Write(root); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
