// Package benchservice loads the web service on 127.0.0.1 with signed events, each
// of them written to an emulated queue before it is acknowledged, and beside it, in
// the same run, a Flask development server that fetches the keys for every request
// and writes nothing. It also compares the service's own server with others.
package benchservice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/statistics"
)

const (
	workDir = "build/bench-service"

	// phase is how long one kind of load lasts.
	phase = 8 * time.Second
	// connections are as many as the service has threads.
	connections = 32
	// rounds is the number of floods of each kind, of which the median counts.
	rounds = 5
	// probeEvery is the pause between two probes of /health, which go on all the time.
	probeEvery = 100 * time.Millisecond
	// bound ends the whole run, whatever hangs.
	bound = 5 * time.Minute
)

// measured is what is reported of one server.
type measured struct {
	PeakPerSecond float64 `json:"peak_per_s"`
	P50           float64 `json:"p50_ms"`
	P99           float64 `json:"p99_ms_at_half_peak"`
	RSS           float64 `json:"rss_mb"`
}

// result is what build/bench-service.json holds.
type result struct {
	Machine   benchpages.Machine `json:"machine"`
	Ours      measured           `json:"ours"`
	Baseline  measured           `json:"baseline"`
	PeakRatio float64            `json:"peak_ratio"`
	// Parts are what one event takes of the service's CPU.
	Parts parts `json:"parts"`
	// FloodRatios are how many times as long a signed event takes beside as many
	// connections that send unsigned ones, by the kind of these.
	FloodRatios map[string]float64 `json:"flood_ratios"`
	// Health is the longest time in which /health was answered beside all of this.
	Health float64 `json:"slowest_health_ms"`
}

// Run measures both servers, for five minutes at most, prints the ratios first,
// writes build/bench-service.json, and returns the limits that were missed. It runs
// in the repository's directory.
func Run(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	r, err := load(ctx, workDir, phase, out)
	if err != nil {
		return err
	}
	if r.Parts.Curve, err = curve(ctx); err != nil {
		return err
	}
	err = r.write(benchpages.Measured("service"))
	r.print(out)
	return errors.Join(err, r.missed())
}

// load measures both servers; the processes write their logs into the directory.
func load(ctx context.Context, directory string, phase time.Duration, out io.Writer) (result, error) {
	machine, err := benchpages.ThisMachine()
	if err != nil {
		return result{}, err
	}
	environment, key, err := start(ctx, directory)
	if err != nil {
		return result{}, err
	}
	defer environment.stop()

	fmt.Fprintln(out, "loading the service (about a minute)")
	service, err := environment.startService(ctx)
	if err != nil {
		return result{}, err
	}
	ours := loader{server: service, events: newEvents(key, service.appDefinition), phase: phase}
	r := result{Machine: machine}
	err = r.loadService(ctx, &ours)
	service.Stop()
	if err != nil {
		return r, fmt.Errorf("%s: %w", service.Log, err)
	}
	if err := environment.checkQueue(ctx, ours.accepted); err != nil {
		return r, err
	}
	if err := environment.measureParts(ctx, ours.events, &r.Parts); err != nil {
		return r, err
	}
	r.Parts.Event = ours.cpu

	fmt.Fprintln(out, "loading a Flask development server (about 20 s)")
	baseline, err := environment.startBaseline(ctx)
	if err != nil {
		return r, err
	}
	theirs := loader{server: baseline, events: newEvents(key, baseline.appDefinition), phase: phase}
	r.Baseline, err = theirs.measure(ctx)
	baseline.Stop()
	if err != nil {
		return r, fmt.Errorf("%s: %w", baseline.Log, err)
	}
	r.PeakRatio = r.Ours.PeakPerSecond / r.Baseline.PeakPerSecond
	return r, nil
}

// loader loads one server.
type loader struct {
	server *server
	events *events
	// phase is how long one kind of load lasts.
	phase time.Duration
	// accepted counts the events that the server has acknowledged.
	accepted int
	// cpu is what one of those at the peak took, in milliseconds.
	cpu float64
}

// measure returns a server's peak, and its latency at half of it.
func (l *loader) measure(ctx context.Context) (measured, error) {
	// Connections, threads and caches are there before anything counts.
	warm, err := asFastAsPossible(ctx, l.server, l.events, connections, l.phase/8)
	if err != nil {
		return measured{}, err
	}
	before, err := usedBy(l.server.PID())
	if err != nil {
		return measured{}, err
	}
	peak, err := asFastAsPossible(ctx, l.server, l.events, connections, l.phase)
	if err != nil {
		return measured{}, err
	}
	after, err := usedBy(l.server.PID())
	if err != nil {
		return measured{}, err
	}
	l.cpu = 1000 * (after.cpu - before.cpu) / float64(len(peak.took))
	half, err := atRate(ctx, l.server, l.events, peak.perSecond()/2, l.phase)
	if err != nil {
		return measured{}, err
	}
	l.accepted += len(warm.took) + len(peak.took) + len(half.took)
	rss, err := l.server.peakMemory()
	return measured{
		PeakPerSecond: peak.perSecond(),
		P50:           milliseconds(half.quantile(0.5)),
		P99:           milliseconds(half.quantile(0.99)),
		RSS:           rss,
	}, err
}

// loadService measures the service, probing its health all the while.
func (r *result) loadService(ctx context.Context, service *loader) error {
	probing, end := context.WithCancel(ctx)
	defer end()
	type probed struct {
		longest time.Duration
		err     error
	}
	health := make(chan probed, 1)
	go func() {
		longest, err := probe(probing, service.server)
		health <- probed{longest, err}
	}()
	var err error
	if r.Ours, err = service.measure(ctx); err != nil {
		return err
	}
	r.FloodRatios = map[string]float64{}
	for _, f := range floods {
		if r.FloodRatios[f.name], err = service.floodRatio(ctx, f); err != nil {
			return fmt.Errorf("flood %s: %w", f.name, err)
		}
	}
	end()
	slowest := <-health
	r.Health = milliseconds(slowest.longest)
	return slowest.err
}

// floodRatio returns how many times as long signed events take beside a flood of
// unsigned ones.
func (l *loader) floodRatio(ctx context.Context, f flood) (float64, error) {
	var ratios []float64
	// They take turns, so that other load on the machine affects both.
	for range rounds {
		alone, err := asFastAsPossible(ctx, l.server, l.events, connections/2, l.phase/rounds)
		if err != nil {
			return 0, err
		}
		beside, err := l.besideFlood(ctx, f)
		if err != nil {
			return 0, err
		}
		l.accepted += len(alone.took) + len(beside.took)
		ratios = append(ratios, beside.quantile(0.5).Seconds()/alone.quantile(0.5).Seconds())
	}
	return statistics.Median(ratios), nil
}

// besideFlood returns the timings of signed events beside the flood.
func (l *loader) besideFlood(ctx context.Context, f flood) (timings, error) {
	flooding, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- f.send(flooding, l.server, connections/2) }()
	beside, err := asFastAsPossible(ctx, l.server, l.events, connections/2, l.phase/rounds)
	end()
	return beside, errors.Join(err, <-ended)
}

func (r result) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
