package actions

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"gotest.tools/v3/assert"
)

func TestKeptUntil(t *testing.T) {
	now, again := time.Unix(1_800_000_000, 0), 28*24*time.Hour
	at := func(left time.Duration) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(now.Add(left).Unix(), 10)}
	}
	for name, c := range map[string]struct {
		value   types.AttributeValue
		claim   bool
		problem string
	}{
		"a claim":                 {at(30 * 24 * time.Hour), true, ""},
		"an entry":                {nil, false, ""},
		"a claim for good":        {nil, true, "a claim that nothing removes"},
		"an entry for a month":    {at(30 * 24 * time.Hour), false, "what is known of an entry would be forgotten"},
		"a claim for a day":       {at(24 * time.Hour), true, "the claim is removed in 1.0 days; 28 to 90 were due"},
		"a claim in milliseconds": {&types.AttributeValueMemberN{Value: "1800000000000"}, true, "the claim is removed in "},
		"a claim in text":         {&types.AttributeValueMemberS{Value: "1802592000"}, true, "is no number"},
		"a fraction":              {&types.AttributeValueMemberN{Value: "1802592000.5"}, true, "is no whole number of seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			err := keptUntil(c.value, c.claim, now, again)
			if c.problem == "" {
				assert.NilError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.problem)
		})
	}
}
