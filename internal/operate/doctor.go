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
	problems := errors.Join(report.Problems...)
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		all := examined{problems == nil, orEmpty(report.Passed), orEmpty(report.Notes), orEmpty(report.Problems)}
		if err := encoder.Encode(all); err != nil || problems == nil {
			return err
		}
		return fmt.Errorf("%d problems", len(report.Problems))
	}
	for _, line := range report.Passed {
		fmt.Fprintln(out, "ok    "+line)
	}
	for _, line := range report.Notes {
		fmt.Fprintln(out, "note  "+line)
	}
	return problems
}

// orEmpty returns a list that JSON writes as one, where it is empty, too.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
