package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Algorithms by which a target group chooses the target of a request.
const (
	RoundRobin       = "round_robin"
	LeastOutstanding = "least_outstanding_requests"
)

// Figures are what a deployed listener, its load balancer and its target group say.
type Figures struct {
	// ListenerARN is how integrations of an API name the listener; its Port and
	// Scheme, "http" or "https", are told to the targets.
	ListenerARN string
	Port        int
	Scheme      string
	// HealthPath is what a health check gets, each Interval; it passes with one of
	// SuccessCodes, such as "200" or "200-299,301", within Timeout.
	HealthPath        string
	Interval, Timeout time.Duration
	SuccessCodes      string
	// HealthyThreshold and UnhealthyThreshold are the passed and the failed checks
	// in a row that change a target's state.
	HealthyThreshold, UnhealthyThreshold int
	// DeregistrationDelay is how long a draining target keeps its connections.
	DeregistrationDelay time.Duration
	// IdleTimeout is how long a connection lasts on which nothing is sent.
	IdleTimeout time.Duration
	// Algorithm is RoundRobin or LeastOutstanding.
	Algorithm string
	// DropInvalidHeaders drops headers whose names hold others than letters,
	// digits and hyphens.
	DropInvalidHeaders bool
}

// Faster returns the figures with health checks that come `by` times as often, and
// wait no longer than until the next. Every other time stays: a run shortened in those
// would try other connections and another shutdown than the deployed ones.
func (f Figures) Faster(by int) Figures {
	f.Interval /= time.Duration(by)
	f.Timeout = min(f.Timeout, f.Interval)
	return f
}

// attributes are what AWS sets where a template doesn't.
// Source: the API reference of Elastic Load Balancing, LoadBalancerAttribute and
// TargetGroupAttribute.
var attributes = map[string]string{
	"idle_timeout.timeout_seconds":                    "60",
	"routing.http.drop_invalid_header_fields.enabled": "false",
	"deregistration_delay.timeout_seconds":            "300",
	"load_balancing.algorithm.type":                   RoundRobin,
}

// unsupported are attributes that a target sees the effect of, and the only values of
// theirs that a Balancer knows.
var unsupported = map[string]string{
	"stickiness.enabled":                                                             "false",
	"slow_start.duration_seconds":                                                    "0",
	"routing.http.xff_header_processing.mode":                                        "append",
	"routing.http.preserve_host_header.enabled":                                      "false",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
	"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}

// Read returns the figures of a deployed target group, of the load balancer in front of
// it, and of the listener that forwards to it. What a Balancer doesn't know is an error,
// all of it at once.
func Read(ctx context.Context, cloud aws.Config, targetGroupARN string) (Figures, error) {
	client := elb.NewFromConfig(cloud)
	groups, err := client.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{targetGroupARN}})
	if err != nil {
		return Figures{}, fmt.Errorf("target group %s: %w", targetGroupARN, err)
	}
	group := groups.TargetGroups[0]
	if len(group.LoadBalancerArns) != 1 {
		return Figures{}, fmt.Errorf("target group %s: %d load balancers: deploy one listener that forwards to it", targetGroupARN, len(group.LoadBalancerArns))
	}
	balancer := group.LoadBalancerArns[0]
	set, err := readAttributes(ctx, client, balancer, targetGroupARN)
	if err != nil {
		return Figures{}, err
	}
	f, err := figuresOf(group, set)
	if err != nil {
		return Figures{}, fmt.Errorf("target group %s: %w", targetGroupARN, err)
	}
	listeners, err := client.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: aws.String(balancer)})
	if err != nil {
		return Figures{}, fmt.Errorf("load balancer %s: %w", balancer, err)
	}
	for _, listener := range listeners.Listeners {
		for _, action := range listener.DefaultActions {
			if action.Type == types.ActionTypeEnumForward && aws.ToString(action.TargetGroupArn) == targetGroupARN {
				f.ListenerARN, f.Port = aws.ToString(listener.ListenerArn), int(aws.ToInt32(listener.Port))
				f.Scheme = "http"
				if listener.Protocol == types.ProtocolEnumHttps {
					f.Scheme = "https"
				}
				return f, nil
			}
		}
	}
	return Figures{}, fmt.Errorf("load balancer %s: no listener forwards to target group %s: deploy one", balancer, targetGroupARN)
}

// readAttributes returns the attributes of a load balancer and of a target group, whose
// keys differ, over AWS's defaults.
func readAttributes(ctx context.Context, client *elb.Client, balancer, group string) (map[string]string, error) {
	ofBalancer, err := client.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: aws.String(balancer)})
	if err != nil {
		return nil, fmt.Errorf("load balancer %s: %w", balancer, err)
	}
	ofGroup, err := client.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: aws.String(group)})
	if err != nil {
		return nil, fmt.Errorf("target group %s: %w", group, err)
	}
	set := map[string]string{}
	for key, value := range attributes {
		set[key] = value
	}
	for _, a := range ofBalancer.Attributes {
		set[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	for _, a := range ofGroup.Attributes {
		set[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return set, nil
}

func figuresOf(group types.TargetGroup, set map[string]string) (Figures, error) {
	var faults []error
	for key, only := range unsupported {
		if value, is := set[key]; is && value != only {
			faults = append(faults, fmt.Errorf("%s is %q: the rehearsal's load balancer knows %q only", key, value, only))
		}
	}
	seconds := func(key string) time.Duration {
		n, err := strconv.Atoi(set[key])
		if err != nil {
			faults = append(faults, fmt.Errorf("%s is %q: want whole seconds", key, set[key]))
		}
		return time.Duration(n) * time.Second
	}
	f := Figures{
		HealthPath:          aws.ToString(group.HealthCheckPath),
		Interval:            time.Duration(aws.ToInt32(group.HealthCheckIntervalSeconds)) * time.Second,
		Timeout:             time.Duration(aws.ToInt32(group.HealthCheckTimeoutSeconds)) * time.Second,
		HealthyThreshold:    int(aws.ToInt32(group.HealthyThresholdCount)),
		UnhealthyThreshold:  int(aws.ToInt32(group.UnhealthyThresholdCount)),
		DeregistrationDelay: seconds("deregistration_delay.timeout_seconds"),
		IdleTimeout:         seconds("idle_timeout.timeout_seconds"),
		Algorithm:           set["load_balancing.algorithm.type"],
		DropInvalidHeaders:  set["routing.http.drop_invalid_header_fields.enabled"] == "true",
	}
	if group.Matcher != nil {
		f.SuccessCodes = aws.ToString(group.Matcher.HttpCode)
	}
	if f.Algorithm != RoundRobin && f.Algorithm != LeastOutstanding {
		faults = append(faults, fmt.Errorf("load_balancing.algorithm.type is %q: the rehearsal's load balancer knows %s and %s", f.Algorithm, RoundRobin, LeastOutstanding))
	}
	if _, err := matches(f.SuccessCodes, 0); err != nil {
		faults = append(faults, err)
	}
	return f, errors.Join(faults...)
}
