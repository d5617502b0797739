package operate

import (
	_ "embed"
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"gotest.tools/v3/assert"
)

// shared is testdata/events.json: events of this program, and items of the worker's.
type shared struct {
	Pressed  json.RawMessage      `json:"pressed"`
	Backfill json.RawMessage      `json:"backfill"`
	Items    map[string]typedItem `json:"items"`
}

// typedItem is an item in DynamoDB's JSON.
type typedItem map[string]struct {
	S, N *string
	M    typedItem
}

func (i typedItem) attributes() attributes {
	all := attributes{}
	for name, value := range i {
		switch {
		case value.S != nil:
			all[name] = &types.AttributeValueMemberS{Value: *value.S}
		case value.N != nil:
			all[name] = &types.AttributeValueMemberN{Value: *value.N}
		default:
			all[name] = &types.AttributeValueMemberM{Value: value.M.attributes()}
		}
	}
	return all
}

//go:embed testdata/events.json
var sharedText []byte

func readShared(t *testing.T) shared {
	t.Helper()
	var all shared
	assert.NilError(t, json.Unmarshal(sharedText, &all))
	return all
}

// TestEventsAreThoseThatTheServiceReads has its counterpart in
// docker/tests/test_operator_events.py.
func TestEventsAreThoseThatTheServiceReads(t *testing.T) {
	at := time.UnixMilli(1767323045123)
	for _, c := range []struct {
		made event
		want json.RawMessage
	}{
		{pressedEvent("verify_1", "etr_1", at), readShared(t).Pressed},
		{backfillEvent("0a1b", "etr_2", at), readShared(t).Backfill},
	} {
		text, err := encode(c.made)
		assert.NilError(t, err)
		var made, want any
		assert.NilError(t, json.Unmarshal(text, &made))
		assert.NilError(t, json.Unmarshal(c.want, &want))
		assert.DeepEqual(t, made, want)
	}
}

func TestItemsAreThoseThatTheServiceWrites(t *testing.T) {
	items := readShared(t).Items
	done := claimOf(items["webhook#verify_1"].attributes())
	assert.Equal(t, *done.stored, storedPackage{"packages", "benchling/EXP1", "entry.json", 2, 0})
	assert.Equal(t, done.state, claimDone)
	assert.Equal(t, claimOf(items["webhook#backfill_0a1b_etr_2"].attributes()), claim{state: claimFailed, reason: "the entry: Benchling answered 404", attempts: 1})
	status := statusOf(items["entry#etr_1"].attributes())
	assert.Equal(t, status.packageName+" "+status.state, "benchling/EXP1 packaged")
	assert.Check(t, len(status.topHash) == 64 && status.confirmedAt == 1811808001)
}

func TestVerifyIDsAreOfOneEventEach(t *testing.T) {
	first, second := newVerifyID(), newVerifyID()
	assert.Check(t, first != second)
	assert.Check(t, benchlingID.MatchString(first))
}

func TestEntryIDs(t *testing.T) {
	for _, id := range []string{"etr_1", "etr_tv7m7B78"} {
		assert.NilError(t, checkEntryID(id))
	}
	for _, id := range []string{"", "EXP-1", "etr_", "etr_1 ", "etr_ä", "etr_1\netr_2", "bfi_1"} {
		assert.ErrorContains(t, checkEntryID(id), "no entry ID; write the one of Benchling's API")
	}
}
