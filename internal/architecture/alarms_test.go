package architecture

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

const (
	operationsPage = "../../docs/operations.md"
	runbookPage    = "../../docs/runbook.md"
	begin, end     = "<!-- alarms -->\n", "<!-- end of the alarms -->\n"
)

// allAlarms are production's, those of a stack with a Quilt stack, and those of one
// that notifies somebody.
func allAlarms(t *testing.T) []Alarm {
	t.Helper()
	prod, quilt, guarded := templateOf(t, "prod"), templateOf(t, "existing-quilt"), templateOf(t, "guarded")
	alarms := Alarms(prod, quilt, guarded)
	for _, template := range []*Template{prod, quilt, guarded} {
		assert.NilError(t, template.Err())
	}
	return alarms
}

// TestAlarmTable compares the table in docs/operations.md with the templates'
// alarms. Rewrite it with `make golden`.
func TestAlarmTable(t *testing.T) {
	comparePart(t, operationsPage, begin, end, AlarmTable(allAlarms(t)))
}

// comparePart compares what a page has between two lines with what is written there.
func comparePart(t *testing.T, file, begin, end, written string) {
	t.Helper()
	page, err := os.ReadFile(file)
	assert.NilError(t, err)
	before, rest, found := strings.Cut(string(page), begin)
	assert.Assert(t, found, "no %q", begin)
	committed, after, found := strings.Cut(rest, end)
	assert.Assert(t, found, "no %q", end)
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(file, []byte(before+begin+written+end+after), 0o644))
		committed = written
	}
	assert.Assert(t, committed == written, "%s is of another template: make golden", file)
}

// TestRunbook asks for a section of each alarm, with each of its parts, and for no
// section of an alarm that isn't there.
func TestRunbook(t *testing.T) {
	page, err := os.ReadFile(runbookPage)
	assert.NilError(t, err)
	_, section, found := strings.Cut(string(page), "\n## Alarms\n")
	assert.Assert(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	sections := map[string]string{}
	for _, part := range strings.Split(section, "\n### ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		sections[name] = body
	}
	alarms := allAlarms(t)
	for _, a := range alarms {
		body, written := sections[a.Name]
		assert.Check(t, written, "docs/runbook.md: no section %q", a.Name)
		for _, part := range []string{"**Means.** ", "**Hurts.** ", "**Look.** ", "**Do.** "} {
			assert.Check(t, !written || strings.Contains(body, part), "docs/runbook.md: %s has no %s", a.Name, part)
		}
	}
	for name := range sections {
		assert.Check(t, slices.ContainsFunc(alarms, func(a Alarm) bool { return a.Name == name }), "docs/runbook.md: there is no alarm %q", name)
	}
}

// TestDescriptionsLeadToTheRunbook holds that whoever is notified of an alarm has its
// section, by the default and by a URL.
func TestDescriptionsLeadToTheRunbook(t *testing.T) {
	for shape, runbook := range map[string]string{"prod": "docs/runbook.md#", "guarded": "https://git.example.com/webhook/docs/runbook.md#"} {
		template := templateOf(t, shape)
		for _, a := range Alarms(template) {
			if a.Action == "scales the worker" {
				continue
			}
			assert.Check(t, a.Runbook == runbook+strings.ToLower(a.Name), "%s: %s leads to %q", shape, a.Name, a.Runbook)
			assert.Check(t, len(a.Description) > 0 && !strings.Contains(a.Description, "Runbook"), a.Name)
		}
		assert.NilError(t, template.Err())
	}
}

// TestOtherRulesOfCompositeAlarmsAreNamed changes the rule.
func TestOtherRulesOfCompositeAlarmsAreNamed(t *testing.T) {
	template := templateOf(t, "guarded")
	id := template.one(compositeType, "")
	template.Resources[id].Properties["AlarmRule"] = `(ALARM("Gone.Arn") AND NOT ALARM("Other.Arn"))`
	Alarms(template)
	assert.ErrorContains(t, template.Err(), "isn't any of the stack's alarms")
}

func TestConditions(t *testing.T) {
	alarms := map[string]Alarm{}
	for _, a := range allAlarms(t) {
		alarms[a.Name] = a
	}
	assert.Equal(t, alarms["FrontDoorClosed"].Condition, "0 or less, in 3 periods of 5 min, or no data")
	assert.Equal(t, alarms["ExportsFail"].Condition, "3 or more, in 5 min")
	assert.Equal(t, alarms["ExportsFail"].Action, "notifies people, and takes back a deployment of the worker that is under way")
	assert.Equal(t, alarms["BusyUpperAlarm"].Action, "scales the worker")
	assert.Equal(t, alarms["DeadLetters"].Action, "notifies people")
	assert.Assert(t, strings.HasPrefix(alarms["Attention"].Condition, "any of ExportsFail, WebhooksFailed, ApiErrors, "))
	assert.Assert(t, alarms["UnconfirmedPackages"].Name != "")
}
