package preflight

import (
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// idPrefix returns how the IDs of a region's zones begin: "us-east-1" is use1,
// "ap-northeast-1" apne1, "us-gov-west-1" usgw1.
func idPrefix(region string) string {
	short := strings.NewReplacer("northeast", "ne", "southeast", "se", "north", "n", "south", "s", "east", "e", "west", "w", "central", "c", "gov", "g", "-", "")
	return short.Replace(region)
}

func TestZoneTables(t *testing.T) {
	for _, table := range []map[string][]string{vpcLinkZones, fargateZones} {
		for region, ids := range table {
			form := regexp.MustCompile("^" + idPrefix(region) + "-az[1-6]$")
			seen := map[string]bool{}
			for _, id := range ids {
				assert.Check(t, form.MatchString(id), "%s: %s", region, id)
				assert.Check(t, !seen[id], "%s: %s is there twice", region, id)
				seen[id] = true
			}
			assert.Check(t, len(ids) >= leastZones, region)
		}
	}
}
