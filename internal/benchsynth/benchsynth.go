// Package benchsynth times the synthesis of the project's app beside that of an
// empty CDK app, with CloudFormation's validation and without.
package benchsynth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/statistics"
)

// runs is the number of timed runs, of which the median counts. One run before
// them fills the caches.
const runs = 5

// ErrSlow is returned where our app takes too many times as long as the empty one.
var ErrSlow = errors.New("our synthesis takes more times as long as an empty app's than the limit allows")

// mode is a way of running the apps, and how many times as long as the empty
// app ours may take in it.
type mode struct {
	name, validation string
	limit            float64
}

var modes = []mode{
	{name: "with validation", validation: "true", limit: 2.2},
	{name: "without validation", validation: "false", limit: 4},
}

// Figures are what one run measured.
type Figures struct {
	Machine benchpages.Machine `json:"machine"`
	Rows    []Row              `json:"rows"`
}

// Row has the medians of one mode in seconds, and their ratio.
type Row struct {
	Mode  string  `json:"mode"`
	Ours  float64 `json:"ours_s"`
	Empty float64 `json:"empty_s"`
	Ratio float64 `json:"ratio"`
	// Limit is the largest ratio that is allowed.
	Limit float64 `json:"limit"`
}

// Run builds the apps of two packages, the project's and an empty one's, times both
// in the current directory, which is that of cdk.json, prints one line a mode, and
// writes build/bench-synth.json, also where a limit was missed.
func Run(ctx context.Context, ours, empty string, out io.Writer) error {
	scratch, err := os.MkdirTemp("", "benchsynth-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	ourBinary, emptyBinary := filepath.Join(scratch, "synth"), filepath.Join(scratch, "empty")
	for binary, source := range map[string]string{ourBinary: ours, emptyBinary: empty} {
		if text, err := exec.CommandContext(ctx, "go", "build", "-o", binary, source).CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", source, err, text)
		}
	}
	f := Figures{}
	if f.Machine, err = benchpages.ThisMachine(); err != nil {
		return err
	}
	if f.Rows, err = compare(ctx, ourBinary, emptyBinary, scratch, out); err != nil {
		return err
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	result := benchpages.Measured("synth")
	if err := os.MkdirAll(filepath.Dir(result), 0o755); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(result, append(text, '\n'), 0o644), missed(f.Rows))
}

// missed returns ErrSlow where a ratio is over its limit.
func missed(rows []Row) error {
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Ratio > r.Limit }) {
		return ErrSlow
	}
	return nil
}

// compare times both binaries in every mode.
func compare(ctx context.Context, ours, empty, scratch string, out io.Writer) ([]Row, error) {
	var rows []Row
	fmt.Fprintf(out, "%-20s %8s %8s %6s %6s\n", fmt.Sprintf("median of %d runs", runs), "ours", "empty", "ratio", "limit")
	for _, m := range modes {
		// The apps take turns, so that other load on the machine affects both.
		var ourTimes, emptyTimes []time.Duration
		for i := range runs + 1 {
			ourTime, err := synthesize(ctx, ours, m, scratch)
			if err != nil {
				return nil, err
			}
			emptyTime, err := synthesize(ctx, empty, m, scratch)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				ourTimes, emptyTimes = append(ourTimes, ourTime), append(emptyTimes, emptyTime)
			}
		}
		our, their := statistics.Median(ourTimes), statistics.Median(emptyTimes)
		row := Row{m.name, our.Seconds(), their.Seconds(), our.Seconds() / their.Seconds(), m.limit}
		fmt.Fprintf(out, "%-20s %6.2f s %6.2f s %6.2f %6.1f\n", row.Mode, row.Ours, row.Empty, row.Ratio, row.Limit)
		rows = append(rows, row)
	}
	return rows, nil
}

// synthesize returns how long one synthesis by the binary takes.
func synthesize(ctx context.Context, binary string, m mode, scratch string) (time.Duration, error) {
	app := exec.CommandContext(ctx, binary)
	app.Env = append(os.Environ(), "CDK_VALIDATION="+m.validation, "CDK_OUTDIR="+filepath.Join(scratch, "cdk.out"))
	start := time.Now()
	if out, err := app.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", filepath.Base(binary), err, out)
	}
	return time.Since(start), nil
}
