package constructs

import (
	"encoding/json"
	"strings"
)

// The dashboard's grid is 24 units wide: one row of headings and graphs has a column
// for each station, and another a place for each driver of the cost.
const (
	gridWidth     = 24
	alarmsHeight  = 4
	headingHeight = 2
	graphHeight   = 5
)

// series is a line of a graph: a metric by the dimensions, names and values in turn,
// or an expression over others.
type series struct {
	namespace, metric string
	dimensions        []string
	label, statistic  string
}

// plot is a graph of some series; without a period they are taken by the minute.
type plot struct {
	title string
	// period is in seconds.
	period int
	lines  []series
}

// station is a column of the dashboard: where an event is on its way.
type station struct {
	heading, text string
	graphs        []plot
}

// widget is one of a dashboard's.
//
// Source: API reference of CloudWatch, Dashboard Body Structure and Syntax.
type widget struct {
	Type       string         `json:"type"`
	X          int            `json:"x"`
	Y          int            `json:"y"`
	Width      int            `json:"width"`
	Height     int            `json:"height"`
	Properties map[string]any `json:"properties"`
}

// body lays a dashboard out: alarms on top, the stations from left to right, and
// below them what is around and what costs.
func body(region string, alarms []string, stations []station, below [][]plot) string {
	widgets := []widget{{"alarm", 0, 0, gridWidth, alarmsHeight, map[string]any{"title": "Alarms: is anything wrong?", "alarms": alarms}}}
	width, rows := gridWidth/len(stations), 0
	for i, s := range stations {
		y := alarmsHeight
		widgets = append(widgets, widget{"text", i * width, y, width, headingHeight, map[string]any{"markdown": "### " + s.heading + "\n" + s.text}})
		for j, p := range s.graphs {
			widgets = append(widgets, p.widget(region, i*width, y+headingHeight+j*graphHeight, width))
		}
		rows = max(rows, len(s.graphs))
	}
	for i, row := range below {
		for j, p := range row {
			x, next := j*gridWidth/len(row), (j+1)*gridWidth/len(row)
			widgets = append(widgets, p.widget(region, x, alarmsHeight+headingHeight+(rows+i)*graphHeight, next-x))
		}
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	// What CDK puts in later is marked by characters that would be escaped.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]any{"widgets": widgets}); err != nil {
		panic(err)
	}
	return strings.TrimSpace(text.String())
}

func (p plot) widget(region string, x, y, width int) widget {
	period := p.period
	if period == 0 {
		period = int(alarmPeriod.Seconds())
	}
	metrics := make([][]any, len(p.lines))
	for i, s := range p.lines {
		metrics[i] = s.metricOf()
	}
	return widget{"metric", x, y, width, graphHeight, map[string]any{
		"title": p.title, "view": "timeSeries", "region": region, "period": period, "metrics": metrics,
		"yAxis": map[string]any{"left": map[string]any{"min": 0}},
	}}
}

func (s series) metricOf() []any {
	metric := []any{s.namespace, s.metric}
	for _, d := range s.dimensions {
		metric = append(metric, d)
	}
	return append(metric, map[string]any{"label": s.label, "stat": s.statistic})
}
