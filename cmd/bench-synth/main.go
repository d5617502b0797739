// Bench-synth times the synthesis of the project's app beside that of an empty
// CDK app, with CloudFormation's validation and without, and exits with 1 where
// ours takes too many times as long. It runs in the directory of cdk.json, with
// Node 24 first in PATH.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"benchlingwebhook/internal/benchsynth"
)

// emptyApp is the package of the empty app.
const emptyApp = "./cmd/bench-synth/emptyapp"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Stdout, os.Stderr, benchsynth.Run)
	stop()
	os.Exit(status)
}

// run times the apps and returns the exit status. A limit that is missed shows in
// the table alone.
func run(ctx context.Context, stdout, stderr io.Writer, bench func(ctx context.Context, ours, empty string, out io.Writer) error) int {
	err := bench(ctx, ".", emptyApp, stdout)
	if err == nil {
		return 0
	}
	if !errors.Is(err, benchsynth.ErrSlow) {
		fmt.Fprintln(stderr, err)
	}
	return 1
}
