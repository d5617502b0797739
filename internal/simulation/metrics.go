package simulation

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Metric names a series as CloudWatch does.
type Metric struct {
	Namespace, Name string
	// Dimensions are "name=value", sorted and joined by commas.
	Dimensions string
}

// sample is one published value; its time is in seconds since the beginning.
type sample struct {
	at    int
	value float64
}

// Metrics are published values, each metric's in the order of time.
type Metrics map[Metric][]sample

// Publish adds a value at a time in seconds, which must not go back.
func (m Metrics) Publish(metric Metric, at int, value float64) {
	m[metric] = append(m[metric], sample{at, value})
}

// statistic returns a metric's statistic over the seconds after from, up to and
// including to; missing without a sample.
func (m Metrics) statistic(metric Metric, name string, from, to int) float64 {
	all := m[metric]
	first := sort.Search(len(all), func(i int) bool { return all[i].at > from })
	last := sort.Search(len(all), func(i int) bool { return all[i].at > to })
	var values []float64
	for _, s := range all[first:last] {
		values = append(values, s.value)
	}
	if len(values) == 0 {
		return missing
	}
	return statistics[kindOf(name)](values, name)
}

// statistics are CloudWatch's; a percentile is taken by the nearest rank.
var statistics = map[string]func(values []float64, name string) float64{
	"Sum":         func(values []float64, _ string) float64 { return sum(values) },
	"Average":     func(values []float64, _ string) float64 { return sum(values) / float64(len(values)) },
	"Minimum":     func(values []float64, _ string) float64 { return slices.Min(values) },
	"Maximum":     func(values []float64, _ string) float64 { return slices.Max(values) },
	"SampleCount": func(values []float64, _ string) float64 { return float64(len(values)) },
	"p":           percentile,
}

// kindOf returns a statistic's name, and p for every percentile.
func kindOf(name string) string {
	if rank, ok := strings.CutPrefix(name, "p"); ok {
		if _, err := strconv.ParseFloat(rank, 64); err == nil {
			return "p"
		}
	}
	return name
}

func checkStatistic(name string) error {
	if statistics[kindOf(name)] == nil {
		return fmt.Errorf("the statistic %q is not simulated: use Average, Maximum, Minimum, SampleCount, Sum or a percentile such as p99", name)
	}
	return nil
}

func percentile(values []float64, name string) float64 {
	rank, _ := strconv.ParseFloat(name[1:], 64)
	slices.Sort(values)
	return values[max(int(math.Ceil(rank/100*float64(len(values)))), 1)-1]
}

func sum(values []float64) float64 {
	total := 0.0
	for _, value := range values {
		total += value
	}
	return total
}
