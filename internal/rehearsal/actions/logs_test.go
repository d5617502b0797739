package actions

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestMissingIn(t *testing.T) {
	web := `{"event": "request.completed", "entry_id": "etr_1", "webhook_id": "wh_1"}
{"event": "request.completed", "entry_id": "etr_2", "webhook_id": "wh_2"}
`
	worker := "Traceback\n" + `{"event": "event.started", "entry_id": "etr_1", "webhook_id": "wh_1"}
`
	assert.NilError(t, missingIn(map[string]string{"etr_1": "wh_1"}, eventsIn(web), eventsIn(worker)))
	err := missingIn(map[string]string{"etr_1": "wh_2"}, eventsIn(web), eventsIn(worker))
	assert.Error(t, err, "logs of the web service: none names the event wh_2 of etr_1")
	err = missingIn(map[string]string{"etr_2": "wh_2"}, eventsIn(web), eventsIn(worker))
	assert.Error(t, err, "logs of the workers: none names the event wh_2 of etr_2")
}
