// Webhook is the operator's program: it checks and makes deployments, connects
// Benchling, and looks after what is deployed, with any credentials that the AWS
// CLI takes. The targets of make are shortcuts to it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"

	"benchlingwebhook/internal/operate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(status(err))
	}
}

// run does what the arguments name: a command, help, or a shell's completion.
func run(ctx context.Context, args []string, out io.Writer) error {
	root := &cobra.Command{
		Use: "webhook", Short: "Checks and makes deployments, connects Benchling, and looks after what is deployed",
		SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2,
		Args: noSuchCommand,
		RunE: func(c *cobra.Command, _ []string) error { return fmt.Errorf("no command: write one of %s", names(c)) },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; `%s --help` lists the flags", err, c.CommandPath())
	})
	root.AddCommand(commands()...)
	root.SetArgs(args)
	root.SetOut(out)
	return root.ExecuteContext(ctx)
}

// noSuchCommand refuses a misspelt command, with those that are like it.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if like := c.SuggestionsFor(args[0]); len(like) > 0 {
		return fmt.Errorf("%q: no such command; write %s", args[0], strings.Join(like, " or "))
	}
	return fmt.Errorf("%q: no such command; write one of %s", args[0], names(c))
}

// names returns the commands' names.
func names(root *cobra.Command) string {
	var all []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			all = append(all, c.Name())
		}
	}
	return strings.Join(all, ", ")
}

// environmentFirst wants an environment and at most so many arguments more; any
// number, where it is negative. The shell completes the environments of cdk.json.
func environmentFirst(c *cobra.Command, more int) *cobra.Command {
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 || more >= 0 && len(args) > 1+more {
			return fmt.Errorf("%d arguments; write `%s`", len(args), c.UseLine())
		}
		return nil
	}
	c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return operate.Environments(), cobra.ShellCompDirectiveNoFileComp
	}
	c.DisableFlagsInUseLine = true
	return c
}

// status returns what a program below exited with, or else 1.
func status(err error) int {
	if below := (*exec.ExitError)(nil); errors.As(err, &below) && below.ExitCode() > 0 {
		return below.ExitCode()
	}
	return 1
}
