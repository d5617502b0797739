package stacks_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/scale"
	"benchlingwebhook/stacks"
)

// settingsPage is what TestSettingsPage compares and rewrites.
const settingsPage = "../docs/settings.md"

const settingsIntroduction = `# Settings

Written by ` + "`make golden`" + ` from ` + "`stacks/settings_table.go`, `stacks/network_settings.go` and `stacks/target.go`" + `: change a setting there.

An environment is an object under ` + "`environments`" + ` in the context of ` + "`cdk.json`" + `. A setting that it leaves out has the default. An unknown setting and a wrong value stop synthesis, in whichever environment they are; all problems are listed at once, each with its remedy. So does a context key that is near to ` + "`environment`" + `, ` + "`environments`" + ` or ` + "`protect`" + ` or is a setting's name: CDK would ignore it, and deploy ` + "`dev`" + `.

All that one environment names is in one region: zones, queue, keys, topic, certificate and web ACL. Names, ARNs and lengths are checked by AWS's own rules, regions by the list in ` + "`stacks/regions.go`" + `. Whether the things exist is what ` + "`make preflight`" + ` checks.

` + "```json" + `
{"environments": {"staging": {"workerMaxCount": 8, "alarmEmail": "on-call@example.com"}}}
` + "```" + `

` + "`make setup ENVIRONMENT=staging`" + ` proposes what it finds in the account, and writes it. Editors complete and check the file by ` + "`cdk.schema.json`" + `, its JSON Schema, which checks each setting by itself.

What a change does to the template: ` + "`make synth ENVIRONMENT=staging`" + `, then ` + "`make diff ENVIRONMENT=staging`" + `; to the golden templates: ` + "`make golden`" + `, and read the diff of ` + "`stacks/testdata`" + `. Costs are those of [cost and scale](scale.md), in US dollars of us-east-1.
`

// unpriced is a name of scale.Monthly that has no figure.
var unpriced = regexp.MustCompile(`\{[a-z-]+\}`)

// writeSettingsPage returns the page of all settings, with what a month costs by the
// names that stand for it.
func writeSettingsPage(settings []stacks.Setting, monthly map[string]string) string {
	var page strings.Builder
	page.WriteString(settingsIntroduction)
	var costs []string
	for name, cost := range monthly {
		costs = append(costs, "{"+name+"}", cost)
	}
	priced := strings.NewReplacer(costs...)
	group := ""
	for _, s := range settings {
		if s.Group != group {
			group = s.Group
			fmt.Fprintf(&page, "\n## %s\n\n| Setting | Default | Allowed | Meaning | Costs |\n|---|---|---|---|---|\n", group)
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", s.Name, s.Default(), s.Allowed(), s.Meaning, priced.Replace(s.Cost))
	}
	return page.String()
}

// TestSettingsPage compares docs/settings.md with the settings. Rewrite it with
// `make golden`.
func TestSettingsPage(t *testing.T) {
	monthly, err := scale.Monthly()
	assert.NilError(t, err)
	written := writeSettingsPage(stacks.AllSettings(), monthly)
	assert.Check(t, !unpriced.MatchString(written), "a cost of docs/settings.md has no price: see scale.Monthly")
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(settingsPage, []byte(written), 0o644))
	}
	committed, err := os.ReadFile(settingsPage)
	assert.NilError(t, err)
	assert.Assert(t, string(committed) == written, "docs/settings.md is of other settings: make golden")
}

// TestEverySettingIsDescribed asks for what the page needs of each setting, and
// that its default is one that it takes.
func TestEverySettingIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range stacks.AllSettings() {
		assert.Check(t, !seen[s.Name], "%s is listed twice", s.Name)
		seen[s.Name] = true
		assert.Check(t, strings.HasSuffix(s.Meaning, "."), "%s: the meaning is no sentence", s.Name)
		assert.Check(t, s.Allowed() != "" && !strings.Contains(s.Meaning+s.Allowed()+s.Cost, "|"), s.Name)
		if s.Unset == "" {
			_, err := stacks.ReadSettings(contextWith(t, fmt.Sprintf("{%q: %s}", s.Name, strings.Trim(s.Default(), "`"))))
			assert.Check(t, err, "%s: the default is refused", s.Name)
		}
	}
	assert.Assert(t, len(seen) > 30, "%d settings", len(seen))
}
