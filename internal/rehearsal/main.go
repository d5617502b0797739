// Rehearsal deploys the stack to a local AWS, runs the deployed task as Fargate
// would, sends it webhooks and reports what held. `rehearsal build` builds the
// image alone, `rehearsal gates` measures its quality gates, `rehearsal bench`
// writes the benchmarks too, and `rehearsal down` removes everything they made.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed/cdkdocker"
)

// longest bounds a whole rehearsal, the first one on a slow machine included.
const longest = 25 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A number that can't be meant is told of in its row.
	events, _ := eventsToSend()
	ctx, cancel := context.WithTimeout(ctx, longest+time.Duration(events)*packageEach)
	defer cancel()
	os.Exit(run(ctx, os.Args[1:]))
}

func run(ctx context.Context, args []string) int {
	if path := os.Getenv(cdkdocker.ConfigVariable); path != "" {
		config, err := cdkdocker.Load(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return config.Run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
	}
	switch {
	case len(args) == 0:
		return rehearse(ctx)
	case len(args) == 1 && (args[0] == "gates" || args[0] == "bench"):
		return measure(ctx, args[0] == "bench")
	case len(args) == 2 && args[0] == "build":
		return buildOnce(ctx, args[1])
	case len(args) == 1 && args[0] == "down":
		if err := down(ctx, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	fmt.Fprintf(os.Stderr, "rehearsal: %q: not a command: run it without arguments, or with `build IMAGE`, `gates`, `bench` or `down`\n", args)
	return 2
}

// rehearse runs every check and writes the table, also after a failure.
func rehearse(ctx context.Context) int {
	rows := report.New(os.Stdout)
	fmt.Println("This builds the image, deploys the stack to a local AWS, runs its task under Fargate's rules and sends it webhooks.")
	fmt.Println("Nothing leaves this machine but downloads; a first run takes several minutes. `make rehearse-down` removes it all.")
	r := &rehearsal{rows: rows}
	r.run(ctx)
	r.stop()
	if err := rows.Table(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err := rows.Save(resultFile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if !rows.Held() || ctx.Err() != nil {
		return 1
	}
	return 0
}
