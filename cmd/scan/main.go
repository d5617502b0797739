// Scan has checkov look at the golden templates, and fails where one of its checks
// fails that nobody has acknowledged. It runs in the repository's root, with the
// program as its argument.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"benchlingwebhook/internal/scan"
)

// templates are of every shape of the stack.
const templates = "stacks/testdata"

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit status: 0 where nothing is to be mended, 1 where something is,
// 2 for arguments that it can't take.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "scan: name checkov's program, and nothing else: use `make scan`")
		return 2
	}
	held, err := scan.Run(ctx, args[0], templates, stdout)
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	if err != nil || !held {
		return 1
	}
	return 0
}
