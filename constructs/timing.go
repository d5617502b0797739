package constructs

import (
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// The front door's times must fit together: otherwise a deployment, or a task that
// somebody stops, causes responses with 502.
const (
	// benchlingWaits is how long Benchling waits for a response.
	benchlingWaits = 3 * time.Second
	// longestRequest is when API Gateway gives up on a request.
	longestRequest = 10 * time.Second
	// drain is how long a task still finishes the requests that it has
	// when the load balancer sends it no more.
	drain = 20 * time.Second
	// shutdownDelay is how long a web task takes new requests after SIGTERM. A
	// deployment drains a task before that; to one that is stopped by hand, or
	// by AWS, the load balancer sends requests for some seconds more.
	// Source: aws/containers-roadmap, issues 708 (3 to 5 s were seen) and 2673.
	shutdownDelay = 10 * time.Second
	// stopTimeout is the time between SIGTERM and SIGKILL.
	stopTimeout = 45 * time.Second
	// stopMargin is what is left of stopTimeout after the last response, for the
	// process to end.
	stopMargin = 5 * time.Second
	// fargateStopTimeout is what Fargate allows at most.
	// Source: the API reference of ECS, ContainerDefinition, stopTimeout.
	fargateStopTimeout = 2 * time.Minute
	// workerStopTimeout is the longest: an export that ends within it needn't
	// begin anew.
	workerStopTimeout = fargateStopTimeout
	// idleTimeout must be below the server's keep-alive, KEEP_ALIVE_SECONDS in
	// docker/src/runtime/connections.py, or the load balancer reuses a connection that
	// the server is closing; a test compares them. How long API Gateway keeps its
	// own connections to the load balancer isn't documented: one that it reuses
	// while the load balancer closes it is a 502 or 503, after which Benchling
	// sends its event again.
	idleTimeout = 30 * time.Second
	// visibilityTimeout is how long a received event stays hidden from other
	// receivers, unless its receiver asks for more.
	visibilityTimeout = 5 * time.Minute
)

// The program doesn't compile where the times contradict each other, for no
// unsigned number is negative.
const (
	// A request that comes at the delay's end has its response before SIGKILL.
	_ = uint64(stopTimeout - shutdownDelay - longestRequest - stopMargin)
	// A request ends before the load balancer gives up on its draining target.
	_ = uint64(drain - longestRequest)
	// ECS takes the stop timeouts.
	_ = uint64(fargateStopTimeout - stopTimeout)
	_ = uint64(fargateStopTimeout - workerStopTimeout)
)

const (
	// healthyThreshold is the number of passed checks in a row that make an
	// unhealthy target healthy again; the fewest that a target group allows. A
	// new target is healthy after one.
	// Source: Elastic Load Balancing's guide, "Health checks for Application Load
	// Balancer target groups".
	healthyThreshold = 2
	// firstChecks is the number of checks within which a new target has passed
	// one: the first may come while the service starts, and get 503.
	firstChecks = 2
)

// duration returns d as CDK's duration, in seconds.
func duration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

// seconds returns d as an environment variable has it, in whole seconds.
func seconds(d time.Duration) *string {
	return jsii.String(strconv.Itoa(int(d.Seconds())))
}

// days returns n days as CDK's duration.
func days(n int) awscdk.Duration {
	return awscdk.Duration_Days(jsii.Number(n))
}
