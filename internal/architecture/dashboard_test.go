package architecture

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"benchlingwebhook/internal/cfn"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

const dashboardFile = "../../docs/dashboard.svg"

// TestDashboard compares docs/dashboard.svg with production's dashboard. Rewrite it
// with `make golden`.
func TestDashboard(t *testing.T) {
	drawn, err := Dashboard(templateOf(t, "prod"))
	assert.NilError(t, err)
	assert.Assert(t, strings.Contains(drawn, "nothing is measured"))
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(dashboardFile, []byte(drawn), 0o644))
	}
	committed, err := os.ReadFile(dashboardFile)
	assert.NilError(t, err)
	assert.Assert(t, string(committed) == drawn, "docs/dashboard.svg is of another dashboard: make golden")
}

func widgetsOf(t *testing.T, shape string) []widget {
	t.Helper()
	template := templateOf(t, shape)
	var body struct{ Widgets []widget }
	assert.NilError(t, json.Unmarshal([]byte(cfn.Text(template.at(template.one(dashboardType, ""), "DashboardBody"))), &body))
	return body.Widgets
}

// TestWidgetsAreInPlace holds that no widget lies on another or beyond the grid, that
// each has a title in words, and that each line has a name; in every shape.
func TestWidgetsAreInPlace(t *testing.T) {
	for _, shape := range []string{"prod", "existing-vpc", "existing-quilt", "guarded", "linked-only"} {
		widgets := widgetsOf(t, shape)
		assert.Assert(t, len(widgets) > 18, shape)
		for i, w := range widgets {
			p := w.Properties
			assert.Check(t, w.X >= 0 && w.X+w.Width <= 24, "%s: %q is beyond the grid", shape, p.Title)
			assert.Check(t, p.Title != "" || p.Markdown != "", "%s: widget %d has no title", shape, i)
			for _, metric := range p.Metrics {
				assert.Check(t, !strings.HasPrefix(legend(metric), ":") && !strings.Contains(legend(metric), "<nil>"), "%s: %v has no label", shape, metric)
			}
			for _, other := range widgets[i+1:] {
				apart := w.X+w.Width <= other.X || other.X+other.Width <= w.X || w.Y+w.Height <= other.Y || other.Y+other.Height <= w.Y
				assert.Check(t, apart, "%s: %q lies on %q", shape, p.Title+p.Markdown, other.Properties.Title+other.Properties.Markdown)
			}
		}
	}
}

// TestStationsAreFromLeftToRight reads the headings.
func TestStationsAreFromLeftToRight(t *testing.T) {
	var order []string
	left := -1.0
	for _, w := range widgetsOf(t, "prod") {
		if w.Type == "text" {
			assert.Check(t, w.X > left)
			left = w.X
			heading, _, _ := strings.Cut(w.Properties.Markdown, "\n")
			order = append(order, strings.TrimPrefix(heading, "### "))
		}
	}
	assert.DeepEqual(t, order, []string{"1 Benchling", "2 API", "3 Queue", "4 Worker", "5 Bucket, Quilt", "6 Confirmed"})
}

// TestDashboardShowsEveryAlarm compares the alarms on top with the template's, but for
// those that scale.
func TestDashboardShowsEveryAlarm(t *testing.T) {
	template, shown := templateOf(t, "guarded"), widgetsOf(t, "guarded")[0].Properties.Alarms
	people := 0
	for _, a := range Alarms(template) {
		if a.Action != "scales the worker" {
			people++
		}
	}
	assert.Equal(t, len(shown), people)
	assert.Equal(t, alarmName(strings.TrimSuffix(shown[0], ".Arn")), "Attention")
}

// TestTextOfTheDashboardFits measures titles and legends, roughly.
func TestTextOfTheDashboardFits(t *testing.T) {
	for _, w := range widgetsOf(t, "prod") {
		room := w.Width*unitWidth - gap - 2*margin
		assert.Check(t, float64(len(w.Properties.Title))*12*boldWidth <= room, "%q is too long", w.Properties.Title)
		for _, metric := range w.Properties.Metrics {
			assert.Check(t, float64(len(legend(metric)))*9.5*letterWidth <= room-12, "%q: %q is too long", w.Properties.Title, legend(metric))
		}
	}
}

func TestDashboardsThatCantBeReadAreNamed(t *testing.T) {
	template := templateOf(t, "prod")
	template.Resources[template.one(dashboardType, "")].Properties["DashboardBody"] = "{"
	_, err := Dashboard(template)
	assert.ErrorContains(t, err, "DashboardBody: unexpected end of JSON input")
	_, err = Dashboard(templateOf(t, "dev"))
	assert.ErrorContains(t, err, "0 resources of the type AWS::CloudWatch::Dashboard")
}
