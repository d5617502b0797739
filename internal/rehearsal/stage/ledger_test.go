package stage

import (
	"encoding/json"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/quilt"
)

func TestOutcomeIsJSON(t *testing.T) {
	var counts map[string]int
	assert.NilError(t, json.Unmarshal([]byte(outcome{accepted: 5, packaged: 4, lost: 1, sentAgain: 2}.String()), &counts))
	assert.DeepEqual(t, counts, map[string]int{"accepted": 5, "packaged": 4, "lost": 1, "duplicated": 0, "sent_again": 2})
}

func TestPackagingMessagesOfTheBucket(t *testing.T) {
	message := quilt.Message{SourcePrefix: "s3://b/benchling/EXP-1/", Registry: "b", PackageName: "benchling/EXP-1", MetadataURI: "entry.json"}
	assert.NilError(t, checkMessage(message, "b"))
	message.Registry = "other"
	assert.ErrorContains(t, checkMessage(message, "b"), "isn't of the bucket b")
}
