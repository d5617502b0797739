// Cobra is cmd/webhook with cobra in place of Go's flag, for a comparison.
package main

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"benchlingwebhook/internal/operate"
)

type verb func(context.Context, []string, io.Writer) error

// command returns a verb's command. The verbs read their flags again from the
// arguments that run puts together.
func command(use, short string, run verb, arguments cobra.PositionalArgs, flags map[string]string) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: arguments, SilenceUsage: true}
	for name, meaning := range flags {
		c.Flags().Bool(name, false, meaning)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		for name := range flags {
			if set, err := c.Flags().GetBool(name); err == nil && set {
				args = append([]string{"-" + name}, args...)
			}
		}
		return run(c.Context(), args, c.OutOrStdout())
	}
	return c
}

func main() {
	root := &cobra.Command{Use: "webhook", Short: "Checks and makes deployments and looks after them"}
	roles := "make the service-linked roles that are missing"
	root.AddCommand(
		command("preflight ENVIRONMENT", "check what a deployment needs of the account", operate.Preflight, cobra.ExactArgs(1),
			map[string]string{"create-roles": roles, "synthesized": "the templates are in cdk.out"}),
		command("deploy ENVIRONMENT [CDK ARGUMENTS]", "check, then deploy with the CDK CLI", operate.Deploy, cobra.MinimumNArgs(1),
			map[string]string{"create-roles": roles}),
		command("redrive ENVIRONMENT [ID,ID|all]", "list the dead letters, or send some again", operate.Redrive, cobra.RangeArgs(1, 2), nil),
		command("status ENVIRONMENT", "say whether it is ready", operate.Status, cobra.ExactArgs(1),
			map[string]string{"config": "print the settings, secrets masked"}),
	)
	if err := root.ExecuteContext(context.Background()); err != nil {
		os.Exit(1)
	}
}
