package migrate

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/stacks"
)

const (
	page = "../../docs/migration.md"
	// serviceNames is what the service's tests compare with the service's own table.
	serviceNames = "../../docker/tests/predecessor_names.json"
)

var headings = map[Place]string{
	Secret:   "The secret",
	Variable: "Variables of the container",
	File:     "The configuration file",
}

// TestNamesOfTheService writes and compares the names that the service knows.
func TestNamesOfTheService(t *testing.T) {
	known := slices.DeleteFunc(slices.Clone(Names), func(n Name) bool { return n.Place == File || n.Fate == Dropped })
	text, err := json.MarshalIndent(known, "", " ")
	assert.NilError(t, err)
	text = append(text, '\n')
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(serviceNames, text, 0o644))
	}
	committed, err := os.ReadFile(serviceNames)
	assert.NilError(t, err)
	assert.Assert(t, string(committed) == string(text), "%s is of other names: go test ./internal/migrate -update", serviceNames)
}

// TestPage compares the tables of docs/migration.md with the names.
func TestPage(t *testing.T) {
	committed, err := os.ReadFile(page)
	assert.NilError(t, err)
	const begin, end = "<!-- names -->\n", "<!-- /names -->"
	before, rest, found := strings.Cut(string(committed), begin)
	assert.Assert(t, found)
	_, after, found := strings.Cut(rest, end)
	assert.Assert(t, found)
	written := before + begin + tables() + end + after
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(page, []byte(written), 0o644))
		return
	}
	assert.Assert(t, string(committed) == written, "docs/migration.md is of other names: go test ./internal/migrate -update")
}

// tables returns a table for each place.
func tables() string {
	var text strings.Builder
	for _, place := range []Place{Secret, Variable, File} {
		fmt.Fprintf(&text, "### %s\n\n| Name | What becomes of it | Here | What else |\n|---|---|---|---|\n", headings[place])
		for _, n := range Names {
			if n.Place != place {
				continue
			}
			to := n.To
			if to != "" {
				to = "`" + to + "`"
			}
			fmt.Fprintf(&text, "| `%s` | %s | %s | %s |\n", strings.Join(append([]string{n.Name}, n.Also...), "`, `"), n.Fate, to, n.Meaning)
		}
		text.WriteString("\n")
	}
	return text.String()
}

// TestSettingsAreThere looks for each setting that a name leads to.
func TestSettingsAreThere(t *testing.T) {
	settings := map[string]bool{}
	for _, s := range stacks.AllSettings() {
		settings[s.Name] = true
	}
	seen := map[string]bool{}
	for _, n := range Names {
		assert.Check(t, !seen[string(n.Place)+n.Name], "%s twice", n.Name)
		seen[string(n.Place)+n.Name] = true
		isSetting := n.Fate == Compared || n.Fate == Set && n.Meaning != "In the secret." || n.Place == Secret && n.Fate == Refused && n.To != ""
		assert.Check(t, !isSetting || settings[n.To], "%s: no setting %s", n.Name, n.To)
		assert.Check(t, n.To != "" || n.Fate == Same || n.Meaning != "", "%s: nothing says what that means", n.Name)
	}
}
