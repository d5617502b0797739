package taskagent

import (
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// TestBoundsAgreeWithECS compares the bounds of protection with the words of ECS's API
// model.
func TestBoundsAgreeWithECS(t *testing.T) {
	found := emulatortest.ReadModel(t, "ecs").Find("UpdateTaskProtectionRequest", "expiresInMinutes",
		`from (\d+) minute to up to ([\d,]+) minutes .* automatically protected for (\d+) minutes`)
	for i, minutes := range []int{leastMinutes, longestMinutes, defaultMinutes} {
		assert.Equal(t, strings.ReplaceAll(found[i], ",", ""), strconv.Itoa(minutes))
	}
}
