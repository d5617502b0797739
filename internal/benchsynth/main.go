// Benchsynth times the synthesis of the project's app beside that of an empty
// CDK app, with CloudFormation's validation and without, and exits with 1 where
// ours takes too many times as long. It runs in the folder of cdk.json, with
// Node 24 first in PATH.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// runs is the number of timed runs, of which the median counts. One run before
// them fills the caches.
const runs = 5

// mode is a way of running the apps, and how many times as long as the empty
// app ours may take in it.
type mode struct {
	name, validation string
	limit            float64
}

var modes = []mode{
	{name: "with validation", validation: "true", limit: 2},
	{name: "without validation", validation: "false", limit: 3},
}

func main() {
	met, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !met {
		os.Exit(1)
	}
}

// run prints one line a mode, and returns whether every limit was met.
func run() (met bool, err error) {
	scratch, err := os.MkdirTemp("", "benchsynth-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(scratch)
	ours, empty := filepath.Join(scratch, "synth"), filepath.Join(scratch, "empty")
	for binary, source := range map[string]string{ours: ".", empty: "./internal/benchsynth/emptyapp"} {
		if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
			return false, fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	met = true
	fmt.Printf("%-20s %8s %8s %6s %6s\n", fmt.Sprintf("median of %d runs", runs), "ours", "empty", "ratio", "limit")
	for _, m := range modes {
		// The apps take turns, so that what else the machine does strikes both.
		var ourTimes, emptyTimes []time.Duration
		for i := range runs + 1 {
			ourTime, err := synthesize(ours, m, scratch)
			if err != nil {
				return false, err
			}
			emptyTime, err := synthesize(empty, m, scratch)
			if err != nil {
				return false, err
			}
			if i > 0 {
				ourTimes, emptyTimes = append(ourTimes, ourTime), append(emptyTimes, emptyTime)
			}
		}
		our, their := median(ourTimes), median(emptyTimes)
		ratio := our.Seconds() / their.Seconds()
		met = met && ratio <= m.limit
		fmt.Printf("%-20s %6.2f s %6.2f s %6.2f %6.1f\n", m.name, our.Seconds(), their.Seconds(), ratio, m.limit)
	}
	return met, nil
}

// synthesize returns how long one synthesis by the binary takes.
func synthesize(binary string, m mode, scratch string) (time.Duration, error) {
	app := exec.Command(binary)
	app.Env = append(os.Environ(), "CDK_VALIDATION="+m.validation, "CDK_OUTDIR="+filepath.Join(scratch, "cdk.out"))
	start := time.Now()
	if out, err := app.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", filepath.Base(binary), err, out)
	}
	return time.Since(start), nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
