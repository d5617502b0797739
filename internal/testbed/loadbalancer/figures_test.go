package loadbalancer

import (
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"gotest.tools/v3/assert"
)

// TestFiguresOf sets attributes over AWS's defaults. That Read finds the deployed ones,
// a test of apigateway holds.
func TestFiguresOf(t *testing.T) {
	group := types.TargetGroup{HealthCheckIntervalSeconds: aws.Int32(30), Matcher: &types.Matcher{HttpCode: aws.String("200-299")}}
	for _, c := range []struct {
		name   string
		set    map[string]string
		faults []string
	}{
		{name: "none"},
		{name: "supported", set: map[string]string{"stickiness.enabled": "false", "load_balancing.algorithm.type": LeastOutstanding}},
		{name: "several", set: map[string]string{"stickiness.enabled": "true", "idle_timeout.timeout_seconds": "long", "load_balancing.algorithm.type": "weighted_random"}, faults: []string{
			`stickiness.enabled is "true": the rehearsal's load balancer knows "false" only`,
			`idle_timeout.timeout_seconds is "long": want whole seconds`,
			`load_balancing.algorithm.type is "weighted_random": the rehearsal's load balancer knows round_robin and least_outstanding_requests`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := maps.Clone(attributes)
			maps.Copy(set, c.set)
			f, err := figuresOf(group, set)
			for _, fault := range c.faults {
				assert.ErrorContains(t, err, fault)
			}
			if c.faults == nil {
				assert.NilError(t, err)
				assert.Equal(t, f.Interval, 30*time.Second)
				assert.Equal(t, f.IdleTimeout, time.Minute)
				assert.Equal(t, f.DeregistrationDelay, 5*time.Minute)
			}
		})
	}
}
