package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// The front door's times hang together: a request must end before its task
// stops being a target, and a task must outlive its time as a target, or a
// deployment answers 502.
const (
	// benchlingWaits is how long Benchling waits for an answer.
	benchlingWaits = 3 * time.Second
	// longestRequest is when API Gateway gives up on a request.
	longestRequest = 10 * time.Second
	// drain is how long a task still gets the answers out of the requests that
	// it has when the load balancer sends it no more.
	drain = 20 * time.Second
	// stopTimeout is the time between SIGTERM and SIGKILL; Fargate allows up to
	// two minutes.
	stopTimeout = 45 * time.Second
	// workerStopTimeout is what Fargate allows at most: an export that ends
	// within it needn't begin anew.
	workerStopTimeout = 2 * time.Minute
	// idleTimeout must be below the server's keep-alive, or the load balancer
	// reuses a connection that the server is closing.
	idleTimeout = 30 * time.Second
	// visibilityTimeout is how long a received event stays hidden from other
	// receivers, unless its receiver asks for more.
	visibilityTimeout = 5 * time.Minute
)

// healthyThreshold is the number of passed checks that make a new target
// healthy; the fewest that a target group allows, so that deployments are quick.
const healthyThreshold = 2

// duration returns d as CDK's duration, in seconds.
func duration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}

// days returns n days as CDK's duration.
func days(n int) awscdk.Duration {
	return awscdk.Duration_Days(jsii.Number(n))
}
