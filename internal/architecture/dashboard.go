package architecture

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/svg"
)

// A unit of the dashboard's grid in pixels, and the space between widgets.
const (
	unitWidth, unitHeight = 62.0, 32.0
	gap                   = 6.0
	dashboardTop          = 54.0
	// legendHeight is a line's of a graph's legend.
	legendHeight = 13.0
)

// lineColours are those of a graph's lines, one after the other.
var lineColours = []string{svg.Ours, "#b3541e", "#4a67a1", "#8a6d3b", "#7d4f9e", svg.Others}

// widget is one of a dashboard's, as CloudWatch takes it.
//
// Source: API reference of CloudWatch, Dashboard Body Structure and Syntax.
type widget struct {
	Type                string
	X, Y, Width, Height float64
	Properties          struct {
		Title, Markdown string
		Alarms          []string
		Metrics         [][]any
	}
}

// Dashboard draws the layout of a template's dashboard: titles, metrics by their names,
// and curves that are examples.
func Dashboard(t *Template) (string, error) {
	var body struct{ Widgets []widget }
	text := cfn.Text(t.at(t.one(dashboardType, ""), "DashboardBody"))
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.problems = append(t.problems, fmt.Errorf("DashboardBody: %w", err))
	}
	if err := t.Err(); err != nil {
		return "", err
	}
	right, bottom := 0.0, 0.0
	for _, w := range body.Widgets {
		right, bottom = max(right, w.X+w.Width), max(bottom, w.Y+w.Height)
	}
	picture := svg.New("The dashboard, from Benchling to Quilt", int(right*unitWidth+2*gap), int(dashboardTop+bottom*unitHeight+gap))
	picture.Text(12, 42, "Layout, titles and metrics are production's. The curves are drawn as examples: nothing is measured.", `font-size="12"`)
	for i, w := range body.Widgets {
		w.draw(picture, i)
	}
	return picture.String(), nil
}

// draw draws a widget in its place; seed makes its curves differ from the others'.
func (w widget) draw(picture *svg.Picture, seed int) {
	x, y := gap+w.X*unitWidth, dashboardTop+w.Y*unitHeight
	width, height := w.Width*unitWidth-gap, w.Height*unitHeight-gap
	if w.Type == "text" {
		for i, line := range strings.Split(w.Properties.Markdown, "\n") {
			attributes := `font-size="12"`
			if heading, isHeading := strings.CutPrefix(line, "### "); isHeading {
				line, attributes = heading, `font-size="15" font-weight="bold"`
			}
			picture.Text(x+margin, y+20+float64(i)*18, line, attributes)
		}
		return
	}
	picture.Box(x, y, width, height, boxFill, svg.Others, false)
	picture.Text(x+margin, y+17, w.Properties.Title, `font-size="12" font-weight="bold"`)
	if w.Type == "alarm" {
		w.drawAlarms(picture, x+margin, y+26, width-2*margin)
		return
	}
	w.drawGraph(picture, x+margin, y+26, width-2*margin, height-32, seed)
}

// alarmsAcross is how many alarms are in a row.
const alarmsAcross = 7

func (w widget) drawAlarms(picture *svg.Picture, x, y, width float64) {
	const height = 22.0
	each := width / alarmsAcross
	for i, alarm := range w.Properties.Alarms {
		left, top := x+float64(i%alarmsAcross)*each, y+float64(i/alarmsAcross)*(height+6)
		picture.Box(left, top, each-gap, height, "#e3f1ea", svg.Ours, false)
		picture.Text(left+7, top+15, alarmName(strings.TrimSuffix(alarm, ".Arn")), `font-size="11"`)
	}
}

func (w widget) drawGraph(picture *svg.Picture, x, y, width, height float64, seed int) {
	metrics := w.Properties.Metrics
	floor := y + height - float64(len(metrics))*legendHeight
	picture.Line(fmt.Sprintf("M%.1f %.1fL%.1f %.1f", x, floor, x+width, floor), svg.Others, 1)
	for i, metric := range metrics {
		colour := lineColours[i%len(lineColours)]
		picture.Line(exampleCurve(x, y+4, width, floor-y-8, float64(seed)+float64(i)*0.7, level(metrics, i)), colour, 1.6)
		down := floor + float64(i+1)*legendHeight
		picture.Rect(x, down-7, 8, 3, colour)
		picture.Text(x+12, down-2, legend(metric), `font-size="9.5"`)
	}
}

// level returns how far below the highest a line is drawn: those of a graph one below
// the other, but a median and a mean below what is above them.
func level(metrics [][]any, line int) int {
	switch options, _ := metrics[0][len(metrics[0])-1].(map[string]any); options["stat"] {
	case "p50", "Average":
		return len(metrics) - 1 - line
	}
	return line
}

// legend returns a metric's label and its name.
func legend(metric []any) string {
	label := ""
	if options, has := metric[len(metric)-1].(map[string]any); has {
		label = fmt.Sprint(options["label"])
	}
	name := fmt.Sprint(metric[1])
	// The longest names of AWS's have no room.
	name = strings.NewReplacer("ApproximateNumberOfMessages", "Messages", "ApproximateAgeOfOldestMessage", "AgeOfOldest").Replace(name)
	return label + ": " + name
}

// exampleCurve returns the path of a curve that looks like a day's, by its level.
func exampleCurve(x, y, width, height, phase float64, level int) string {
	const steps = 24
	var path strings.Builder
	for i := range steps + 1 {
		along := float64(i) / steps
		value := (0.55 + 0.3*math.Sin(2*math.Pi*along*1.5+phase) + 0.12*math.Sin(2*math.Pi*along*5+2*phase)) / (1 + float64(level))
		fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[i == 0], x+along*width, y+height*(1-value))
	}
	return path.String()
}
