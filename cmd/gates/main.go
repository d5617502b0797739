// Gates measures the quality gates of the image. `gates -bench` writes
// docs/benchmarks.md too, `gates build IMAGE` only builds the image, as a tag of the
// container engine, and `gates run IMAGE` runs it, too, until it is interrupted. It
// runs in the repository's root.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"benchlingwebhook/internal/gates"
	"benchlingwebhook/internal/process"
)

// longest bounds a whole measurement, the first one on a slow machine included.
const longest = 40 * time.Minute

func main() {
	if err := process.EndWithParent(); err != nil {
		fmt.Fprintln(os.Stderr, "this process doesn't end with its parent:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run returns the exit status: 0 where no gate was missed, 1 where one was, 2 for
// arguments that it can't take.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	unbounded := ctx
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	flags := flag.NewFlagSet("gates", flag.ContinueOnError)
	flags.SetOutput(stderr)
	bench := flags.Bool("bench", false, "write docs/benchmarks.md, too")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var passed bool
	var err error
	switch args := flags.Args(); {
	case len(args) == 0:
		passed, err = gates.Measure(ctx, *bench, stdout)
	case len(args) == 2 && args[0] == "run":
		passed = gates.Serve(unbounded, args[1], stdout)
	case len(args) == 2 && args[0] == "build":
		passed = gates.Build(ctx, args[1], stdout)
	default:
		fmt.Fprintf(stderr, "gates: %q: not a command: run it without arguments, or with `build IMAGE` or `run IMAGE`\n", args)
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	if err != nil || !passed {
		return 1
	}
	return 0
}
