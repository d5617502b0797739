package simulation

import (
	"fmt"
	"math"
	"strings"

	"benchlingwebhook/internal/svg"
)

// Lengths in pixels.
const (
	pictureWidth          = 1000
	plotLeft, plotWidth   = 190.0, 780.0
	plotTop               = 106.0
	panelHeight, panelGap = 120.0, 40.0
	rowHeight, barHeight  = 24.0, 14.0
	legendSample          = 18.0
)

// Colours beside those that all charts share.
const (
	gridColour, markColour   = "#e3e7eb", "#eef3f8"
	secondColour, ringColour = "#b45309", "#b42318"
)

// line is one series of a panel.
type line struct {
	label, colour string
	value         func(Minute) int
}

// panel is a chart over the day.
type panel struct {
	label string
	lines []line
}

// Chart draws the run: the queue, the work and the tasks over the day, and when
// which alarm rang.
func (r Run) Chart() string {
	panels := []panel{
		{"events", []line{
			{"waiting", svg.Ours, func(m Minute) int { return m.Waiting }},
		}},
		{"exports", []line{
			{"places of the tasks", svg.Others, func(m Minute) int { return m.Tasks * r.Service.Concurrency }},
			{"in work", svg.Ours, func(m Minute) int { return m.InWork }},
			{"put off", secondColour, func(m Minute) int { return m.Hidden }},
		}},
		{"worker tasks", []line{
			{"running", svg.Ours, func(m Minute) int { return m.Tasks }},
			{"desired", secondColour, func(m Minute) int { return m.Desired }},
		}},
	}
	alarms := r.watched()
	bottom := plotTop + float64(len(panels))*(panelHeight+panelGap)
	height := bottom + float64(len(alarms))*rowHeight + 44
	picture := svg.New("A simulated day of the worker", pictureWidth, int(height))
	picture.Text(12, 42, fmt.Sprintf("%d events; %.1f task-hours, %.1f of which the work needs; longest wait %.1f min. Alarms: those that people hear of in red, those that scale in grey.",
		len(r.Events), r.TaskHours(), r.NeededHours(), float64(r.LongestWait())/minute), `font-size="12"`)
	r.mark(picture, bottom+float64(len(alarms))*rowHeight)
	for i, p := range panels {
		r.draw(picture, p, plotTop+float64(i)*(panelHeight+panelGap))
	}
	for i, a := range alarms {
		r.drawAlarm(picture, a, bottom+float64(i)*rowHeight)
	}
	hours(picture, bottom+float64(len(alarms))*rowHeight)
	return picture.String()
}

// mark shows behind the panels when bursts and the deployment are.
func (r Run) mark(picture *svg.Picture, bottom float64) {
	type span struct {
		from, to int
		label    string
		// row is the label's, so that neighbours' don't overlap.
		row    int
		colour string
	}
	spans := []span{{r.deployedAt, r.DeploymentEnd, "deployment", 1, gridColour}}
	for i, burst := range Bursts {
		spans = append(spans, span{burst.From, burst.From + burst.For, burst.Name, i % 2 * 2, markColour})
	}
	top := func(s span) float64 { return plotTop - 10 - float64(s.row)*14 }
	for _, s := range spans {
		picture.Rect(across(s.from), top(s), across(s.to)-across(s.from), bottom-top(s), s.colour)
	}
	for _, s := range spans {
		picture.Text(across(s.from), top(s)-4, s.label, `font-size="11"`)
	}
}

// draw draws a panel whose top is y.
func (r Run) draw(picture *svg.Picture, p panel, y float64) {
	most := 1
	for _, m := range r.Minutes {
		for _, l := range p.lines {
			most = max(most, l.value(m))
		}
	}
	up := func(value int) float64 { return y + panelHeight - float64(value)/float64(most)*panelHeight }
	step := gridStep(most)
	for value := 0; value <= most; value += step {
		picture.Rect(plotLeft, up(value), plotWidth, 1, gridColour)
		picture.Text(plotLeft-8, up(value)+4, fmt.Sprint(value), `font-size="11" text-anchor="end"`)
	}
	picture.Text(12, y+14, p.label, `font-weight="bold"`)
	for i, l := range p.lines {
		at := y + 34 + float64(i)*18
		picture.Rect(12, at-5, legendSample, 3, l.colour)
		picture.Text(12+legendSample+6, at, l.label, `font-size="11"`)
		picture.Line(r.path(l.value, up), l.colour, 1.5)
	}
}

// path draws a series in steps, a point where it changes.
func (r Run) path(value func(Minute) int, up func(int) float64) string {
	var path strings.Builder
	for i, m := range r.Minutes {
		switch {
		case i == 0:
			fmt.Fprintf(&path, "M%.1f %.1f", across(0), up(value(m)))
		case value(m) != value(r.Minutes[i-1]):
			fmt.Fprintf(&path, "H%.1fV%.1f", across(i*minute), up(value(m)))
		}
	}
	fmt.Fprintf(&path, "H%.1f", across(dayLength))
	return path.String()
}

// drawAlarm draws a row with a bar for each time that an alarm rang: in red for
// those that people hear of, in grey for those that scale.
func (r Run) drawAlarm(picture *svg.Picture, a Alarm, y float64) {
	name, colour := alarmName(a), ringColour
	if len(a.Actions) > 0 && r.scales(a) {
		colour = svg.Others
	}
	picture.Text(12, y+barHeight-2, name, `font-size="11"`)
	picture.Rect(plotLeft, y+barHeight+2, plotWidth, 1, gridColour)
	from := -1
	for i := 0; i <= len(r.Minutes); i++ {
		rings := i < len(r.Minutes) && r.Minutes[i].States[a.Name] == Ringing
		if rings && from < 0 {
			from = i
		}
		if !rings && from >= 0 {
			picture.Rect(across(from*minute), y, max(across((i-1)*minute)-across(from*minute), 1), barHeight, colour)
			from = -1
		}
	}
}

// scales reports whether an alarm's action is a scaling policy.
func (r Run) scales(a Alarm) bool {
	return r.stack.template.Resources[a.Actions[0]].Type == "AWS::ApplicationAutoScaling::ScalingPolicy"
}

// alarmName is a logical ID without its construct's name and CDK's hash.
func alarmName(a Alarm) string {
	name := a.Name[:max(len(a.Name)-8, 0)]
	for _, prefix := range []string{"OperatorAlarms", "WorkerServiceTaskCountTarget"} {
		name = strings.TrimPrefix(name, prefix)
	}
	return "alarm " + name
}

func hours(picture *svg.Picture, y float64) {
	for h := 0; h <= 24; h += 2 {
		picture.Text(across(h*hour), y+18, fmt.Sprintf("%02d:00", h), `font-size="11" text-anchor="middle"`)
	}
	picture.Text(plotLeft+plotWidth/2, y+36, "time of day", `font-size="11" text-anchor="middle"`)
}

// across returns a time's x.
func across(at int) float64 { return plotLeft + float64(at)/dayLength*plotWidth }

// gridStep returns a round step that makes at most five lines.
func gridStep(most int) int {
	size := math.Pow(10, math.Floor(math.Log10(float64(most))))
	for _, share := range []float64{0.1, 0.2, 0.5, 1, 2} {
		if step := int(share * size); step > 0 && most/step <= 5 {
			return step
		}
	}
	return int(2 * size)
}
