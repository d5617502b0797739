package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

// services are two of Amazon ECS, whose deployments go on by a state a look.
type services struct {
	created map[string]time.Time
	states  map[string][]types.DeploymentRolloutState
	// gone are the services whose deployment gives way to the one before, after its states.
	gone     map[string]bool
	replaced []string
	denied   error
	// worker is what the worker's metric has, a figure a look; none is no data yet.
	worker [][]float64
}

func (s *services) DescribeServices(_ context.Context, in *ecs.DescribeServicesInput, _ ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error) {
	name := in.Services[0]
	if s.created[name].IsZero() {
		return &ecs.DescribeServicesOutput{}, s.denied
	}
	state := types.DeploymentRolloutStateCompleted
	if left := s.states[name]; len(left) > 0 {
		state, s.states[name] = left[0], left[1:]
	}
	before := types.Deployment{Id: aws.String("before"), Status: aws.String("ACTIVE"), RolloutState: types.DeploymentRolloutStateCompleted}
	if s.gone[name] && len(s.replaced) > 0 && len(s.states[name]) == 0 {
		before.Status = aws.String("PRIMARY")
		return &ecs.DescribeServicesOutput{Services: []types.Service{{Deployments: []types.Deployment{before}}}}, s.denied
	}
	now := types.Deployment{Id: aws.String(s.id(name)), Status: aws.String("PRIMARY"), CreatedAt: aws.Time(s.created[name]), RolloutState: state, RolloutStateReason: aws.String("circuit breaker")}
	return &ecs.DescribeServicesOutput{Services: []types.Service{{Deployments: []types.Deployment{before, now}}}}, s.denied
}

func (s *services) UpdateService(_ context.Context, in *ecs.UpdateServiceInput, _ ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error) {
	name := aws.ToString(in.Service)
	if in.ForceNewDeployment {
		s.replaced = append(s.replaced, aws.ToString(in.Cluster)+"/"+name)
		s.created[name] = time.Now()
	}
	return &ecs.UpdateServiceOutput{Service: &types.Service{Deployments: []types.Deployment{{Id: aws.String(s.id(name)), Status: aws.String("PRIMARY")}}}}, nil
}

// id returns the ID of a service's newest deployment.
func (s *services) id(name string) string { return name + s.created[name].String() }

func (s *services) GetMetricStatistics(_ context.Context, in *cloudwatch.GetMetricStatisticsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricStatisticsOutput, error) {
	out := &cloudwatch.GetMetricStatisticsOutput{}
	if len(s.worker) == 0 {
		return out, nil
	}
	for i, value := range s.worker[0] {
		out.Datapoints = append(out.Datapoints, cwtypes.Datapoint{Timestamp: aws.Time(in.StartTime.Add(time.Duration(i) * heartbeat)), Maximum: aws.Float64(value)})
	}
	s.worker = s.worker[1:]
	return out, nil
}

// rig returns a replacement of services that began an hour ago, and what it prints.
func rig(t *testing.T, status int, body string) (*services, replacement, *bytes.Buffer) {
	t.Helper()
	hourAgo := time.Now().Add(-time.Hour)
	fake := &services{
		created: map[string]time.Time{"web": hourAgo, "work": hourAgo}, states: map[string][]types.DeploymentRolloutState{},
		worker: [][]float64{{}, {1}, {1, 0}},
	}
	door, _ := respond(t, status, body)
	out := &bytes.Buffer{}
	return fake, replacement{
		ECS: fake, metrics: fake, door: door, stack: "BenchlingWebhook-dev", cluster: "cluster", web: "web", worker: "work", out: out, poll: time.Millisecond,
	}, out
}

func TestTasksAreReplaced(t *testing.T) {
	const running, failed = types.DeploymentRolloutStateInProgress, types.DeploymentRolloutStateFailed
	for _, c := range []struct {
		name    string
		changed time.Duration // ago
		prepare func(*services)
		status  int
		want    []string
		fault   string
	}{
		{"older than the secret", time.Minute, func(s *services) { s.states["work"] = []types.DeploymentRolloutState{running, running} }, 200, []string{"web", "work"}, ""},
		{"newer than the secret", 2 * time.Hour, func(*services) {}, 200, []string{}, ""},
		{"one newer", time.Minute, func(s *services) { s.created["web"] = time.Now() }, 200, []string{"work"}, ""},
		{"taken back", time.Minute, func(s *services) { s.states["web"] = []types.DeploymentRolloutState{running, failed} }, 200, []string{"web", "work"},
			"service web: circuit breaker; look at its events, and at `make status`"},
		{"replaced by another", time.Minute, func(s *services) {
			s.gone = map[string]bool{"web": true}
			// The first look is that for the deployment's time.
			s.states["web"] = []types.DeploymentRolloutState{running, running, running}
		}, 200, []string{"web", "work"}, "service web: another deployment took the place of this one; look at its events, and run this again"},
		{"gone", time.Minute, func(s *services) { delete(s.created, "work") }, 200, []string{"web"}, "service work: it has no deployment; run `make deploy`"},
		{"no rights", time.Minute, func(s *services) { s.denied = errors.New("AccessDenied") }, 200, []string{}, "web: ecs:DescribeServices: AccessDenied; try again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fake, r, _ := rig(t, c.status, `{"status": "ready"}`)
			c.prepare(fake)
			got, err := r.replace(t.Context(), time.Now().Add(-c.changed))
			assert.DeepEqual(t, got, c.want)
			if c.fault != "" {
				assert.Error(t, err, c.fault)
				return
			}
			assert.NilError(t, err)
			assert.Equal(t, len(fake.replaced), len(c.want))
		})
	}
}

func TestWaitingEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, r, _ := rig(t, 503, `{"status": "not ready", "reasons": ["secret: no tenant"]}`)
	assert.Error(t, r.waitForWeb(ctx), r.door.url+"health/ready: not ready\nsecret: no tenant")
	fake, r, _ := rig(t, 200, ``)
	fake.worker = nil
	assert.ErrorContains(t, r.waitForWorker(ctx, time.Now()), "the worker, which says so once a minute: where it isn't, see its log: still waited for")
}

// TestMetricIsTheTemplates holds the worker's metric against its alarm.
func TestMetricIsTheTemplates(t *testing.T) {
	text, err := os.ReadFile("../../stacks/testdata/dev.template.json")
	assert.NilError(t, err)
	var template struct {
		Resources map[string]struct {
			Properties struct {
				Namespace, MetricName string
				Dimensions            []struct{ Name, Value any }
			}
		}
	}
	// Other resources have properties of these names in other forms.
	_ = json.Unmarshal(text, &template)
	found := false
	for _, resource := range template.Resources {
		if resource.Properties.Namespace != metricNamespace || resource.Properties.MetricName != metricNotReady {
			continue
		}
		for _, dimension := range resource.Properties.Dimensions {
			found = found || dimension.Name == "Service" && dimension.Value == workerService
		}
	}
	assert.Check(t, found)
}
