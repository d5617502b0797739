package scheduler

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"gotest.tools/v3/assert"
)

// told is a task whose health is told to it.
type told struct {
	Task
	health types.HealthStatus
	target elb.TargetHealthStateEnum
}

func (t told) ID() string                              { return "told" }
func (t told) Health() types.HealthStatus              { return t.health }
func (t told) TargetHealth() elb.TargetHealthStateEnum { return t.target }
func (t told) Exited() <-chan struct{}                 { return nil }

// TestHealth has what counts as healthy, and as unhealthy after the grace period, by the
// four cases of ECS's API reference, minimumHealthyPercent: "" is no health check, or no
// load balancer.
func TestHealth(t *testing.T) {
	const grace = time.Minute
	for _, c := range []struct {
		health             types.HealthStatus
		target             elb.TargetHealthStateEnum
		age                time.Duration
		healthy, unhealthy bool
	}{
		{"", "", 39 * time.Second, false, false},
		{"", "", 40 * time.Second, true, false},
		{"UNKNOWN", "", time.Hour, false, false},
		{"HEALTHY", "", 0, true, false},
		{"UNHEALTHY", "", grace - 1, false, false},
		{"UNHEALTHY", "", grace, false, true},
		{"", "initial", time.Hour, false, false},
		{"", "healthy", 0, true, false},
		{"", "unhealthy", grace - 1, false, false},
		{"", "unhealthy", grace, false, true},
		{"HEALTHY", "healthy", 0, true, false},
		{"HEALTHY", "initial", time.Hour, false, false},
		{"UNKNOWN", "healthy", time.Hour, false, false},
		{"HEALTHY", "unhealthy", grace, false, true},
		{"UNHEALTHY", "healthy", grace, false, true},
	} {
		d := &deployment{}
		if c.health != "" {
			d.definition = definition("any")
		}
		s := &Service{figures: Figures{GracePeriod: grace}}
		if c.target != "" {
			s.drives.Targets = &fleet{}
		}
		seen := &task{Task: told{health: c.health, target: c.target}, of: d, phase: runs}
		s.see(seen, seen.since.Add(c.age))
		assert.Check(t, seen.healthy == c.healthy && seen.unhealthy == c.unhealthy, "%+v: %v, %v", c, seen.healthy, seen.unhealthy)
	}
}
