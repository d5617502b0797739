package imagecontract

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestCanFail(t *testing.T) {
	for _, c := range []struct {
		test string // Words are parted by ¦.
		can  bool
	}{
		{"CMD-SHELL¦curl -f http://localhost:5000/health || exit 1", true},
		{"CMD¦curl¦-f¦http://localhost/", true},
		{"CMD¦check", true},
		{"CMD¦/bin/sh¦/check.sh", true},
		{"CMD-SHELL¦check && true", true},
		{"CMD-SHELL¦! check", true},
		{"CMD-SHELL¦test -f /tmp/healthy", true},
		{"CMD-SHELL¦[ ! -f /tmp/broken ]", true},
		{"CMD-SHELL¦echo ok && check", true},
		{"curl -f http://localhost/", true},
		{"CMD-SHELL¦if (", true}, // Nobody can follow it.
		{"CMD-SHELL¦curl -f http://localhost/ || true", false},
		{"CMD-SHELL¦curl -f http://localhost/ || (echo no; exit 0)", false},
		{"CMD-SHELL¦check; true", false},
		{"CMD-SHELL¦if check; then :; fi; exit 0", false},
		{"CMD-SHELL¦exit", false},
		{"CMD-SHELL¦check &", false},
		{"CMD-SHELL¦check | cat", false},
		{"CMD¦sh¦-c¦check || :", false},
		{"CMD¦echo¦ok", false},
		{"CMD¦/bin/true", false},
		{"true", false},
		{"NONE", false},
		{"CMD", false},
	} {
		assert.Equal(t, CanFail(strings.Split(c.test, "¦")), c.can, c.test)
	}
	assert.Assert(t, !CanFail(nil))
}
