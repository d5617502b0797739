package benchservice

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/svg"
)

// write writes the parts as a table.
func (p parts) write(page *strings.Builder) {
	page.WriteString("\nWhat one event takes of the service's CPU, each part measured alone:\n\n| | ms | of the whole |\n|---|---:|---:|\n")
	for _, part := range []struct {
		name string
		ms   float64
	}{
		{"verification", p.Verification},
		{"of it, the curve alone (`openssl speed ecdsap256`)", p.Curve},
		{"JSON, read and written", p.JSON},
		{"SQS, in a call of ten", p.SQS},
		{"the rest: HTTP, Flask, the log line, threads", p.rest()},
		{"the whole, at the peak", p.Event},
	} {
		fmt.Fprintf(page, "| %s | %.2f | %.0f %% |\n", part.name, part.ms, 100*part.ms/p.Event)
	}
}

// Page returns the page of what build/bench-service.json holds.
func Page(figures []byte) (benchpages.Page, error) {
	var r result
	if err := json.Unmarshal(figures, &r); err != nil {
		return benchpages.Page{}, err
	}
	for _, f := range floods {
		if r.FloodRatios[f.name] <= 0 {
			return benchpages.Page{}, fmt.Errorf("no ratio of the flood %q", f.name)
		}
	}
	if r.Parts.Event <= 0 {
		return benchpages.Page{}, errors.New("no parts of an event's CPU")
	}
	var page strings.Builder
	fmt.Fprintf(&page, `# Benchmark of the web service

Written by `+"`make bench-service`"+` %s. The service verifies signed events on 127.0.0.1 and writes each to the queue before its response; beside it, in the same run, a Flask development server fetches the keys for every request and writes nothing. Only ratios compare with another run's.

| | | limit |
|---|---:|---:|
`, r.Machine)
	for _, row := range r.rows() {
		fmt.Fprintf(&page, "| %s | %s | %s |\n", row.name, row.value, row.limit)
	}
	if missed := r.missed(); missed != nil {
		fmt.Fprintf(&page, "\nThis run missed limits:\n\n- %s\n", strings.ReplaceAll(missed.Error(), "\n", "\n- "))
	}
	page.WriteString("\n| | peak, events a second | p50 | p99 at half of the peak | peak memory |\n|---|---:|---:|---:|---:|\n")
	for _, s := range r.servers() {
		fmt.Fprintf(&page, "| %s | %.0f | %.1f ms | %.1f ms | %.0f MB |\n", s.name, s.PeakPerSecond, s.P50, s.P99, s.RSS)
	}
	r.Parts.write(&page)
	page.WriteString("\n![Peak beside a development server](service-peak.svg)\n\n![Signed events beside a flood](service-floods.svg)\n")
	flooded := []svg.Bar{{Label: "without a flood", Value: 1}}
	for _, f := range floods {
		flooded = append(flooded, svg.Bar{Label: "beside one " + f.name, Value: r.FloodRatios[f.name], Ours: true})
	}
	return benchpages.Page{Text: page.String(), Charts: map[string]string{
		"peak": svg.Bars("Peak beside a development server", "events/s", []svg.Bar{
			{Label: "development server", Value: r.Baseline.PeakPerSecond}, {Label: "this service", Value: r.Ours.PeakPerSecond, Ours: true},
		}),
		"floods": svg.Bars("Signed events beside a flood of unsigned ones: time", "times", flooded),
	}}, nil
}
