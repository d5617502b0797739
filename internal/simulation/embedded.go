package simulation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// embedded is what is read of a log line in CloudWatch's embedded metric format.
//
// Source: CloudWatch User Guide, "Specification: Embedded metric format".
type embedded struct {
	AWS struct {
		// Timestamp is in milliseconds since 1970.
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name string }
		}
	} `json:"_aws"`
}

// Embedded returns the metrics that logs have in CloudWatch's embedded metric format, with
// times in seconds since a moment. What was logged before it is left out; other lines are
// none. A line of metrics that lacks one of its values is an error.
func Embedded(since time.Time, logs ...string) (Metrics, error) {
	metrics := Metrics{}
	for line := range strings.Lines(strings.Join(logs, "\n")) {
		var e embedded
		if json.Unmarshal([]byte(line), &e) != nil || len(e.AWS.CloudWatchMetrics) == 0 {
			continue
		}
		after := time.UnixMilli(e.AWS.Timestamp).Sub(since)
		if after < 0 {
			continue
		}
		var members map[string]any
		if err := json.Unmarshal([]byte(line), &members); err != nil {
			return nil, err
		}
		if err := e.publish(metrics, int(after.Seconds()), members); err != nil {
			return nil, fmt.Errorf("log line %s: %w", strings.TrimSpace(line), err)
		}
	}
	for _, samples := range metrics {
		slices.SortStableFunc(samples, func(a, b sample) int { return cmp.Compare(a.at, b.at) })
	}
	return metrics, nil
}

// publish adds the line's values, which are members of it, under each set of dimensions.
func (e embedded) publish(metrics Metrics, at int, members map[string]any) error {
	for _, directive := range e.AWS.CloudWatchMetrics {
		for _, names := range directive.Dimensions {
			var dimensions []dimension
			for _, name := range names {
				dimensions = append(dimensions, dimension{name, members[name]})
			}
			for _, m := range directive.Metrics {
				value, is := members[m.Name].(float64)
				if !is {
					return fmt.Errorf("metric %s has no value: write it as a number", m.Name)
				}
				metrics.Publish(Metric{directive.Namespace, m.Name, dimensionsOf(dimensions)}, at, value)
			}
		}
	}
	return nil
}
