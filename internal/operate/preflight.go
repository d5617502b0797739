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
// check that passed; its error has a line for each problem.
func Preflight(ctx context.Context, environment string, options preflight.Options, out io.Writer) error {
	_, _, err := inspect(ctx, environment, options, out)
	return err
}

// inspect makes the checks for an environment. The load options choose the
// account where the CDK CLI would.
func inspect(ctx context.Context, environment string, options preflight.Options, out io.Writer, load ...func(*config.LoadOptions) error) (stacks.Settings, preflight.Report, error) {
	settings, err := readSettings(environment)
	if err != nil {
		return settings, preflight.Report{}, err
	}
	cloud, err := loadConfig(ctx, load...)
	if err != nil {
		return settings, preflight.Report{}, err
	}
	report := preflight.Run(ctx, preflight.NewClients(cloud), settings, options)
	for _, line := range report.Passed {
		fmt.Fprintln(out, "ok  "+line)
	}
	return settings, report, errors.Join(report.Problems...)
}
