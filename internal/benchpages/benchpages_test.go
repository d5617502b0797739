package benchpages

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestThisMachine(t *testing.T) {
	m, err := ThisMachine()
	assert.NilError(t, err)
	assert.Check(t, m.Processors > 0 && m.Load >= 0 && len(m.Date) == len("2006-01-02"), "%+v", m)
	m = Machine{Date: "2026-11-26", Processors: 2, Load: 1.25}
	assert.Equal(t, m.String(), "on 2026-11-26, on a machine of 2 processors whose load was 1.2 before it began")
}
