package benchling

import (
	"fmt"
	"maps"
	"sync"
)

const (
	// violationsKept bounds the violations that are kept; violationLength bounds
	// each, in bytes.
	violationsKept  = 20
	violationLength = 600
)

// checks are what was found when calls were held against the description.
type checks struct {
	description *description

	lock       sync.Mutex
	calls      map[string]int
	violations []string
	further    int
}

// record counts a call of an operation, "" for none, and keeps what was wrong.
func (c *checks) record(operation, what string, err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if operation != "" {
		c.calls[operation]++
	}
	if err == nil {
		return
	}
	if len(c.violations) == violationsKept {
		c.further++
		return
	}
	text := what + ": " + err.Error()
	c.violations = append(c.violations, text[:min(len(text), violationLength)])
}

// Calls returns how many calls were checked, by the description's operation.
func (s *Server) Calls() map[string]int {
	s.checks.lock.Lock()
	defer s.checks.lock.Unlock()
	return maps.Clone(s.checks.calls)
}

// Violations returns what in the calls so far contradicts Benchling's description
// of its API: the first twenty, and the number of the others.
func (s *Server) Violations() []string {
	s.checks.lock.Lock()
	defer s.checks.lock.Unlock()
	found := append([]string(nil), s.checks.violations...)
	if s.checks.further > 0 {
		found = append(found, fmt.Sprintf("and %d more", s.checks.further))
	}
	return found
}
