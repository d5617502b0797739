package benchservice

import (
	"errors"
	"fmt"
	"io"
	"time"

	"benchlingwebhook/constructs"
)

// The limits that the service must keep.
const (
	leastPeakRatio = 10
	leastRoom      = 2
	mostP99        = 100 * time.Millisecond
	mostFloodRatio = 2
	mostHealth     = time.Second
)

// row is a figure with its limit, in words.
type row struct{ name, value, limit string }

// rows returns the ratios, and what else has a limit.
func (r result) rows() []row {
	rows := []row{{"peak, times the development server's", fmt.Sprintf("%.1f", r.PeakRatio), fmt.Sprintf("at least %d", leastPeakRatio)}}
	for _, f := range floods {
		rows = append(rows, row{"signed events beside a flood " + f.name + ", times", fmt.Sprintf("%.2f", r.FloodRatios[f.name]), fmt.Sprintf("at most %d", mostFloodRatio)})
	}
	return append(rows,
		row{"peak, times what the stack lets through for a processor", fmt.Sprintf("%.1f", r.room()), fmt.Sprintf("at least %d", leastRoom)},
		row{"p99 at half of the peak, ms", fmt.Sprintf("%.1f", r.Ours.P99), fmt.Sprintf("below %d", mostP99.Milliseconds())},
		row{"slowest /health beside all of this, ms", fmt.Sprintf("%.1f", r.Health), fmt.Sprintf("below %d", mostHealth.Milliseconds())})
}

// named is what was measured of one server.
type named struct {
	name string
	measured
}

func (r result) servers() []named {
	return []named{{"this service", r.Ours}, {"development server", r.Baseline}}
}

// print writes the ratios and what they come from.
func (r result) print(out io.Writer) {
	for _, row := range r.rows() {
		fmt.Fprintf(out, "%-54s %10s   %s\n", row.name, row.value, row.limit)
	}
	fmt.Fprintf(out, "\n%-20s %10s %10s %10s %10s\n", "", "peak/s", "p50 ms", "p99 ms", "peak MB")
	for _, s := range r.servers() {
		fmt.Fprintf(out, "%-20s %10.0f %10.1f %10.1f %10.0f\n", s.name, s.PeakPerSecond, s.P50, s.P99, s.RSS)
	}
}

// missed returns the limits that the service doesn't keep.
func (r result) missed() error {
	var missed []error
	if r.PeakRatio < leastPeakRatio {
		missed = append(missed, fmt.Errorf("peak: %.1f times the development server's, below %d", r.PeakRatio, leastPeakRatio))
	}
	if r.room() < leastRoom {
		missed = append(missed, fmt.Errorf("peak: %.1f times constructs.RequestsPerCPU, below %d", r.room(), leastRoom))
	}
	if r.Ours.P99 >= milliseconds(mostP99) {
		missed = append(missed, fmt.Errorf("p99 at half of the peak: %.1f ms, not below %d ms", r.Ours.P99, mostP99.Milliseconds()))
	}
	for _, f := range floods {
		if ratio := r.FloodRatios[f.name]; ratio > mostFloodRatio {
			missed = append(missed, fmt.Errorf("flood %s: signed events take %.2f times as long, over %d", f.name, ratio, mostFloodRatio))
		}
	}
	if r.Health >= milliseconds(mostHealth) {
		missed = append(missed, fmt.Errorf("/health: answered after up to %.1f ms, not below %d ms", r.Health, mostHealth.Milliseconds()))
	}
	return errors.Join(missed...)
}

// room is the peak beside what the stack lets through for one processor, which is
// all that the service uses.
func (r result) room() float64 { return r.Ours.PeakPerSecond / constructs.RequestsPerCPU }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
