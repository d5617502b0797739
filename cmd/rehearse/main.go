// Rehearse deploys the stack to a local AWS, runs it as Fargate would, and reports
// what held; EVENTS in the environment is how many events are sent while workers are
// killed, PARTS the parts to run, with commas between. `rehearse mutants` puts faults in
// and has the rehearsal find them, those whose names match MUTANTS. `rehearse down` removes everything that rehearsals and gates made. It runs
// in the repository's root.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"benchlingwebhook/internal/gates"
	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/rehearsal"
	"benchlingwebhook/internal/rehearsal/mutants"
)

func main() {
	if err := process.EndWithParent(); err != nil {
		fmt.Fprintln(os.Stderr, "this process doesn't end with its parent:", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run returns the exit status: 0 where everything held, 1 where something didn't, 2
// for arguments that it can't take.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	var passed bool
	var err error
	switch {
	case len(args) == 1 && args[0] == "down":
		err = rehearsal.Remove(ctx, stdout, gates.Images(), gates.Paths())
		passed = err == nil
	case len(args) == 1 && args[0] == "mutants":
		passed, err = mutants.Run(ctx, getenv("MUTANTS"), stdout)
	case len(args) > 0:
		fmt.Fprintf(stderr, "rehearse: %q: not a command: run it without arguments, or with `down` or `mutants`\n", args)
		return 2
	default:
		var n int
		if n, err = number(getenv("EVENTS")); err != nil {
			fmt.Fprintln(stderr, err)
			return 2
		}
		var names []string
		if parts := getenv("PARTS"); parts != "" {
			names = strings.Split(parts, ",")
		}
		passed, err = rehearsal.Run(ctx, n, names, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	if errors.Is(err, rehearsal.ErrParts) {
		return 2
	}
	if err != nil || !passed {
		return 1
	}
	return 0
}

// number returns how many events a text asks for; an empty one asks for the default.
func number(text string) (int, error) {
	if text == "" {
		return rehearsal.DefaultEvents, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100_000 {
		return 0, fmt.Errorf("EVENTS: %q: not a whole number from 1 to 100000: set one", text)
	}
	return n, nil
}
