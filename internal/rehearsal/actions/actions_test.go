package actions

import (
	"testing"

	"gotest.tools/v3/assert"
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
