// Package scan has checkov, a scanner that isn't ours, look at templates, and tells
// which of its failed checks nobody has acknowledged.
package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Failure is a check that failed for a resource of a template.
type Failure struct {
	// Check is the check's ID, and Name what it asks for.
	Check string `json:"check_id"`
	Name  string `json:"check_name"`
	// Template is the template's file.
	Template string `json:"file_path"`
	// Resource is the resource's type and logical ID, with a dot between.
	Resource string `json:"resource"`
}

// Acknowledgement is why a check may fail.
type Acknowledgement struct {
	// Checks are the IDs.
	Checks []string
	// Resources matches the type and logical ID of the resources that it is for, and
	// Templates the names of the templates' files.
	Resources, Templates *regexp.Regexp
	// Reason says why, and what a reader could do about it.
	Reason string
}

// covers returns whether an acknowledgement is for a failure.
func (a Acknowledgement) covers(f Failure) bool {
	return slices.Contains(a.Checks, f.Check) && a.Resources.MatchString(f.Resource) && a.Templates.MatchString(filepath.Base(f.Template))
}

// Run has a checkov program look at the templates of a directory, and prints what
// failed without an acknowledgement, and acknowledgements of what doesn't fail. It
// returns whether there was neither.
func Run(ctx context.Context, checkov, templates string, out io.Writer) (bool, error) {
	command := exec.CommandContext(ctx, checkov, "--directory", templates, "--framework", "cloudformation",
		"--compact", "--quiet", "--output", "json", "--skip-download")
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	// It ends with 1 where a check failed.
	var exit *exec.ExitError
	if err := command.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return false, fmt.Errorf("checkov: %w\n%s", err, stderr.String())
	}
	failures, passed, err := read(stdout.Bytes())
	if err != nil {
		return false, fmt.Errorf("checkov: %w\n%s", err, stderr.String())
	}
	return judge(failures, passed, Acknowledged, out), nil
}

// read returns what failed, and how many checks passed, of checkov's report.
func read(report []byte) (failures []Failure, passed int, err error) {
	var parsed struct {
		Results struct {
			Failed []Failure `json:"failed_checks"`
		}
		Summary struct {
			Passed        int
			Resources     int `json:"resource_count"`
			ParsingErrors int `json:"parsing_errors"`
		}
	}
	if err := json.Unmarshal(report, &parsed); err != nil {
		return nil, 0, fmt.Errorf("its report isn't the JSON of one framework: %w", err)
	}
	// A scan that saw nothing has no failures, either.
	if s := parsed.Summary; s.Resources == 0 || s.Passed == 0 || s.ParsingErrors > 0 {
		return nil, 0, fmt.Errorf("it looked at %d resources, and couldn't read %d templates", s.Resources, s.ParsingErrors)
	}
	return parsed.Results.Failed, parsed.Summary.Passed, nil
}

// judge prints what is wrong, and returns whether nothing is.
func judge(failures []Failure, passed int, acknowledged []Acknowledgement, out io.Writer) bool {
	needed := make([]bool, len(acknowledged))
	var wrong []string
	for _, f := range failures {
		covered := false
		for i, a := range acknowledged {
			if a.covers(f) {
				needed[i], covered = true, true
			}
		}
		if !covered {
			wrong = append(wrong, fmt.Sprintf("%s: %s: %s (%s): mend it, or acknowledge it in internal/scan/acknowledged.go", filepath.Base(f.Template), f.Resource, f.Name, f.Check))
		}
	}
	for i, a := range acknowledged {
		if !needed[i] {
			wrong = append(wrong, fmt.Sprintf("internal/scan/acknowledged.go: %s of %s in %s: nothing fails there: remove it", strings.Join(a.Checks, ", "), a.Resources, a.Templates))
		}
	}
	for _, line := range wrong {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "checkov: %d checks passed, %d failed, of which %d acknowledgements explain all but %d\n",
		passed, len(failures), len(acknowledged), len(wrong))
	return len(wrong) == 0
}
