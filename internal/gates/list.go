// Package gates collects the quality gates of an image, each with the value
// that was measured and the limit that it was held against.
package gates

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// ErrNeedsNetwork is what a check returns that can't be made on this machine.
// Its gate is neither held nor missed.
var ErrNeedsNetwork = errors.New("needs network")

// Outcome says whether a gate held.
type Outcome int

// The outcomes of a gate; the zero value is a miss.
const (
	Missed Outcome = iota
	Held
	NeedsNetwork
)

// String returns how the table shows an outcome.
func (o Outcome) String() string {
	return [...]string{"NO", "yes", "needs network"}[o]
}

// MarshalJSON writes true, false or "needs network".
func (o Outcome) MarshalJSON() ([]byte, error) {
	if o == NeedsNetwork {
		return json.Marshal(o.String())
	}
	return json.Marshal(o == Held)
}

// Gate is one gate's outcome.
type Gate struct {
	// Name begins with the gate's number in the design, such as "QG-1".
	Name string `json:"gate"`
	// Held says whether it held.
	Held Outcome `json:"held"`
	// Value is what was measured, or the fault and its remedy.
	Value string `json:"value"`
	// Limit is what the value was held against.
	Limit string `json:"limit"`
}

// List holds gates in the order in which they were checked.
type List struct{ Gates []Gate }

// Add records a gate: held without an error, needing the network with one that
// wraps ErrNeedsNetwork, missed with any other.
func (l *List) Add(name, limit, value string, err error) {
	gate := Gate{Name: name, Held: Held, Value: value, Limit: limit}
	if err != nil {
		gate.Held = Missed
		if errors.Is(err, ErrNeedsNetwork) {
			gate.Held = NeedsNetwork
		}
		gate.Value = strings.TrimSpace(value + " " + err.Error())
	}
	l.Gates = append(l.Gates, gate)
}

// Passed returns whether there are gates and none was missed.
func (l *List) Passed() bool {
	missed := func(g Gate) bool { return g.Held == Missed }
	return len(l.Gates) > 0 && !slices.ContainsFunc(l.Gates, missed)
}

// widest is the longest value that the table shows whole.
const widest = 120

// short returns the first line of a value, cut to what a table holds.
func short(value string) string {
	line, _, more := strings.Cut(value, "\n")
	if runes := []rune(line); len(runes) > widest {
		line, more = string(runes[:widest]), true
	}
	if more {
		line += " …"
	}
	return line
}

// Table writes the gates as an aligned table, with the values shortened.
func (l *List) Table(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nheld\tgate\tvalue\tlimit")
	for _, g := range l.Gates {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", g.Held, g.Name, short(g.Value), g.Limit)
	}
	return table.Flush()
}

// Save writes the gates as a JSON list.
func (l *List) Save(path string) error {
	text, err := json.MarshalIndent(l.Gates, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
