package simulation

import (
	"errors"
	"fmt"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// State is an alarm's.
type State string

// The states of an alarm.
const (
	OK               State = "OK"
	Ringing          State = "ALARM"
	InsufficientData State = "INSUFFICIENT_DATA"
)

// rangeBeyond is how many data points more than the evaluation periods are looked
// at when some are missing. CloudWatch says no number; its examples look at five
// for three periods.
const rangeBeyond = 2

// Alarm is one of CloudWatch's: a metric, or metric math, against a threshold.
type Alarm struct {
	Name string
	// Threshold, Periods and Datapoints say what must be breached, in how many of
	// how many periods; Period is in seconds.
	Threshold                   float64
	Periods, Datapoints, Period int
	// Comparison and Missing are CloudFormation's words.
	Comparison, Missing string
	// Actions are the logical IDs of the policies that it sets off.
	Actions []string

	queries []query
	result  expression
}

// query is a metric's statistic under an ID.
type query struct {
	id, statistic string
	metric        Metric
}

type metricStat struct {
	Metric struct {
		Namespace, MetricName string
		Dimensions            []dimension
	}
	Stat   string
	Period int
}

type metricQuery struct {
	ID         string `json:"Id"`
	Expression string
	MetricStat *metricStat
	ReturnData *bool
}

type alarmProperties struct {
	Namespace, MetricName, Statistic, ExtendedStatistic string
	Dimensions                                          []dimension
	Period, EvaluationPeriods, DatapointsToAlarm        int
	Threshold                                           float64
	ComparisonOperator, TreatMissingData                string
	Metrics                                             []metricQuery
	AlarmActions                                        []any
}

// readAlarm returns an alarm of a metric or of one expression over metrics.
func readAlarm(r cfn.Resource) (Alarm, error) {
	var p alarmProperties
	if err := r.Decode(&p); err != nil {
		return Alarm{}, err
	}
	if len(p.Metrics) == 0 {
		single := metricStat{Stat: p.Statistic + p.ExtendedStatistic, Period: p.Period}
		single.Metric.Namespace, single.Metric.MetricName, single.Metric.Dimensions = p.Namespace, p.MetricName, p.Dimensions
		p.Metrics = []metricQuery{{ID: "metric", MetricStat: &single}}
	}
	a := Alarm{
		Name: r.ID, Threshold: p.Threshold, Periods: p.EvaluationPeriods, Datapoints: p.DatapointsToAlarm,
		Comparison: p.ComparisonOperator, Missing: p.TreatMissingData,
	}
	if a.Datapoints == 0 {
		a.Datapoints = a.Periods
	}
	if a.Missing == "" {
		a.Missing = "missing"
	}
	for _, action := range p.AlarmActions {
		a.Actions = append(a.Actions, cfn.Text(action))
	}
	if comparisons[a.Comparison] == nil {
		return a, fmt.Errorf("ComparisonOperator %q is not simulated", a.Comparison)
	}
	return a, a.readMetrics(p.Metrics)
}

// readMetrics sets what the alarm looks at.
func (a *Alarm) readMetrics(metrics []metricQuery) error {
	var problems []error
	var ids, results []string
	for _, m := range metrics {
		if m.ReturnData == nil || *m.ReturnData {
			result := m.ID
			if m.Expression != "" {
				result = m.Expression
			}
			results = append(results, result)
		}
		if m.MetricStat == nil {
			continue
		}
		s := m.MetricStat
		ids = append(ids, m.ID)
		a.queries = append(a.queries, query{m.ID, s.Stat, Metric{s.Metric.Namespace, s.Metric.MetricName, dimensionsOf(s.Metric.Dimensions)}})
		if a.Period != 0 && s.Period != a.Period {
			problems = append(problems, fmt.Errorf("periods of %d and %d s: give all metrics the same", a.Period, s.Period))
		}
		a.Period = s.Period
		problems = append(problems, checkStatistic(s.Stat))
	}
	if len(results) != 1 {
		return errors.Join(append(problems, fmt.Errorf("%d results: let one return data", len(results)))...)
	}
	var err error
	a.result, err = parse(results[0], ids)
	return errors.Join(append(problems, err)...)
}

// Metrics are those that the alarm looks at.
func (a Alarm) Metrics() []Metric {
	var metrics []Metric
	for _, q := range a.queries {
		metrics = append(metrics, q.metric)
	}
	return metrics
}

// Evaluate returns the state at a time in seconds, and the data points that
// decided it. The window slides: its last period ends then.
//
// Source: CloudWatch User Guide, "Alarm evaluation window".
func (a Alarm) Evaluate(metrics Metrics, at int, before State) (State, []float64) {
	var points []float64
	for i := a.Periods + rangeBeyond - 1; i >= 0; i-- {
		end := at - i*a.Period
		of := map[string]float64{}
		for _, q := range a.queries {
			of[q.id] = metrics.statistic(q.metric, q.statistic, end-a.Period, end)
		}
		points = append(points, a.result.value(of))
	}
	return a.state(points, before)
}

// state returns the state of an evaluation range, the oldest data point first,
// and the known points among those that were evaluated.
//
// Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing
// data", with its tables and "Avoiding premature transitions to alarm state".
func (a Alarm) state(points []float64, before State) (State, []float64) {
	known := slices.DeleteFunc(slices.Clone(points), isMissing)
	known = known[max(len(known)-a.Periods, 0):]
	filled := a.Periods - len(known)
	breaching := 0
	for _, point := range known {
		breaching += int(truth(a.breaches(point)))
	}
	if filled > 0 && a.Missing == "breaching" {
		breaching += filled
	}
	switch {
	case breaching >= a.Datapoints:
		return Ringing, known
	case filled == 0 || a.Missing == "breaching" || a.Missing == "notBreaching" || breaching < len(known):
		return OK, known
	case a.Missing == "ignore":
		return before, known
	case len(known) == 0:
		return InsufficientData, known
	}
	// All that is known breaches, and is too little: that rings once it is as old
	// as what would be enough.
	oldest := slices.IndexFunc(points, func(point float64) bool { return !isMissing(point) })
	if len(points)-oldest >= a.Datapoints {
		return Ringing, known
	}
	return before, known
}

func (a Alarm) breaches(value float64) bool { return comparisons[a.Comparison](value, a.Threshold) }

// below reports whether what breaches lies under the threshold.
func (a Alarm) below() bool { return a.breaches(a.Threshold - 1) }

var comparisons = map[string]func(value, threshold float64) bool{
	"GreaterThanOrEqualToThreshold": func(value, threshold float64) bool { return value >= threshold },
	"GreaterThanThreshold":          func(value, threshold float64) bool { return value > threshold },
	"LessThanOrEqualToThreshold":    func(value, threshold float64) bool { return value <= threshold },
	"LessThanThreshold":             func(value, threshold float64) bool { return value < threshold },
}
