package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"

	"benchlingwebhook/internal/preflight"
	"benchlingwebhook/stacks"
)

// step is one run of the CDK CLI, and why it is made.
type step struct {
	why  string
	args []string
}

// Deploy checks a deployment of an environment and makes it with the CDK CLI and
// these arguments. The CLI has this process's standard streams; where it fails,
// the error is its *exec.ExitError.
func Deploy(ctx context.Context, environment string, cdkArgs []string, options preflight.Options, out io.Writer) error {
	if err := checkContextArgs(environment, cdkArgs); err != nil {
		return err
	}
	settings, report, err := inspect(ctx, environment, options, accountOf(cdkArgs)...)
	if err != nil {
		return err
	}
	if err := printPassed(report, out); err != nil {
		return err
	}
	for _, step := range steps(environment, report.First && settings.DeletionProtection, cdkArgs) {
		// The terminal's Ctrl-C is the CLI's as well; after it there is no next step.
		if err := ctx.Err(); err != nil {
			return err
		}
		fmt.Fprintln(out, step.why)
		cdk := exec.Command("cdk", step.args...)
		cdk.Stdin, cdk.Stdout, cdk.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := cdk.Run(); err != nil {
			return fmt.Errorf("cdk %s: %w", strings.Join(step.args, " "), err)
		}
	}
	return nil
}

// steps returns how an environment is deployed. A load balancer, a table and a
// stack that are born protected could be neither rolled back nor deleted if
// their first deployment failed, so they are protected by a second one.
func steps(environment string, protectAfter bool, cdkArgs []string) []step {
	name := stacks.StackName(environment)
	command := append([]string{"deploy", "-c", stacks.EnvironmentKey + "=" + environment}, cdkArgs...)
	if !protectAfter {
		return []step{{"deploying " + name, command}}
	}
	return []step{
		{"deploying " + name + " (1 of 2), its deletion protections off: if a first deployment fails, it must be possible to delete it",
			slices.Concat(command, []string{"-c", stacks.Unprotected})},
		{"deploying " + name + " (2 of 2), its deletion protections on", command},
	}
}

// checkContextArgs refuses arguments that would deploy another environment than the
// one that was checked, and a context without a value, of which the CDK CLI only
// warns.
func checkContextArgs(environment string, cdkArgs []string) error {
	var problems []error
	for i, arg := range cdkArgs {
		option, assignment, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(cdkArgs) {
			assignment = cdkArgs[i+1]
		}
		if option != "-c" && option != "--context" {
			continue
		}
		switch key, _, assigned := strings.Cut(assignment, "="); {
		case !assigned:
			problems = append(problems, fmt.Errorf("%s %s: not KEY=VALUE; write %s KEY=VALUE", option, assignment, option))
		case key == stacks.EnvironmentKey:
			problems = append(problems, fmt.Errorf("%s %s: the deployment is of %s; name the environment with ENVIRONMENT, and leave this out", option, assignment, environment))
		}
	}
	return errors.Join(problems...)
}

// accountOf returns what the CDK CLI's options --profile and --region choose.
func accountOf(cdkArgs []string) []func(*config.LoadOptions) error {
	var load []func(*config.LoadOptions) error
	for i, arg := range cdkArgs {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(cdkArgs) {
			value = cdkArgs[i+1]
		}
		switch name {
		case "--profile":
			load = append(load, config.WithSharedConfigProfile(value))
		case "--region":
			load = append(load, config.WithRegion(value))
		}
	}
	return load
}
