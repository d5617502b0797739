package testbed

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestTexts(t *testing.T) {
	assert.Equal(t, LastLines("a\nb\nc\n", 2), "b | c")
	assert.Equal(t, LastLines("a", 2), "a")
	assert.Equal(t, LinesWith("fine\nAn Error\n", Complaint.MatchString), "An Error")
}
