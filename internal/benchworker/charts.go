package benchworker

import (
	"fmt"

	"benchlingwebhook/internal/svg"
)

// realistic returns the rows whose S3 is most like AWS's: over TLS, and the slowest of
// these.
func (f Figures) realistic() []Row {
	var rows []Row
	for _, r := range f.Rows {
		if !r.TLS || len(rows) > 0 && r.DelayMS < rows[0].DelayMS {
			continue
		}
		if len(rows) > 0 && r.DelayMS > rows[0].DelayMS {
			rows = nil
		}
		rows = append(rows, r)
	}
	return rows
}

// rateChart draws the rates as shares of boto3's.
func (f Figures) rateChart() string {
	bars := []svg.Bar{{Label: "boto3's own transfer", Value: 1}}
	rows := f.realistic()
	for _, r := range rows {
		bars = append(bars, svg.Bar{Label: r.Case, Value: r.OfBoto3, Ours: true})
	}
	return svg.Bars(fmt.Sprintf("The worker's rate beside boto3's own transfer (S3 at %d ms, TLS)", rows[0].DelayMS), "times", bars)
}

// idleChart draws an idle worker's times beside the references'.
func (f Figures) idleChart() string {
	var bars []svg.Bar
	rows := f.realistic()
	for _, r := range rows {
		if i := r.Idle; i != nil {
			bars = append(bars, svg.Bar{Label: r.Case + ": references", Value: i.Reference},
				svg.Bar{Label: "ready at once", Value: i.Ready, Ours: true}, svg.Bar{Label: "after one poll", Value: i.Polled, Ours: true})
		}
	}
	return svg.Bars(fmt.Sprintf("From the event to the packaging message (S3 at %d ms, TLS)", rows[0].DelayMS), "ms", bars)
}

// cpuChart draws what a MB of the largest case takes with every kind of S3.
func (f Figures) cpuChart() string {
	var bars []svg.Bar
	for _, r := range f.Rows {
		if r.Case == large {
			label := fmt.Sprintf("S3 at %d ms", r.DelayMS)
			if r.TLS {
				label += ", TLS"
			}
			bars = append(bars, svg.Bar{Label: label, Value: r.CPUOfMB, Ours: true})
		}
	}
	return svg.Bars("CPU of a MB of one large file", "ms", bars)
}
