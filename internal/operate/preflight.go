package operate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/config"

	"benchlingwebhook/internal/preflight"
	"benchlingwebhook/stacks"
)

// Preflight checks a deployment: `preflight [-create-roles] [-synthesized]
// ENVIRONMENT`. It prints a line for each check that passed; its error has a
// line for each problem.
func Preflight(ctx context.Context, args []string, out io.Writer) error {
	flags, options := preflightFlags("preflight")
	flags.BoolVar(&options.Synthesized, "synthesized", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		return errors.New("usage: webhook preflight [-create-roles] [-synthesized] ENVIRONMENT")
	}
	_, _, err := inspect(ctx, flags.Arg(0), *options, out)
	return err
}

// preflightFlags returns the flags that preflight and deploy share.
func preflightFlags(verb string) (*flag.FlagSet, *preflight.Options) {
	flags, options := flag.NewFlagSet(verb, flag.ContinueOnError), &preflight.Options{}
	flags.SetOutput(io.Discard)
	flags.BoolVar(&options.CreateRoles, "create-roles", false, "")
	return flags, options
}

// inspect makes the checks for an environment. The load options choose the
// account where the CDK CLI would.
func inspect(ctx context.Context, environment string, options preflight.Options, out io.Writer, load ...func(*config.LoadOptions) error) (stacks.Settings, preflight.Report, error) {
	settings, err := readSettings(environment)
	if err != nil {
		return settings, preflight.Report{}, err
	}
	cloud, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return settings, preflight.Report{}, fmt.Errorf("credentials: %w; set AWS_PROFILE to a profile of your AWS configuration", err)
	}
	report := preflight.Run(ctx, preflight.NewClients(cloud), settings, options)
	for _, line := range report.Passed {
		fmt.Fprintln(out, "ok  "+line)
	}
	return settings, report, errors.Join(report.Problems...)
}
