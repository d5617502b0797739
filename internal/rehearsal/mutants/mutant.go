// Package mutants puts one fault at a time into the template or the service, and has the
// rehearsal find it: a fault that no row finds would reach production.
package mutants

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/rehearsal/actions"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
)

// Mutant is one fault, and the row that must find it.
type Mutant struct {
	// Name says what is wrong.
	Name string
	// Template changes the deployed template; nil leaves it.
	Template func(t cfn.Template) error
	// File is a module below docker/src in which New stands for Old; "" is none.
	File, Old, New string
	// Parts are those of the rehearsal that run, and Rows what the names of their checks
	// begin with: none is every check of these parts.
	Parts, Rows []string
	// Caught matches "CHECK: DETAIL" of the row that must not hold.
	Caught *regexp.Regexp
}

// Outcome is what became of a mutant.
type Outcome struct {
	Name string `json:"name"`
	// Killed is whether the due row found the fault.
	Killed bool `json:"killed"`
	// Row is the row that found it, or what happened instead.
	Row     string  `json:"row"`
	Seconds float64 `json:"seconds"`
}

// parts returns what runs, on a stage of its own.
func (m Mutant) parts(s *stage.Stage, base *testbed.Testbed, template string) []actions.Part {
	parts := append(actions.Copied(s, base, template), actions.Lane(m.Parts).Of(s, 0)...)
	if slices.Contains(m.Parts, "rights") {
		parts = append(parts, actions.Rights(s.Report, []*stage.Stage{s}, false))
	}
	return parts
}

// judge returns whether the due row found the fault, and which row that is.
func (m Mutant) judge(rows []report.Row) (killed bool, row string) {
	for _, r := range rows {
		if r.Held {
			continue
		}
		detail, _, _ := strings.Cut(r.Detail, "\n")
		text := r.Check + ": " + detail
		if m.Caught.MatchString(r.Check + ": " + r.Detail) {
			return true, text
		}
		if row == "" {
			row = "only " + text
		}
	}
	if row == "" {
		row = "every row held"
	}
	return false, row
}

// chosen returns whether a check is one that finds the fault, or that others stand on.
func (m Mutant) chosen(group, check string) bool {
	if group == "end" || slices.Contains(m.Parts, group) {
		starts := func(row string) bool { return strings.HasPrefix(check, row) }
		return slices.ContainsFunc(m.Rows, starts) || (len(m.Rows) == 0 && group != "end")
	}
	return true
}

// mutate returns the template with the fault.
func (m Mutant) mutate(text []byte) ([]byte, error) {
	t, err := cfn.Read(text)
	if err != nil {
		return nil, err
	}
	if m.Template != nil {
		if err := m.Template(t); err != nil {
			return nil, fmt.Errorf("mutant %q: %w", m.Name, err)
		}
	}
	return t.JSON()
}

// replace returns a module's source with the fault.
func (m Mutant) replace(source []byte) ([]byte, error) {
	if n := strings.Count(string(source), m.Old); n != 1 {
		return nil, fmt.Errorf("mutant %q: docker/src/%s has %q %d times, not once: change the table", m.Name, m.File, m.Old, n)
	}
	return []byte(strings.Replace(string(source), m.Old, m.New, 1)), nil
}
