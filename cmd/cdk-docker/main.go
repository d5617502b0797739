// Cdk-docker is the `docker` that the CDK CLI calls during a rehearsal (CDK_DOCKER).
// See package cdkdocker.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"benchlingwebhook/internal/testbed/cdkdocker"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// run returns docker's exit status, or 1 where there is no configuration.
func run(ctx context.Context, args []string) int {
	config, err := cdkdocker.Load(os.Getenv(cdkdocker.ConfigVariable))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return config.Run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
}
