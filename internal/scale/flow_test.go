package scale

import (
	"math"
	"os"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/benchworker"
	"benchlingwebhook/internal/simulation"
)

// TestTheFlowAgreesWithTheSimulatedDay plays three hours of one event a second
// through the template's own scaling, which knows nothing of this model: it may
// take a task or two more, for it gives each waiting event a place.
func TestTheFlowAgreesWithTheSimulatedDay(t *testing.T) {
	text, err := os.ReadFile("../../stacks/testdata/prod.template.json")
	assert.NilError(t, err)
	stack, err := simulation.Read(text)
	assert.NilError(t, err)
	day := simulation.SteadyDay(flowSeed, 1, 3*3600)
	run, err := simulation.Play(stack, day, &simulation.Service{Concurrency: exportThreads})
	assert.NilError(t, err)
	sum, n := 0, 0
	for _, m := range run.Minutes[60:180] {
		sum, n = sum+m.Tasks, n+1
	}
	played, flow := float64(sum)/float64(n), float64(TasksFor(1, exportThreads))
	t.Logf("the day takes %.1f tasks, the flow %.0f", played, flow)
	assert.Check(t, math.Abs(played-flow) <= 2, "the day takes %.1f tasks, the flow %.0f", played, flow)
}

// TestTheFlowAgreesWithTheWorker compares it with what one worker did, which shares its
// machine with the stand-ins for all that it calls.
func TestTheFlowAgreesWithTheWorker(t *testing.T) {
	figures, err := benchworker.Read(figuresOf(t))
	assert.NilError(t, err)
	all, err := smallEnds(figures)
	assert.NilError(t, err)
	assert.Assert(t, len(all) >= 3, "%v", all)
	for _, it := range all {
		assert.Check(t, it.flow > 0.6*it.measured && it.flow < 1.7*it.measured, "%d places: %.1f, measured %.1f", it.places, it.flow, it.measured)
	}
	figures.Rows = figures.Rows[:1]
	_, err = smallEnds(figures)
	assert.ErrorContains(t, err, "too few rows")
}

func TestMoreTasksWaitLess(t *testing.T) {
	tasks := TasksFor(10, exportThreads)
	assert.Check(t, waitOf(10, tasks*exportThreads) <= longestWait)
	assert.Check(t, waitOf(10, tasks*exportThreads*9/10) > longestWait, "a tenth fewer are enough")
	assert.Check(t, float64(tasks*exportThreads) >= 10*meanExport(), "fewer places than work")
}

func TestBackfillIsTheWorkOverThePlaces(t *testing.T) {
	const entries, tasks = 20_000, 10
	got := BackfillOf(entries, tasks, exportThreads)
	least := entries * meanExport() / 3600 / (tasks * exportThreads)
	assert.Check(t, got.Hours > 0.97*least && got.Hours < 1.1*least, "%.2f hours, %.2f by the mean", got.Hours, least)
	assert.Equal(t, got.TaskHours, got.Hours*tasks)
}
