// Review tells what the working tree's changes since a Git revision do to the
// deployed stacks. It synthesizes both, without an AWS account and without
// Docker, and writes the report to the terminal, to review.md and to
// review.json. It runs in the folder of cdk.json, with Node 24 first in PATH.
//
// Its exit status is 0 where nothing changed, 1 where something did, 2 where a
// change is dangerous, and 3 where the review itself failed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"benchlingwebhook/internal/cfnschema"
	"benchlingwebhook/internal/templatediff"
)

// What the exit status says.
const (
	unchanged = iota
	changed
	dangerous
	failed
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run reviews the working tree of the current folder, and returns the exit
// status.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("review", flag.ContinueOnError)
	flags.SetOutput(stderr)
	base := flags.String("base", "main", "the Git revision to compare with")
	tools := flags.String("tools", "build/tools", "the Python environment that has cfn-lint")
	out := flags.String("out", "build", "the folder of review.md and review.json")
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return unchanged
	} else if err != nil {
		return failed
	}
	result, err := review(ctx, ".", *base, *tools)
	if err == nil {
		err = write(*out, result)
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return failed
	}
	fmt.Fprint(stdout, result.Text())
	switch {
	case result.Dangerous():
		return dangerous
	case len(result.Findings) > 0:
		return changed
	}
	return unchanged
}

// review compares the working tree of a repository with one of its revisions.
func review(ctx context.Context, tree, base, tools string) (result templatediff.Review, err error) {
	schemas, err := cfnschema.Installed(tools)
	if err != nil {
		return result, err
	}
	scratch, err := os.MkdirTemp("", "review-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	remove, err := checkOut(ctx, tree, base, filepath.Join(scratch, "base"))
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	in, err := synthesizeBoth(ctx, tree, filepath.Join(scratch, "base"), scratch)
	if err != nil {
		return result, err
	}
	return templatediff.Compare(in, schemas)
}

// write leaves the report for a pull request's comment and for programs.
func write(folder string, result templatediff.Review) error {
	text, err := json.MarshalIndent(struct {
		Verdict   string `json:"verdict"`
		Dangerous bool   `json:"dangerous"`
		templatediff.Review
	}{result.Verdict(), result.Dangerous(), result}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "review.md"), []byte(result.Markdown()), 0o644),
		os.WriteFile(filepath.Join(folder, "review.json"), append(text, '\n'), 0o644),
	)
}
