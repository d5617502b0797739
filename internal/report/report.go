// Package report records what a rehearsal found, as a table for people and a
// JSON file for programs.
package report

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// How often a check that takes long says that it still runs: on a terminal in
// one line that is written over, elsewhere in a line of its own.
const (
	beatOnTerminal = time.Second
	beatElsewhere  = 30 * time.Second
)

const (
	// clearLine moves a terminal to the start of the line and empties it.
	clearLine = "\r\x1b[K"
	// widest is how long a line that is written over may be: one that goes on in
	// the next row isn't emptied.
	widest = 79
)

// Row is the outcome of one check.
type Row struct {
	// Group is the heading that it stands below.
	Group string `json:"group,omitempty"`
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
	group string
	// only chooses checks, by group and name; nil is all of them.
	only func(group, check string) bool
	// onTerminal says that a line can be written over.
	onTerminal bool
}

// New returns an empty report that shows its progress on out.
func New(out io.Writer) *Report {
	file, isFile := out.(*os.File)
	return &Report{out: out, start: time.Now(), onTerminal: isFile && isatty.IsTerminal(file.Fd())}
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

// Group puts the rows of the checks to come below a heading.
func (r *Report) Group(name string) { r.group = name }

// Beside returns a report of what runs beside this one's checks, that shows its progress
// there by a name.
func (r *Report) Beside(name string) *Report {
	return &Report{out: &beside{r, name}, start: r.start}
}

// beside passes lines of progress on.
type beside struct {
	report *Report
	name   string
}

// Write passes lines on, without their times.
func (b *beside) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		_, line, _ = strings.Cut(line, " s  ")
		b.report.say("[" + b.name + "] " + strings.TrimRight(line, "\n"))
	}
	return len(text), nil
}

// Add adds the rows of a report that ran beside: of those that each has, and that held,
// none.
func (r *Report) Add(other *Report) {
	for _, row := range other.rows {
		if row.Held && slices.Contains(common, row.Group) {
			continue
		}
		r.rows = append(r.rows, row)
	}
}

// common are the groups of what every report of a run begins with.
var common = []string{"set-up", "deployment", "services"}

// Only has the checks be left out, as if they had held, that aren't chosen.
func (r *Report) Only(chosen func(group, check string) bool) { r.only = chosen }

// Rows returns the rows so far.
func (r *Report) Rows() []Row { return append([]Row(nil), r.rows...) }

// Check runs one check and records its row. It returns the check's error, so
// that a caller can stop where nothing further makes sense.
func (r *Report) Check(name string, run func() (string, error)) error {
	if r.only != nil && !r.only(r.group, name) {
		return nil
	}
	r.say(name)
	began := time.Now()
	done := make(chan struct{})
	go r.beat(name, began, done)
	detail, err := run()
	close(done)
	if err != nil {
		detail = err.Error()
	}
	row := Row{Group: r.group, Check: name, Held: err == nil, Detail: detail, Seconds: seconds(time.Since(began))}
	r.lock.Lock()
	r.rows = append(r.rows, row)
	if r.onTerminal {
		fmt.Fprint(r.out, clearLine)
	}
	r.lock.Unlock()
	if err != nil {
		first, _, _ := strings.Cut(detail, "\n")
		r.say("  did not hold: " + first)
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

// The table's width, and that of its column of checks, in characters.
const (
	tableWidth = 120
	checkWidth = 52
)

// Table writes the rows below their groups' headings, none wider than a terminal.
func (r *Report) Table(out io.Writer) error {
	var text strings.Builder
	group := ""
	fmt.Fprintf(&text, "\n%-5s%8s  %-*s  %s\n", "held", "seconds", checkWidth, "check", "detail")
	for _, row := range r.rows {
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(&text, "\n%s\n", group)
		}
		held := "yes"
		if !row.Held {
			held = "NO"
		}
		detail, _, _ := strings.Cut(row.Detail, "\n")
		checks, details := wrap(row.Check, checkWidth), wrap(detail, tableWidth-checkWidth-17)
		for i := range max(len(checks), len(details)) {
			head := fmt.Sprintf("%-5s%8.1f", held, row.Seconds)
			if i > 0 {
				head = strings.Repeat(" ", len(head))
			}
			line := fmt.Sprintf("%s  %-*s  %s", head, checkWidth, at(checks, i), at(details, i))
			text.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	text.WriteString(r.failures())
	_, err := io.WriteString(out, text.String())
	return err
}

// failures says at the table's end, where a reader of a log looks first, which rows
// did not hold, with all that was seen.
func (r *Report) failures() string {
	var text strings.Builder
	failed := 0
	for _, row := range r.rows {
		if row.Held {
			continue
		}
		failed++
		name := strings.TrimPrefix(row.Group+": "+row.Check, ": ")
		fmt.Fprintf(&text, "  %s\n    %s\n", name, strings.ReplaceAll(row.Detail, "\n", "\n    "))
	}
	if failed == 0 {
		return ""
	}
	return fmt.Sprintf("\n%d of %d rows did not hold:\n%s", failed, len(r.rows), text.String())
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks a text into lines of a width, between words where it can.
func wrap(text string, width int) []string {
	var lines []string
	rest := []rune(text)
	for len(rest) > width {
		end := width
		for i := width; i > width/2; i-- {
			if rest[i] == ' ' {
				end = i
				break
			}
		}
		lines = append(lines, string(rest[:end]))
		rest = []rune(strings.TrimLeft(string(rest[end:]), " "))
	}
	return append(lines, string(rest))
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
	every := beatElsewhere
	if r.onTerminal {
		every = beatOnTerminal
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			r.stillRuns(name, time.Since(began))
		}
	}
}

// stillRuns says that a check takes long. On a terminal the next line that is
// said takes this one's place.
func (r *Report) stillRuns(name string, took time.Duration) {
	text := fmt.Sprintf("  still running (%.0f s): %s", took.Seconds(), name)
	if !r.onTerminal {
		r.say(text)
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	if len(text) > widest {
		text = strings.ToValidUTF8(text[:widest], "")
	}
	fmt.Fprint(r.out, clearLine, text)
}

func (r *Report) say(text string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.onTerminal {
		fmt.Fprint(r.out, clearLine)
	}
	fmt.Fprintf(r.out, "%5.0f s  %s\n", time.Since(r.start).Seconds(), text)
}

func seconds(d time.Duration) float64 {
	return d.Round(time.Millisecond).Seconds()
}
