package operate

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/config"

	"benchlingwebhook/internal/preflight"
	"benchlingwebhook/stacks"
)

// Preflight checks a deployment of an environment. It prints a line for each
// check that passed; its error has a line for each problem. As JSON, it prints both as
// one object.
func Preflight(ctx context.Context, environment string, options preflight.Options, asJSON bool, out io.Writer) error {
	_, report, err := inspect(ctx, environment, options)
	if err != nil {
		return err
	}
	if asJSON {
		return printExamined(report, out)
	}
	return printPassed(report, out)
}

// inspect makes the checks for an environment. The load options choose the
// account where the CDK CLI would.
func inspect(ctx context.Context, environment string, options preflight.Options, load ...func(*config.LoadOptions) error) (stacks.Settings, preflight.Report, error) {
	settings, err := readSettings(environment)
	if err != nil {
		return settings, preflight.Report{}, err
	}
	cloud, err := loadConfig(ctx, load...)
	if err != nil {
		return settings, preflight.Report{}, err
	}
	return settings, preflight.Run(ctx, preflight.NewClients(cloud), settings, options), nil
}

// printPassed prints a line for each check that passed, and returns the problems.
func printPassed(report preflight.Report, out io.Writer) error {
	for _, line := range report.Passed {
		fmt.Fprintln(out, "ok  "+line)
	}
	return errors.Join(report.Problems...)
}
