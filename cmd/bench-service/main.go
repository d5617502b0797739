// Bench-service loads the web service on 127.0.0.1 beside a Flask development
// server, and exits with 1 where a limit is missed. With the argument "servers" it
// compares the service's own server with others instead. It runs in the
// repository's directory.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"benchlingwebhook/internal/benchservice"
)

// bench is a benchmark that prints its result.
type bench func(ctx context.Context, out io.Writer) error

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, benchservice.Run, benchservice.CompareServers)
	stop()
	os.Exit(status)
}

// run does what the arguments say and returns the exit status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer, service, servers bench) int {
	chosen := service
	if len(arguments) > 0 && arguments[0] == "servers" {
		chosen = servers
	}
	if err := chosen(ctx, stdout); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}
