package testbed

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestACheckoutHasOneRun(t *testing.T) {
	t.Chdir(t.TempDir())
	unlock, err := Lock()
	assert.NilError(t, err)
	_, err = Lock()
	assert.ErrorContains(t, err, "build/rehearsal.lock: another rehearsal, gates run or bench of this checkout goes on")
	mark := Mark()
	unlock()
	again, err := Lock()
	assert.NilError(t, err)
	again()

	t.Chdir(t.TempDir())
	assert.Assert(t, Mark() != mark, "another checkout's")
}
