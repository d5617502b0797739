package constructs

import "math"

// RequestsPerCPU is what one virtual processor of a web task handles in a second,
// signed, verified and queued. Throttles and the number of tasks follow from it.
// `make bench-service` prints how many times that the service has handled on one
// processor, which it shared with the queue, and fails below twice.
const RequestsPerCPU = 200

const (
	// targetPercent leaves room for the minutes that a new task takes.
	targetPercent = 60
	// burstSeconds is for how long a burst may come at twice the rate.
	burstSeconds = 2
	// operatorRate is the rate of the routes that people and probes call, a second.
	operatorRate = 5
)

// requestsPerSecond returns what so many web tasks of a size handle together.
func requestsPerSecond(size TaskSize, tasks int) float64 {
	return RequestsPerCPU * float64(size.CPU) / 1024 * float64(tasks)
}

// throttle is a rate of requests a second, and how many may come at once.
type throttle struct {
	rate, burst float64
}

// webhookThrottle is what the most tasks that scaling starts can handle.
func webhookThrottle(size TaskSize, most int) throttle {
	rate := requestsPerSecond(size, most)
	return throttle{rate: rate, burst: rate * burstSeconds}
}

// operatorThrottle is for everything that Benchling doesn't call.
var operatorThrottle = throttle{rate: operatorRate, burst: operatorRate * burstSeconds}

// requestsPerTarget is the number of requests a minute at which a task has enough.
func requestsPerTarget(size TaskSize) float64 {
	return math.Round(requestsPerSecond(size, 1) * 60 * targetPercent / 100)
}
