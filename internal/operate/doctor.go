package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"benchlingwebhook/internal/preflight"
)

// examined is what Doctor found, as programs read it.
type examined struct {
	OK       bool     `json:"ok"`
	Passed   []string `json:"passed"`
	Notes    []string `json:"notes"`
	Problems []error  `json:"problems"`
}

// Doctor checks everything that a deployment of an environment needs, and changes
// nothing. It prints a line for each check that passed, and for what couldn't be asked
// or another account must do; its error has a line for each problem. As JSON, it prints
// all of them as one object.
func Doctor(ctx context.Context, environment string, asJSON bool, out io.Writer) error {
	settings, err := readSettings(environment)
	if err != nil {
		return err
	}
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	report := preflight.Examine(ctx, preflight.NewClients(cloud), settings)
	if asJSON {
		return printExamined(report, out)
	}
	for _, line := range report.Passed {
		fmt.Fprintln(out, "ok    "+line)
	}
	for _, line := range report.Notes {
		fmt.Fprintln(out, "note  "+line)
	}
	return errors.Join(report.Problems...)
}

// printExamined prints all that was found as one object; problems are an error.
func printExamined(report preflight.Report, out io.Writer) error {
	all := examined{len(report.Problems) == 0, orEmpty(report.Passed), orEmpty(report.Notes), orEmpty(report.Problems)}
	if err := printJSON(out, all); err != nil || all.OK {
		return err
	}
	return fmt.Errorf("%d problems", len(report.Problems))
}

// printJSON prints a value as people read JSON.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// orEmpty returns a list that JSON writes as one, where it is empty, too.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
