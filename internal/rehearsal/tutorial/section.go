package tutorial

import (
	"fmt"
	"os"
	"strings"
)

// Section returns the steps below one heading of a page, until the next heading.
func Section(page, heading string) ([]Step, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	return section(page, string(text), heading)
}

// section keeps the lines' numbers: what isn't the section's is empty.
func section(page, text, heading string) ([]Step, error) {
	lines := strings.Split(text, "\n")
	inside, fenced, found := false, false, false
	for i, line := range lines {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if !fenced && strings.HasPrefix(line, "#") {
			inside = strings.TrimLeft(line, "# ") == heading
			found = found || inside
		}
		if !inside {
			lines[i] = ""
		}
	}
	if !found {
		return nil, fmt.Errorf("%s: no heading %q: write it, or name another", page, heading)
	}
	steps, err := parse(page, strings.Join(lines, "\n"))
	if err == nil && len(steps) == 0 {
		err = fmt.Errorf("%s: no block of bash below %q: write each command into one", page, heading)
	}
	return steps, err
}
