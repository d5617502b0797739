package operate

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"
)

// Filter chooses entries of Benchling's list; an empty field chooses by nothing.
type Filter struct {
	// Project, Folder and Schema are IDs.
	Project, Folder, Schema string
	// Since and Until bound when an entry was changed last: dates, or times of RFC 3339.
	Since, Until string
	// All takes every entry that the app sees.
	All bool
}

// any says whether anything is chosen by.
func (f Filter) any() bool { return f != Filter{} }

// check returns what is wrong.
func (f Filter) check() error {
	var problems []error
	for _, it := range [][2]string{{"--project", f.Project}, {"--folder", f.Folder}, {"--schema", f.Schema}} {
		if it[1] != "" && !benchlingID.MatchString(it[1]) {
			problems = append(problems, fmt.Errorf("%s %q: no ID; write one of Benchling's API", it[0], it[1]))
		}
	}
	for _, it := range [][2]string{{"--since", f.Since}, {"--until", f.Until}} {
		if _, err := moment(it[1]); it[1] != "" && err != nil {
			problems = append(problems, fmt.Errorf("%s %q: no date; write one such as 2026-01-31 or 2026-01-31T15:04:05Z", it[0], it[1]))
		}
	}
	if rest := f; f.All {
		rest.All = false
		if rest.any() {
			problems = append(problems, errors.New("--all: a filter is given, too; write one of them"))
		}
	}
	since, sinceErr := moment(f.Since)
	until, untilErr := moment(f.Until)
	if sinceErr == nil && untilErr == nil && !since.Before(until) {
		problems = append(problems, fmt.Errorf("--since %s: it isn't before --until %s", f.Since, f.Until))
	}
	return errors.Join(problems...)
}

// moment reads a date or a time.
func moment(text string) (time.Time, error) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		return at, nil
	}
	return time.Parse(time.RFC3339, text)
}

// String says what is chosen, the same for the same filter.
func (f Filter) String() string {
	if f.All {
		return "every entry that the app sees"
	}
	var parts []string
	for _, it := range []struct{ name, value string }{
		{"project", f.Project}, {"folder", f.Folder}, {"schema", f.Schema}, {"changed since", f.Since}, {"changed until", f.Until},
	} {
		if it.value != "" {
			parts = append(parts, it.name+" "+it.value)
		}
	}
	return "entries of " + strings.Join(parts, ", ")
}

// query returns the parameters of Benchling's list. Entries that people change meanwhile
// keep their place in the order of creation. The list has no parameter for a folder.
//
// Source: Benchling's description of its API, listEntries; Benchling's guide, filters and
// pagination.
func (f Filter) query() url.Values {
	query := url.Values{"pageSize": {"100"}, "sort": {"createdAt:asc"}}
	for name, value := range map[string]string{"projectId": f.Project, "schemaId": f.Schema} {
		if value != "" {
			query.Set(name, value)
		}
	}
	var bounds []string
	for _, it := range []struct{ operator, value string }{{"> ", f.Since}, {"< ", f.Until}} {
		if it.value != "" {
			bounds = append(bounds, it.operator+it.value)
		}
	}
	if len(bounds) > 0 {
		query.Set("modifiedAt", strings.Join(bounds, " AND "))
	}
	return query
}

// readIDs returns the entries of a file, "-" for standard input: one a line, each once.
// What follows a # is a comment. Every line that has no entry ID is in the error.
func readIDs(file string, in io.Reader) ([]string, error) {
	place := "standard input"
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("--file: %w; name a file of IDs, one a line", err)
		}
		defer opened.Close()
		in, place = opened, file
	}
	var ids []string
	var problems []error
	seen := map[string]bool{}
	lines := bufio.NewScanner(in)
	for number := 1; lines.Scan(); number++ {
		id, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\uFEFF"), "#")
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		if err := checkEntryID(id); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", place, number, err))
		}
		if !seen[id] {
			ids = append(ids, id)
		}
		seen[id] = true
	}
	if err := lines.Err(); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w; write one ID a line", place, err))
	} else if len(ids) == 0 {
		problems = append(problems, fmt.Errorf("%s: no entry in it; write one ID a line", place))
	}
	return ids, errors.Join(problems...)
}

// fingerprint tells lists of entries apart.
func fingerprint(ids []string) string {
	sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
	return hex.EncodeToString(sum[:8])
}
