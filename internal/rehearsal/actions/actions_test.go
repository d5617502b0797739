package actions

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestRestrictionsFromInside(t *testing.T) {
	good := "Name:\tpython\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\n"
	assert.NilError(t, unrestricted(good, 1000))
	assert.Error(t, unrestricted("", 1000), "no process to look at")
	bad := strings.ReplaceAll(strings.Replace(good, "NoNewPrivs:\t1", "NoNewPrivs:\t0", 1), "1000\t1000", "0\t0")
	assert.Error(t, unrestricted(good+bad, 1000), "Uid: 0 0 0 0, not 1000 1000 1000 1000\nNoNewPrivs: 0, not 1")
}

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
