package statistics

import (
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestQuantile(t *testing.T) {
	values := []time.Duration{30, 10, 20, 40}
	assert.Equal(t, Median(values), time.Duration(30))
	assert.Equal(t, Median(values[:3]), time.Duration(20))
	assert.Equal(t, Quantile(values, 0), time.Duration(10))
	assert.Equal(t, Quantile(values, 0.99), time.Duration(40))
	assert.Equal(t, Quantile(values, 1), time.Duration(40))
	assert.DeepEqual(t, values, []time.Duration{30, 10, 20, 40})
}
