package operate

import (
	"bytes"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/deadletters"
)

func TestDeadLettersForPrograms(t *testing.T) {
	var out bytes.Buffer
	assert.NilError(t, printDeadLetters(nil, "0", &out))
	assert.Equal(t, out.String(), "{\n  \"deadLetters\": [],\n  \"about\": 0\n}\n")

	out.Reset()
	dead := []deadletters.Event{{ID: "wh_1", Entry: "etr_1", Reason: "the entry: gone", Attempts: "5", FailedAt: "2026-01-02T03:04:05Z"}}
	assert.NilError(t, printDeadLetters(dead, "7", &out))
	assert.Equal(t, out.String(), `{
  "deadLetters": [
    {
      "id": "wh_1",
      "entry": "etr_1",
      "attempts": "5",
      "failedAt": "2026-01-02T03:04:05Z",
      "reason": "the entry: gone"
    }
  ],
  "about": 7
}
`)
	assert.ErrorContains(t, printDeadLetters(nil, "", &out), "dead letters: ")
}
