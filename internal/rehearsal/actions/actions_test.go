package actions

import (
	"slices"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/rehearsal/tutorial"
)

func TestEventsInALog(t *testing.T) {
	log := "Running on\n" + `{"event": "event.started", "entry_id": "etr_1", "webhook_id": "wh_1"}` + "\n" + `{"event": "service.drain_started"}` + "\n"
	events := eventsIn(log)
	assert.Assert(t, events[loggedEvent{"etr_1", "wh_1"}])
	assert.Assert(t, !events[loggedEvent{"etr_1", "wh_2"}])
}

func TestCallsOfTheDescription(t *testing.T) {
	detail, err := callsChecked(map[string]int{"getTask": 2, "exportItem": 1}, nil)
	assert.NilError(t, err)
	assert.Equal(t, detail, "exportItem 1, getTask 2")
	_, err = callsChecked(nil, nil)
	assert.Error(t, err, "no call was checked")
	_, err = callsChecked(map[string]int{"getTask": 2}, []string{"a", "b"})
	assert.Error(t, err, "a; b")
}

// TestLaneThatDeploys has the newcomer on a stage of its own, beside the deployed one.
func TestLaneThatDeploys(t *testing.T) {
	chosen, _, err := Lanes(newcomerPart)
	assert.NilError(t, err)
	assert.DeepEqual(t, chosen, []Lane{{}, {newcomerPart}})
	assert.Equal(t, len(chosen[0].Of(nil, 0)), 0)
	assert.Equal(t, len(chosen[1].Of(nil, 0)), 1)
	assert.Check(t, chosen[1].Deploys())
	assert.Equal(t, len(chosen[1].SetUp(nil, nil, "")), 1)

	chosen, _, err = Lanes("worker", newcomerPart)
	assert.NilError(t, err)
	assert.DeepEqual(t, chosen, []Lane{{"worker"}, {newcomerPart}})
}

// TestLaneOfDrills has the drills on a stage of their own, all of them or those named.
func TestLaneOfDrills(t *testing.T) {
	for _, name := range []string{drillsPart, "drill rollback"} {
		chosen, _, err := Lanes(name)
		assert.NilError(t, err)
		assert.DeepEqual(t, chosen, []Lane{{}, {name}})
		assert.Check(t, chosen[1].Apart() && !chosen[1].Deploys())
		assert.Equal(t, len(chosen[1].Of(nil, 0)), 2)
	}
	assert.Check(t, !Lane{"worker"}.Apart())
	all, rights, err := Lanes()
	assert.NilError(t, err)
	assert.Check(t, rights && !slices.ContainsFunc(all, Lane.drills))
}

func TestNewcomersCommands(t *testing.T) {
	assert.Check(t, makes(tutorial.Step{Command: "make deploy"}, "deploy") && makes(tutorial.Step{Command: "make deploy X=1"}, "deploy"))
	assert.Check(t, !makes(tutorial.Step{Command: "make deploys"}, "deploy"))
	assert.DeepEqual(t, withoutMake([]string{"A=1", "MAKEFLAGS=-j", "AWS_PROFILE=mine", "MAKELEVEL=1", "B="}), []string{"A=1", "B="})
}
