package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const (
	rolloutPoll = 5 * time.Second
	// rolloutTimeout is for both services to be ready: a worker's task ends the exports
	// that it has begun first.
	rolloutTimeout = 40 * time.Minute
	// heartbeat is how often a task writes its metrics.
	//
	// Source: docker/src/runtime/heartbeat.py.
	heartbeat = time.Minute
	// The metric by which each task says whether it is ready: 0 when it is. A test
	// holds them against the template's alarm WorkerNotReady.
	metricNamespace, metricNotReady = "BenchlingWebhook", "NotReady"
	workerService                   = "worker"
)

// ECSServices is what is called of Amazon ECS.
type ECSServices interface {
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
	UpdateService(context.Context, *ecs.UpdateServiceInput, ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error)
}

// Metrics is what is called of CloudWatch.
type Metrics interface {
	GetMetricStatistics(context.Context, *cloudwatch.GetMetricStatisticsInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricStatisticsOutput, error)
}

// replacement replaces the tasks of both services, which read the secret as they start.
type replacement struct {
	ECS     ECSServices
	metrics Metrics
	door    frontDoor
	stack   string
	// cluster, web and worker are the names of the cluster and its services.
	cluster, web, worker string
	out                  io.Writer
	poll                 time.Duration
}

// replace replaces the tasks of the services whose deployment began before the secret's
// last change, and waits until both services are ready. It returns those services.
func (r replacement) replace(ctx context.Context, changed time.Time) ([]string, error) {
	replaced, awaited := []string{}, map[string]string{}
	ctx, cancel := context.WithTimeout(ctx, rolloutTimeout)
	defer cancel()
	for _, service := range []string{r.web, r.worker} {
		current, err := r.current(ctx, service)
		if err != nil {
			return replaced, err
		}
		awaited[service] = aws.ToString(current.Id)
		if aws.ToTime(current.CreatedAt).After(changed) {
			continue
		}
		fmt.Fprintf(r.out, "replacing the tasks of %s\n", service)
		updated, err := r.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: aws.String(r.cluster), Service: aws.String(service), ForceNewDeployment: true})
		if err != nil {
			return replaced, refused("ecs:UpdateService", service, err)
		}
		began, err := primary(service, updated.Service.Deployments)
		if err != nil {
			return replaced, err
		}
		awaited[service] = aws.ToString(began.Id)
		replaced = append(replaced, service)
	}
	for _, service := range []string{r.web, r.worker} {
		if err := r.waitForRollout(ctx, service, awaited[service]); err != nil {
			return replaced, err
		}
	}
	done := time.Now()
	if len(replaced) == 0 {
		// What the worker said since its tasks began is of these tasks.
		done = done.Add(-2 * heartbeat)
	}
	return replaced, errors.Join(r.waitForWeb(ctx), r.waitForWorker(ctx, done))
}

// deployments returns a service's deployments.
func (r replacement) deployments(ctx context.Context, service string) ([]types.Deployment, error) {
	described, err := r.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(r.cluster), Services: []string{service}})
	if err != nil {
		return nil, refused("ecs:DescribeServices", service, err)
	}
	var all []types.Deployment
	for _, one := range described.Services {
		all = append(all, one.Deployments...)
	}
	return all, nil
}

// current returns a service's newest deployment.
func (r replacement) current(ctx context.Context, service string) (types.Deployment, error) {
	all, err := r.deployments(ctx, service)
	if err != nil {
		return types.Deployment{}, err
	}
	return primary(service, all)
}

func primary(service string, deployments []types.Deployment) (types.Deployment, error) {
	for _, deployment := range deployments {
		if aws.ToString(deployment.Status) == "PRIMARY" {
			return deployment, nil
		}
	}
	return types.Deployment{}, fmt.Errorf("service %s: it has no deployment; run `make deploy`", service)
}

// waitForRollout waits until a deployment is completed. One that ECS takes back has
// failed, and gives its place to the one before, which is completed.
func (r replacement) waitForRollout(ctx context.Context, service, id string) error {
	seen := false
	return r.until(ctx, "the tasks of "+service, func() (bool, error) {
		all, err := r.deployments(ctx, service)
		if err != nil {
			return false, err
		}
		for _, one := range all {
			if aws.ToString(one.Id) != id {
				continue
			}
			seen = true
			if one.RolloutState == types.DeploymentRolloutStateFailed {
				return false, fmt.Errorf("service %s: %s; look at its events, and at `make status`", service, aws.ToString(one.RolloutStateReason))
			}
			return one.RolloutState == types.DeploymentRolloutStateCompleted, nil
		}
		if seen {
			return false, fmt.Errorf("service %s: another deployment took the place of this one; look at its events, and run this again", service)
		}
		// ECS may not know yet what it has begun.
		return false, nil
	})
}

// waitForWeb asks the web service through the front door. What it says last is the
// reason when time is up.
func (r replacement) waitForWeb(ctx context.Context) error {
	var reason error
	err := r.until(ctx, "the web service", func() (bool, error) {
		_, said := r.door.readiness(ctx)
		if ctx.Err() == nil {
			reason = said
		}
		return said == nil, nil
	})
	if err != nil && reason != nil {
		return reason
	}
	return err
}

// waitForWorker waits for the worker's metric of a time, for nothing leads to it from
// outside.
func (r replacement) waitForWorker(ctx context.Context, since time.Time) error {
	start := since.Truncate(heartbeat).Add(heartbeat)
	return r.until(ctx, "the worker, which says so once a minute: where it isn't, see its log", func() (bool, error) {
		said, err := r.metrics.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
			Namespace: aws.String(metricNamespace), MetricName: aws.String(metricNotReady), Period: aws.Int32(int32(heartbeat.Seconds())),
			StartTime: aws.Time(start), EndTime: aws.Time(time.Now().Add(2 * heartbeat)), Statistics: []cwtypes.Statistic{cwtypes.StatisticMaximum},
			Dimensions: []cwtypes.Dimension{
				{Name: aws.String("Service"), Value: aws.String(workerService)}, {Name: aws.String("Stack"), Value: aws.String(r.stack)}},
		})
		if err != nil {
			return false, refused("cloudwatch:GetMetricStatistics", metricNotReady, err)
		}
		last := cwtypes.Datapoint{}
		for _, point := range said.Datapoints {
			if aws.ToTime(point.Timestamp).After(aws.ToTime(last.Timestamp)) {
				last = point
			}
		}
		return last.Maximum != nil && *last.Maximum == 0, nil
	})
}

// until asks again and again until it is done, has failed, or the context ends.
func (r replacement) until(ctx context.Context, what string, done func() (bool, error)) error {
	fmt.Fprintf(r.out, "waiting for %s\n", what)
	for {
		is, err := done()
		if is || err != nil {
			return err
		}
		if pause(ctx, r.poll) != nil {
			return fmt.Errorf("%s: still waited for (%w); `make status` says why", what, context.Cause(ctx))
		}
	}
}

// lastChange returns when the secret was last changed; now, where that can't be known.
func (c connection) lastChange(ctx context.Context) time.Time {
	about, err := c.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(c.secret)})
	if err != nil || about.LastChangedDate == nil {
		return time.Now()
	}
	return *about.LastChangedDate
}
