// Webhook is the operator's program: it checks and makes deployments and looks
// after what is deployed, with any credentials that the AWS CLI takes.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"

	"benchlingwebhook/internal/operate"
)

const usage = `usage: webhook VERB …
  preflight [-create-roles] [-synthesized] ENVIRONMENT   check what a deployment needs of the account
  deploy [-create-roles] ENVIRONMENT [CDK ARGUMENTS]     check, then deploy with the CDK CLI
  redrive ENVIRONMENT [ID,ID|all]                        list the dead letters, or send some again
  status [-config] ENVIRONMENT                           say whether it is ready, or what its settings are`

var verbs = map[string]func(context.Context, []string, io.Writer) error{
	"preflight": operate.Preflight,
	"deploy":    operate.Deploy,
	"redrive":   operate.Redrive,
	"status":    operate.Status,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	verb := func(context.Context, []string, io.Writer) error { return errors.New(usage) }
	var args []string
	if len(os.Args) > 1 && verbs[os.Args[1]] != nil {
		verb, args = verbs[os.Args[1]], os.Args[2:]
	}
	if err := verb(ctx, args, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(status(err))
	}
}

// status returns what a program below exited with, or else 1.
func status(err error) int {
	if below := (*exec.ExitError)(nil); errors.As(err, &below) && below.ExitCode() > 0 {
		return below.ExitCode()
	}
	return 1
}
