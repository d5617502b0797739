// Package tutorial reads a page of commands, runs them as a reader of the page would, in
// a copy of the repository, and compares what they print with what the page says.
package tutorial

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Anything stands in a page's output for what differs from one run to another: within a
// line for any text, alone in a line for any number of lines.
const Anything = "…"

// failed is how make ends its output when a command has failed.
const failed = "make: ***"

// colour matches what changes a terminal's colours.
var colour = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// ErrOtherOutput is of a command that ended as the page has it, and printed something else.
var ErrOtherOutput = errors.New("another output")

// Step is a command of a page, which a block of bash has, and what it prints by the block
// of text that follows.
type Step struct {
	// Place is the page and the line of the command, such as "docs/tutorial.md:12".
	Place, Command string
	// Prints is nil where no block of text follows.
	Prints []string
}

// Read returns the steps of a page, in order.
func Read(page string) ([]Step, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	steps, err := parse(page, string(text))
	if err == nil && len(steps) == 0 {
		err = fmt.Errorf("%s: no block of bash: write each command into one", page)
	}
	return steps, err
}

// parse reads a page's blocks. Those of other languages are no steps.
func parse(page, text string) ([]Step, error) {
	var steps []Step
	var block []string
	kind, inside, follows := "", false, false
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && !inside:
			kind, inside, block = fence, true, []string{}
			if kind == "text" && !follows {
				return nil, fmt.Errorf("%s:%d: output of no command: write the block of bash before it", page, i+1)
			}
		case isFence:
			inside = false
			follows = kind == "bash"
			if kind == "bash" {
				steps = append(steps, Step{Place: fmt.Sprintf("%s:%d", page, i+1-len(block)), Command: strings.Join(block, "\n")})
			} else if kind == "text" {
				steps[len(steps)-1].Prints = block
			}
		case inside:
			block = append(block, line)
		}
	}
	if inside {
		return nil, fmt.Errorf("%s: its last block has no end: write ``` below it", page)
	}
	return steps, nil
}

// Fails says whether the page has the command fail.
func (s Step) Fails() bool {
	return slices.ContainsFunc(s.Prints, func(line string) bool { return strings.HasPrefix(line, failed) })
}

// Compare returns an error that names the first line of the page that isn't in the output
// where it should be.
func (s Step) Compare(output string) error {
	if s.Prints == nil {
		return nil
	}
	printed := lines(output)
	missing := match(s.Prints, printed)
	if missing < 0 {
		return nil
	}
	wanted := "nothing more"
	if missing < len(s.Prints) {
		wanted = fmt.Sprintf("%q", s.Prints[missing])
	}
	return fmt.Errorf("%s: %s: %w: the page has %s where it is otherwise; correct the page, or what it describes; it printed\n%s",
		s.Place, s.Command, ErrOtherOutput, wanted, strings.Join(printed, "\n"))
}

// lines returns an output's lines without colours and without spaces at their ends.
func lines(output string) []string {
	output = strings.TrimRight(colour.ReplaceAllString(output, ""), " \t\r\n")
	if output == "" {
		return nil
	}
	all := strings.Split(output, "\n")
	for i, line := range all {
		all[i] = strings.TrimRight(line, " \t\r")
	}
	return all
}

// match returns the index of the farthest of the wanted lines that can't be found, their
// number where lines are left over, and -1 where all match.
func match(wanted, printed []string) int {
	farthest := 0
	// reached are the places in what is printed to which the wanted lines so far may lead.
	reached := []int{0}
	for i, line := range wanted {
		var next []int
		for _, at := range reached {
			switch {
			case strings.TrimSpace(line) == Anything:
				for to := at; to <= len(printed); to++ {
					next = append(next, to)
				}
			case at < len(printed) && pattern(line).MatchString(printed[at]):
				next = append(next, at+1)
			}
		}
		slices.Sort(next)
		if reached = slices.Compact(next); len(reached) == 0 {
			return i
		}
		farthest = i + 1
	}
	if slices.Contains(reached, len(printed)) {
		return -1
	}
	return farthest
}

// pattern returns what matches a line of the page.
func pattern(line string) *regexp.Regexp {
	parts := strings.Split(strings.TrimRight(line, " "), Anything)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

// Check returns an error for a command that ended as the page doesn't have it, or whose
// output is another.
func (s Step) Check(output string, ended error) error {
	if ended != nil != s.Fails() {
		if ended == nil {
			ended = errors.New("it succeeded, and the page has it fail")
		}
		return fmt.Errorf("%s: %s: %w; it printed\n%s", s.Place, s.Command, ended, strings.Join(lines(output), "\n"))
	}
	return s.Compare(output)
}
