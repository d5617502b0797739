package stacks_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/policy"
)

// control is a row of the page of Security Hub's controls.
type control struct {
	id string
	// dev and prod are "holds", "acknowledged" or "absent".
	dev, prod string
	// rules keep it; without any, keepers has what does.
	rules []string
	// setting makes it hold, or is empty.
	setting string
}

// unconcerned is a row of controls about what the stack doesn't have.
type unconcerned struct{ ids, types []string }

var (
	controlRow     = regexp.MustCompile(`(?m)^\| ([A-Za-z0-9]+\.\d+) \| [^|]+ \| (holds|acknowledged|absent) \| (holds|acknowledged|absent) \| ([^|]+) \| ([^|]*)\|$`)
	unconcernedRow = regexp.MustCompile(`(?m)^\| ([A-Za-z0-9]+ [\d, -]+) \| [^|]+ \| ([^|]*)\|$`)
	ruleLink       = regexp.MustCompile(`\[([A-Z0-9]+)\]\([A-Z0-9]+\.md\)`)
	boughtBy       = regexp.MustCompile("^`([A-Za-z]+)`")
)

// boughtIn names a golden template with each setting.
var boughtIn = map[string]string{
	"containerInsights": "guarded",
	"alarmEmail":        "guarded", "allowedAddresses": "guarded", "flowLogs": "guarded", "interfaceEndpoints": "guarded",
	"domain": "custom-domain", "deletionProtection": "prod", "logRetentionDays": "prod",
}

func securityHubPage(t *testing.T) (controls []control, rest []unconcerned) {
	t.Helper()
	text, err := os.ReadFile("../docs/rules/security-hub.md")
	assert.NilError(t, err)
	for _, row := range controlRow.FindAllStringSubmatch(string(text), -1) {
		c := control{id: row[1], dev: row[2], prod: row[3]}
		for _, link := range ruleLink.FindAllStringSubmatch(row[4], -1) {
			c.rules = append(c.rules, link[1])
		}
		if name := boughtBy.FindStringSubmatch(row[5]); name != nil {
			c.setting = name[1]
		}
		controls = append(controls, c)
	}
	for _, row := range unconcernedRow.FindAllStringSubmatch(string(text), -1) {
		rest = append(rest, unconcerned{ids: controlIDs(t, row[1]), types: strings.Fields(strings.ReplaceAll(row[2], ",", " "))})
	}
	return controls, rest
}

// controlIDs returns the controls of a text such as "EC2 1-3, 7".
func controlIDs(t *testing.T, text string) []string {
	t.Helper()
	service, numbers, _ := strings.Cut(text, " ")
	var ids []string
	for _, part := range strings.Split(numbers, ", ") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		assert.NilError(t, err, text)
		to := from
		if isRange {
			to, err = strconv.Atoi(last)
			assert.NilError(t, err, text)
		}
		for ; from <= to; from++ {
			ids = append(ids, fmt.Sprintf("%s.%d", service, from))
		}
	}
	return ids
}

// TestEveryControlIsClassifiedOnce compares the page with the list of Security
// Hub's controls.
func TestEveryControlIsClassifiedOnce(t *testing.T) {
	var listed, classified []string
	for line := range strings.Lines(string(golden.Get(t, "security-hub.txt"))) {
		listed = append(listed, controlIDs(t, strings.TrimSpace(line))...)
	}
	controls, rest := securityHubPage(t)
	for _, c := range controls {
		classified = append(classified, c.id)
	}
	for _, row := range rest {
		classified = append(classified, row.ids...)
	}
	slices.Sort(listed)
	slices.Sort(classified)
	assert.DeepEqual(t, classified, listed)
}

// TestControlsAreAsThePageSays checks each row against the templates of dev and
// prod, and against one with the setting that makes the control hold.
func TestControlsAreAsThePageSays(t *testing.T) {
	states := map[string]deployed{}
	for _, shape := range []string{"dev", "prod", "guarded", "custom-domain"} {
		states[shape] = deployedOf(t, shape)
	}
	controls, _ := securityHubPage(t)
	assert.Assert(t, len(controls) > 0)
	used := map[string]bool{}
	for _, c := range controls {
		keeps, known := keepers[c.id]
		used[c.id] = known
		assert.Check(t, !known || len(c.rules) == 0, "%s: a rule keeps it, so the test needs no other check", c.id)
		holds := func(shape string) bool {
			if known {
				return keeps(states[shape])
			}
			return !slices.ContainsFunc(states[shape].violations, func(v policy.Violation) bool { return slices.Contains(c.rules, v.Rule) })
		}
		for environment, state := range map[string]string{"dev": c.dev, "prod": c.prod} {
			checkable := known || len(c.rules) > 0
			assert.Check(t, state != "holds" || checkable, "%s: neither a rule nor the test says how it holds", c.id)
			if checkable && state != "absent" {
				assert.Check(t, holds(environment) == (state == "holds"), "%s is not as the page says: %s in %s", c.id, state, environment)
			}
		}
		if c.setting != "" {
			shape, known := boughtIn[c.setting]
			assert.Check(t, known, "%s: no template has the setting %s", c.id, c.setting)
			assert.Check(t, holds(shape), "%s doesn't hold with %s", c.id, c.setting)
		}
	}
	for id := range keepers {
		assert.Check(t, used[id], "%s: the page has no such row", id)
	}
}

// TestUnconcernedControlsHaveNoResource looks in every template for the types that
// the page says the stack doesn't have.
func TestUnconcernedControlsHaveNoResource(t *testing.T) {
	_, rest := securityHubPage(t)
	assert.Assert(t, len(rest) > 0)
	for _, shape := range shapes {
		template := string(golden.Get(t, shape.name+".template.json"))
		for _, row := range rest {
			for _, kind := range row.types {
				assert.Check(t, len(resources(t, template, kind)) == 0, "%s: %s has a %s", row.ids, shape.name, kind)
			}
		}
	}
}

// TestEndpointsHaveTheirPrice multiplies the interface endpoints that the setting
// makes by two zones and PrivateLink's price.
func TestEndpointsHaveTheirPrice(t *testing.T) {
	const price, hours, zones = 0.01, 730, 2
	text, err := os.ReadFile("../docs/rules/security-hub.md")
	assert.NilError(t, err)
	endpoints := 0
	for _, r := range resources(t, string(golden.Get(t, "guarded.template.json")), "AWS::EC2::VPCEndpoint") {
		if r.Properties["VpcEndpointType"] == "Interface" {
			endpoints++
		}
	}
	for endpoints, where := range map[int]string{endpoints: "`interfaceEndpoints`: %.2f,", 1: "none: %.2f |"} {
		want := fmt.Sprintf(where, float64(endpoints)*zones*price*hours)
		assert.Check(t, strings.Contains(string(text), want), want)
	}
}
