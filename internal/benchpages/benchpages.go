// Package benchpages writes a benchmark's page below docs/benchmarks: its text, its
// charts, and the figures that both are made of.
package benchpages

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Machine is where and when a benchmark ran.
type Machine struct {
	// Date is the day in UTC, as 2006-01-02.
	Date string `json:"date"`
	// Processors is the machine's number, and Load its load average of a minute before
	// the benchmark began.
	Processors int     `json:"processors"`
	Load       float64 `json:"load"`
}

// ThisMachine returns where this process runs, now.
func ThisMachine() (Machine, error) {
	m := Machine{Date: time.Now().UTC().Format(time.DateOnly), Processors: runtime.NumCPU()}
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return m, err
	}
	if _, err := fmt.Sscan(string(text), &m.Load); err != nil {
		return m, fmt.Errorf("/proc/loadavg: %w", err)
	}
	return m, nil
}

// String says it in a page's first sentence.
func (m Machine) String() string {
	return fmt.Sprintf("on %s, on a machine of %d processors whose load was %.1f before it began", m.Date, m.Processors, m.Load)
}

// Page is Markdown and its charts, SVG by name without ".svg". The text shows a chart
// of the benchmark B that is called C as B-C.svg.
type Page struct {
	Text   string
	Charts map[string]string
}

// Maker makes a benchmark's page of its figures, a JSON text.
type Maker func(figures []byte) (Page, error)

// Files returns a benchmark's files by their paths below docs/benchmarks, the figures
// among them.
func Files(name string, figures []byte, maker Maker) (map[string]string, error) {
	page, err := maker(figures)
	if err != nil {
		return nil, err
	}
	files := map[string]string{name + ".json": string(figures), name + ".md": page.Text}
	for chart, drawn := range page.Charts {
		files[name+"-"+chart+".svg"] = drawn
	}
	return files, nil
}

// Measured returns the path of what a benchmark has measured, from the repository's
// root.
func Measured(name string) string { return filepath.Join("build", "bench-"+name+".json") }

// Directory holds the pages, from the repository's root.
var Directory = filepath.Join("docs", "benchmarks")

// Write writes the page of what a benchmark has measured, in the repository at root.
func Write(root, name string, maker Maker) error {
	figures, err := os.ReadFile(filepath.Join(root, Measured(name)))
	if err != nil {
		return fmt.Errorf("%w; run `make bench-%s`", err, name)
	}
	files, err := Files(name, figures, maker)
	if err != nil {
		return fmt.Errorf("%s: %w; run `make bench-%s`", Measured(name), err, name)
	}
	problems := []error{os.MkdirAll(filepath.Join(root, Directory), 0o755)}
	for file, text := range files {
		problems = append(problems, os.WriteFile(filepath.Join(root, Directory, file), []byte(text), 0o644))
	}
	return errors.Join(problems...)
}
