// Benchservice loads the web service on 127.0.0.1 with signed events, each of
// them written to an emulated queue before it is acknowledged, and beside it, in
// the same run, a Flask development server that fetches the keys for every call
// and writes nothing. It exits with 1 where a limit is missed. With the argument
// "servers" it compares the service's own server with others instead. It runs in
// the repository's folder.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	resultFile = "build/bench-service.json"
	workDir    = "build/bench-service"

	// The limits that the service must keep.
	leastPeakRatio = 10
	leastRoom      = 2
	mostP99        = 100 * time.Millisecond
	mostFloodRatio = 2
	mostHealth     = time.Second

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

// measured is what is told of one server.
type measured struct {
	PeakPerSecond float64 `json:"peak_per_s"`
	P50           float64 `json:"p50_ms"`
	P99           float64 `json:"p99_ms_at_half_peak"`
	RSS           float64 `json:"rss_mb"`
}

// result is what build/bench-service.json holds.
type result struct {
	Ours      measured `json:"ours"`
	Baseline  measured `json:"baseline"`
	PeakRatio float64  `json:"peak_ratio"`
	// FloodRatios are how many times as long a signed event takes beside as many
	// connections that send unsigned ones, by the kind of these.
	FloodRatios map[string]float64 `json:"flood_ratios"`
	// Health is the longest time in which /health was answered beside all of this.
	Health float64 `json:"slowest_health_ms"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	work := run
	if len(os.Args) > 1 && os.Args[1] == "servers" {
		work = compareServers
	}
	if err := work(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run measures both servers, prints the ratios first, and returns what missed a
// limit.
func run(ctx context.Context) error {
	world, key, err := start(ctx)
	if err != nil {
		return err
	}
	defer world.stop()

	var r result
	fmt.Println("loading the service (about a minute)")
	service, err := world.startService(ctx)
	if err != nil {
		return err
	}
	accepted := 0
	err = r.loadService(ctx, service, key, &accepted)
	service.Stop()
	if err != nil {
		return fmt.Errorf("%s: %w", service.Log, err)
	}
	if err := world.checkQueue(ctx, accepted); err != nil {
		return err
	}

	fmt.Println("loading a Flask development server (about 20 s)")
	baseline, err := world.startBaseline(ctx)
	if err != nil {
		return err
	}
	ignored := 0
	r.Baseline, err = measure(ctx, baseline, key, &ignored)
	baseline.Stop()
	if err != nil {
		return fmt.Errorf("%s: %w", baseline.Log, err)
	}
	r.PeakRatio = r.Ours.PeakPerSecond / r.Baseline.PeakPerSecond
	return errors.Join(write(r), report(r))
}

// measure returns a server's peak, and its latency at half of it.
func measure(ctx context.Context, s *server, key benchling.Key, accepted *int) (measured, error) {
	events := newEvents(key, s.appDefinition)
	// Connections, threads and caches are there before anything counts.
	warm, err := asFastAsPossible(ctx, s, events, connections, time.Second)
	if err != nil {
		return measured{}, err
	}
	peak, err := asFastAsPossible(ctx, s, events, connections, phase)
	if err != nil {
		return measured{}, err
	}
	half, err := atRate(ctx, s, events, peak.perSecond()/2, phase)
	if err != nil {
		return measured{}, err
	}
	*accepted += len(warm.took) + len(peak.took) + len(half.took)
	rss, err := s.peakMemory()
	return measured{
		PeakPerSecond: peak.perSecond(),
		P50:           milliseconds(half.quantile(0.5)),
		P99:           milliseconds(half.quantile(0.99)),
		RSS:           rss,
	}, err
}

// loadService measures the service, probing its health all the while.
func (r *result) loadService(ctx context.Context, service *server, key benchling.Key, accepted *int) error {
	probing, end := context.WithCancel(ctx)
	defer end()
	type probed struct {
		longest time.Duration
		err     error
	}
	health := make(chan probed, 1)
	go func() {
		longest, err := probe(probing, service)
		health <- probed{longest, err}
	}()
	var err error
	if r.Ours, err = measure(ctx, service, key, accepted); err != nil {
		return err
	}
	r.FloodRatios = map[string]float64{}
	for _, f := range floods {
		if r.FloodRatios[f.name], err = floodRatio(ctx, service, key, f, accepted); err != nil {
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
func floodRatio(ctx context.Context, s *server, key benchling.Key, f flood, accepted *int) (float64, error) {
	events := newEvents(key, s.appDefinition)
	var ratios []float64
	// They take turns, so that what else the machine does strikes both.
	for range rounds {
		alone, err := asFastAsPossible(ctx, s, events, connections/2, phase/rounds)
		if err != nil {
			return 0, err
		}
		beside, err := besideFlood(ctx, s, events, f)
		if err != nil {
			return 0, err
		}
		*accepted += len(alone.took) + len(beside.took)
		ratios = append(ratios, beside.quantile(0.5).Seconds()/alone.quantile(0.5).Seconds())
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2], nil
}

// besideFlood returns the timings of signed events beside the flood.
func besideFlood(ctx context.Context, s *server, events *events, f flood) (timings, error) {
	flooding, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- f.send(flooding, s, connections/2) }()
	beside, err := asFastAsPossible(ctx, s, events, connections/2, phase/rounds)
	end()
	return beside, errors.Join(err, <-ended)
}

func write(r result) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(resultFile, append(text, '\n'), 0o644)
}

// report prints the result and returns the limits that it misses.
func report(r result) error {
	row := func(name string, value string, limit string) { fmt.Printf("%-54s %10s   %s\n", name, value, limit) }
	row("peak, times the development server's", fmt.Sprintf("%.1f", r.PeakRatio), fmt.Sprintf("at least %d", leastPeakRatio))
	for _, f := range floods {
		row("signed events beside a flood "+f.name+", times", fmt.Sprintf("%.2f", r.FloodRatios[f.name]), fmt.Sprintf("at most %d", mostFloodRatio))
	}
	row("peak, times what the stack lets through for a processor", fmt.Sprintf("%.1f", r.room()), fmt.Sprintf("at least %d", leastRoom))
	row("p99 at half of the peak, ms", fmt.Sprintf("%.1f", r.Ours.P99), fmt.Sprintf("below %d", mostP99.Milliseconds()))
	row("slowest /health beside all of this, ms", fmt.Sprintf("%.1f", r.Health), fmt.Sprintf("below %d", mostHealth.Milliseconds()))
	fmt.Printf("\n%-20s %10s %10s %10s %10s\n", "", "peak/s", "p50 ms", "p99 ms", "peak MB")
	for _, line := range []struct {
		name string
		m    measured
	}{{"this service", r.Ours}, {"development server", r.Baseline}} {
		fmt.Printf("%-20s %10.0f %10.1f %10.1f %10.0f\n", line.name, line.m.PeakPerSecond, line.m.P50, line.m.P99, line.m.RSS)
	}
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
