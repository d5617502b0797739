package simulation

import (
	"fmt"
	"math"
)

// The alarms of target tracking, which Application Auto Scaling makes itself: three
// minutes above the target, or fifteen below nine tenths of it. Its guide doesn't
// promise these figures; they are those of the alarms that it makes for services.
const (
	highMinutes, lowMinutes = 3, 15
	lowShare                = 0.9
)

type trackingConfiguration struct {
	TargetValue                       float64
	ScaleInCooldown, ScaleOutCooldown *int
	DisableScaleIn                    bool
	PredefinedMetricSpecification     *struct{ PredefinedMetricType string }
}

// tracking keeps a metric near a target.
type tracking struct {
	high, low               Alarm
	target                  float64
	inCooldown, outCooldown int
	neverIn                 bool
}

// Predefined names the series of a predefined metric of what scales, which the
// caller publishes: CloudWatch knows it under other names.
func Predefined(kind, target string) Metric { return Metric{"predefined", kind, target} }

func newTracking(name string, c trackingConfiguration, target string) (*tracking, error) {
	if c.PredefinedMetricSpecification == nil {
		return nil, fmt.Errorf("a customized metric is not simulated: use a predefined one, or steps")
	}
	metric := Predefined(c.PredefinedMetricSpecification.PredefinedMetricType, target)
	watch := func(suffix, comparison string, threshold float64, minutes int) (Alarm, error) {
		result, err := parse("metric", []string{"metric"})
		return Alarm{
			Name: name + suffix, Threshold: threshold, Comparison: comparison, Missing: "missing",
			Period: 60, Periods: minutes, Datapoints: minutes,
			queries: []query{{"metric", "Average", metric}}, result: result,
		}, err
	}
	high, err := watch("High", "GreaterThanThreshold", c.TargetValue, highMinutes)
	if err != nil {
		return nil, err
	}
	low, err := watch("Low", "LessThanThreshold", c.TargetValue*lowShare, lowMinutes)
	t := &tracking{high: high, low: low, target: c.TargetValue, neverIn: c.DisableScaleIn,
		inCooldown: defaultCooldown, outCooldown: defaultCooldown}
	if c.ScaleInCooldown != nil {
		t.inCooldown = *c.ScaleInCooldown
	}
	if c.ScaleOutCooldown != nil {
		t.outCooldown = *c.ScaleOutCooldown
	}
	return t, err
}

// wanted returns the capacity at which a metric that falls as capacity grows
// would be at its target.
func (t tracking) wanted(capacity int, points []float64) int {
	return int(math.Ceil(float64(capacity) * points[len(points)-1] / t.target))
}
