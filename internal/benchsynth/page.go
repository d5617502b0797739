package benchsynth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/svg"
)

// Page returns the page of what build/bench-synth.json holds.
func Page(figures []byte) (benchpages.Page, error) {
	var f Figures
	if err := json.Unmarshal(figures, &f); err != nil {
		return benchpages.Page{}, err
	}
	if len(f.Rows) == 0 {
		return benchpages.Page{}, errors.New("no rows")
	}
	var page strings.Builder
	fmt.Fprintf(&page, `# Benchmark of the synthesis

Written by `+"`make bench-synth`"+` %s. Both apps took turns, so only the ratio compares with another run's; medians of %d runs. Validation is CloudFormation's of the template.

| | this app | an empty CDK app | ratio | limit |
|---|---:|---:|---:|---:|
`, f.Machine, runs)
	var bars []svg.Bar
	for _, r := range f.Rows {
		fmt.Fprintf(&page, "| %s | %.2f s | %.2f s | %.2f | %.1f |\n", r.Mode, r.Ours, r.Empty, r.Ratio, r.Limit)
		bars = append(bars, svg.Bar{Label: "empty app, " + r.Mode, Value: r.Empty}, svg.Bar{Label: "this app, " + r.Mode, Value: r.Ours, Ours: true})
	}
	if missed(f.Rows) != nil {
		fmt.Fprintf(&page, "\nThis run missed a limit: %s.\n", ErrSlow)
	}
	page.WriteString("\n![Synthesis beside an empty app](synth-times.svg)\n")
	return benchpages.Page{Text: page.String(), Charts: map[string]string{"times": svg.Bars("Synthesis beside an empty app", "s", bars)}}, nil
}
