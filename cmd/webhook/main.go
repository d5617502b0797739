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
	"slices"

	"benchlingwebhook/internal/operate"
)

const usage = `usage: webhook VERB …
  preflight [-create-roles] [-synthesized] ENVIRONMENT   check what a deployment needs of the account
  deploy [-create-roles] ENVIRONMENT [CDK ARGUMENTS]     check, then deploy with the CDK CLI
  redrive ENVIRONMENT [ID,ID|all]                        list the dead letters, or send some again
  status [-config] ENVIRONMENT                           say whether it is ready, or what its settings are`

type verb func(ctx context.Context, args []string, out io.Writer) error

var verbs = map[string]verb{
	"preflight": operate.Preflight,
	"deploy":    operate.Deploy,
	"redrive":   operate.Redrive,
	"status":    operate.Status,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(status(err))
	}
}

// run does what the arguments name: a verb, or help.
func run(ctx context.Context, args []string, out io.Writer) error {
	if asksForHelp(args) {
		_, err := fmt.Fprintln(out, usage)
		return err
	}
	if len(args) == 0 {
		return errors.New(usage)
	}
	if verbs[args[0]] == nil {
		return fmt.Errorf("%q: no such verb\n%s", args[0], usage)
	}
	return verbs[args[0]](ctx, args[1:], out)
}

// asksForHelp says whether help is asked for, of the program or of a verb. What
// comes after an environment may be another program's.
func asksForHelp(args []string) bool {
	return slices.ContainsFunc(args[:min(len(args), 2)], func(arg string) bool {
		return slices.Contains([]string{"help", "-h", "-help", "--help"}, arg)
	})
}

// status returns what a program below exited with, or else 1.
func status(err error) int {
	if below := (*exec.ExitError)(nil); errors.As(err, &below) && below.ExitCode() > 0 {
		return below.ExitCode()
	}
	return 1
}
