package simulation

import (
	"os"
	"slices"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

const (
	// pictured is the seed of the day that docs/simulated-day.svg shows.
	pictured = 18
	// days is how many seeds must keep the requirements.
	days = 10
	// mostHours is the most task-hours, as a share of what the work needs.
	mostHours = 1.3
)

func play(t *testing.T, shape string, day Day) Run {
	t.Helper()
	run, err := Play(stackOf(t, shape), day, &Service{Concurrency: concurrency(t)})
	assert.NilError(t, err)
	return run
}

// TestDays holds several days against what must be so on each: no task that works
// is stopped, and the tasks cost little more than the work needs. On production's,
// no event that wasn't put off waits until the alarm on old events; dev has fewer
// tasks than its import needs.
func TestDays(t *testing.T) {
	for _, shape := range shapes {
		for seed := range uint64(days) {
			if testing.Short() && seed > 0 {
				break
			}
			run := play(t, shape, NewDay(seed))
			assert.Equal(t, run.Service.Interrupted+run.Service.GivenBack, 0, "%s, day %d", shape, seed)
			share := run.TaskHours() / run.NeededHours()
			assert.Assert(t, share <= mostHours, "%s, day %d: %.2f of the hours needed", shape, seed, share)
			old, err := run.stack.Alarm("OperatorAlarmsOldEvents")
			assert.NilError(t, err)
			if shape == "prod" {
				assert.Assert(t, float64(run.LongestWait()) <= old.Threshold, "day %d: an event waited %d s", seed, run.LongestWait())
				assert.Equal(t, len(run.Rang(old)), 0, "day %d", seed)
			}
		}
	}
}

// TestTheDayNeedsTheTasks shows that the requirements can fail: with the tasks of
// dev, production's day waits too long.
func TestTheDayNeedsTheTasks(t *testing.T) {
	run := play(t, "dev", NewDay(pictured))
	old, err := run.stack.Alarm("OperatorAlarmsOldEvents")
	assert.NilError(t, err)
	assert.Assert(t, float64(run.LongestWait()) > old.Threshold)
	assert.Assert(t, len(run.Rang(old)) > 0, "nobody is notified")
}

// TestProtectionKeepsWork stops tasks in spite of their work, which the day must
// show.
func TestProtectionKeepsWork(t *testing.T) {
	run, err := Play(stackOf(t, "prod"), NewDay(pictured), &Service{Concurrency: concurrency(t), Unprotected: true})
	assert.NilError(t, err)
	assert.Assert(t, run.Service.Interrupted > 0)
	assert.Assert(t, run.Service.GivenBack > 0, "the export of 25 minutes outlives a stopping task")
}

// TestADeploymentWaits deploys while the export of 25 minutes runs: its task stays
// until it is done, and not much longer.
func TestADeploymentWaits(t *testing.T) {
	run := play(t, "prod", NewDay(pictured))
	i := slices.IndexFunc(run.Events, func(e *Event) bool { return e.Export == 25*minute })
	long := run.Events[i]
	assert.Assert(t, long.Begun < run.deployedAt && run.deployedAt < long.Done, "it doesn't run at the deployment")
	assert.Assert(t, run.DeploymentEnd >= long.Done)
	assert.Assert(t, run.DeploymentEnd <= long.Done+10*minute, "%d s longer", run.DeploymentEnd-long.Done)
}

// TestOneThatIsPutOff plays a night with one event that is hidden for ten minutes:
// no alarm that people hear of rings, and one task is enough.
func TestOneThatIsPutOff(t *testing.T) {
	for _, shape := range shapes {
		run := play(t, shape, Day{Events: []*Event{{At: 3 * hour, Export: medianExport, PutOff: 10 * minute}}})
		assert.Assert(t, run.Events[0].Done > 3*hour+10*minute)
		for i, m := range run.Minutes {
			assert.Equal(t, m.Desired, run.fewest, "minute %d", i)
		}
		for _, a := range run.stack.Alarms {
			// Whose silence is the fault has no metrics in this model.
			if a.Missing != "breaching" && (len(a.Actions) == 0 || !run.scales(a)) {
				assert.Equal(t, len(run.Rang(a)), 0, a.Name)
			}
		}
	}
}

// TestAStoppedWorkerRings stops the worker's polls for two hours: the alarm on old
// events must ring within its own figures.
func TestAStoppedWorkerRings(t *testing.T) {
	for _, shape := range shapes {
		day := Day{Events: []*Event{{At: hour, Export: medianExport}}}
		run, err := Play(stackOf(t, shape), day, &Service{Concurrency: 0})
		assert.NilError(t, err)
		old, err := run.stack.Alarm("OperatorAlarmsOldEvents")
		assert.NilError(t, err)
		rang := run.Rang(old)
		assert.Assert(t, len(rang) > 0, shape)
		want := hour + int(old.Threshold) + old.Periods*old.Period + metricDelay
		assert.Assert(t, rang[0]*minute <= want, "%s: at minute %d", shape, rang[0])
	}
}

func TestTasksFollowTheWork(t *testing.T) {
	run := play(t, "prod", NewDay(pictured))
	target, err := run.stack.Target(workerTarget)
	assert.NilError(t, err)
	most := 0
	for _, m := range run.Minutes {
		most = max(most, m.Desired)
	}
	assert.Equal(t, most, target.Max, "the import takes them all")
	for _, burst := range Bursts {
		// A tail is over within half an hour, and its work soon after; what is left are
		// the edits of working hours.
		later := run.Minutes[(burst.From+burst.For+hour)/minute]
		assert.Assert(t, later.Desired <= target.Min+1, "%d tasks an hour after the %s", later.Desired, burst.Name)
	}
}

func TestFirstInFirstOutWithinAnEntry(t *testing.T) {
	queue := &Queue{}
	first, second, other := &Event{Entry: 1}, &Event{Entry: 1}, &Event{Entry: 2}
	for _, e := range []*Event{first, second, other} {
		queue.Send(e)
	}
	assert.Equal(t, queue.Receive(0), first)
	assert.Equal(t, queue.Receive(0), other)
	assert.Assert(t, queue.Receive(0) == nil, "the entry's first event is in work")
	queue.Hide(first, 60)
	queue.Reveal(59)
	assert.Assert(t, queue.Receive(59) == nil, "it is hidden")
	queue.Reveal(60)
	assert.Equal(t, queue.Receive(60), first)
	queue.Delete(first)
	assert.Equal(t, queue.Receive(60), second)
}

// TestPicture compares docs/simulated-day.svg with what the templates' figures
// make of the day. Rewrite it with `go test ./internal/simulation -update`.
func TestPicture(t *testing.T) {
	const path = "../../docs/simulated-day.svg"
	drawn := play(t, "prod", NewDay(pictured)).Chart()
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(path, []byte(drawn), 0o644))
	}
	committed, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Assert(t, string(committed) == drawn, "the picture is of other figures: go test ./internal/simulation -update")
}
