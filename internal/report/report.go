// Package report records what a rehearsal found, as a table for people and a
// JSON file for programs.
package report

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// beat is how often a check that takes long says that it still runs.
const beat = 10 * time.Second

// Row is the outcome of one check.
type Row struct {
	// Check names what must hold.
	Check string `json:"check"`
	// Held says whether it held.
	Held bool `json:"held"`
	// Detail is what was seen, or the fault and its remedy.
	Detail string `json:"detail"`
	// Seconds is how long the check took.
	Seconds float64 `json:"seconds"`
}

// Report collects rows in the order of their checks.
type Report struct {
	rows  []Row
	out   io.Writer
	start time.Time
	lock  sync.Mutex
}

// New returns an empty report that shows its progress on out.
func New(out io.Writer) *Report {
	return &Report{out: out, start: time.Now()}
}

// Write shows progress of the running check, with the time since the start.
func (r *Report) Write(text []byte) (int, error) {
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if strings.TrimSpace(line) != "" {
			r.say("       " + line)
		}
	}
	return len(text), nil
}

// Check runs one check and records its row. It returns the check's error, so
// that a caller can stop where nothing further makes sense.
func (r *Report) Check(name string, run func() (string, error)) error {
	r.say(name)
	began := time.Now()
	done := make(chan struct{})
	go r.beat(name, began, done)
	detail, err := run()
	close(done)
	if err != nil {
		detail = err.Error()
	}
	row := Row{Check: name, Held: err == nil, Detail: detail, Seconds: seconds(time.Since(began))}
	r.lock.Lock()
	r.rows = append(r.rows, row)
	r.lock.Unlock()
	if err != nil {
		r.say("  did not hold: " + detail)
	}
	return err
}

// Check names what must hold, and looks.
type Check struct {
	Name string
	Run  func(context.Context) (detail string, err error)
}

// Run makes the rows of checks in order and ends with the first that fails.
func (r *Report) Run(ctx context.Context, checks ...Check) error {
	for _, check := range checks {
		if err := r.Check(check.Name, func() (string, error) { return check.Run(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// Passed returns whether every row held, and that there is one.
func (r *Report) Passed() bool {
	for _, row := range r.rows {
		if !row.Held {
			return false
		}
	}
	return len(r.rows) > 0
}

// Table writes the rows as an aligned table.
func (r *Report) Table(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nheld\tseconds\tcheck\tdetail")
	for _, row := range r.rows {
		held := "yes"
		if !row.Held {
			held = "NO"
		}
		first, _, _ := strings.Cut(row.Detail, "\n")
		fmt.Fprintf(table, "%s\t%.1f\t%s\t%s\n", held, row.Seconds, row.Check, first)
	}
	return table.Flush()
}

// Save writes the rows as a JSON list.
func (r *Report) Save(path string) error {
	text, err := json.MarshalIndent(r.rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

func (r *Report) beat(name string, began time.Time, done <-chan struct{}) {
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			r.say(fmt.Sprintf("  still at it: %s (%.0f s)", name, time.Since(began).Seconds()))
		}
	}
}

func (r *Report) say(text string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	fmt.Fprintf(r.out, "%5.0f s  %s\n", time.Since(r.start).Seconds(), text)
}

func seconds(d time.Duration) float64 {
	return d.Round(time.Millisecond).Seconds()
}
