package scale

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"

	"benchlingwebhook/internal/simulation"
)

const (
	// flowSeed draws the same arrivals and exports on every machine.
	flowSeed = 23
	// flowSeconds is how long a steady rate is played: longer than the longest export,
	// so that as many end as begin.
	flowSeconds = 2400
	// longestWait is what 99 of 100 events may wait at most, in seconds.
	longestWait = 60
)

// places are when each place of the worker's tasks is free again, in seconds.
type places []float64

func (p places) Len() int           { return len(p) }
func (p places) Less(i, j int) bool { return p[i] < p[j] }
func (p places) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *places) Push(any)          { panic("the number of places is fixed") }
func (p *places) Pop() any          { panic("the number of places is fixed") }

// take gives the place that is free first to an export, and returns when it begins.
func (p places) take(at, export float64) float64 {
	begin := max(at, p[0])
	p[0] = begin + export
	heap.Fix(&p, 0)
	return begin
}

// waitOf returns what 99 of 100 events wait, in seconds, where they come at random
// at a rate a second to so many places. Exports take as long as in the simulated day.
func waitOf(rate float64, n int) float64 {
	random := rand.New(rand.NewPCG(flowSeed, uint64(n)))
	free, at := make(places, n), 0.0
	var waits []float64
	for {
		at += random.ExpFloat64() / rate
		if at > flowSeconds {
			break
		}
		waits = append(waits, free.take(at, float64(simulation.ExportTime(random)))-at)
	}
	slices.Sort(waits)
	return waits[len(waits)*99/100]
}

// meanExport returns the seconds that an export takes on average.
func meanExport() float64 {
	const draws = 200_000
	random, sum := rand.New(rand.NewPCG(flowSeed, 0)), 0
	for range draws {
		sum += simulation.ExportTime(random)
	}
	return float64(sum) / draws
}

// TasksFor returns how many worker tasks a steady rate of events needs, each with
// so many places: the fewest that keep up, and let 99 of 100 events wait for longestWait at
// most.
func TasksFor(rate float64, concurrency int) int {
	tasks := max(1, int(math.Ceil(rate*meanExport()/float64(concurrency))))
	for waitOf(rate, tasks*concurrency) > longestWait {
		tasks += max(1, tasks/200)
	}
	return tasks
}

// Backfill is so many entries that come at once.
type Backfill struct {
	// Hours is how long it takes, and TaskHours what is paid for.
	Hours, TaskHours float64
}

// BackfillOf plays entries that all wait, with so many tasks of so many places. A
// task is paid until the last export ends.
func BackfillOf(entries, tasks, concurrency int) Backfill {
	random := rand.New(rand.NewPCG(flowSeed, uint64(tasks)))
	free := make(places, tasks*concurrency)
	for range entries {
		free.take(0, float64(simulation.ExportTime(random)))
	}
	hours := slices.Max(free) / 3600
	return Backfill{hours, hours * float64(tasks)}
}
