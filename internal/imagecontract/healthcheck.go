package imagecontract

import (
	"cmp"
	"time"
)

// Docker's defaults where HEALTHCHECK is silent.
// Source: the Dockerfile reference, HEALTHCHECK.
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 3
)

// What both an ECS task definition and a target group can hold: of the retries,
// ECS takes 1 to 10 and the target group 2 to 10; of the timeout, 2 to 60 and 2
// to 120 seconds.
// Source: the API references of ECS (HealthCheck) and Elastic Load Balancing
// (CreateTargetGroup).
const (
	minInterval, maxInterval = 5 * time.Second, 300 * time.Second
	minTimeout, maxTimeout   = 2 * time.Second, 60 * time.Second
	maxStartPeriod           = 300 * time.Second
	minRetries, maxRetries   = 2, 10
)

// healthCheck returns the HEALTHCHECK in force, with Docker's defaults.
func (r *reader) healthCheck(s *stage, port int) HealthCheck {
	line := s.health.line
	if line == 0 {
		r.problems.addMissing(s.line, "no HEALTHCHECK in the final stage: add one that probes the exposed port")
		return HealthCheck{}
	}
	given := s.health.value.Health
	if given.Test[0] == "NONE" {
		r.problems.add(line, "HEALTHCHECK NONE: ECS couldn't tell a hung task from a healthy one: probe the exposed port")
		return HealthCheck{}
	}
	check := HealthCheck{
		Command:     given.Test,
		Interval:    cmp.Or(given.Interval, defaultInterval),
		Timeout:     cmp.Or(given.Timeout, defaultTimeout),
		StartPeriod: given.StartPeriod,
		Retries:     cmp.Or(given.Retries, defaultRetries),
	}
	check.Path, check.Query = r.probe(s, port)
	if given.StartInterval != 0 {
		r.problems.add(line, "HEALTHCHECK --start-interval=%s: ECS has no such figure and would not repeat it: leave it out", given.StartInterval)
	}
	r.checkFigures(line, check)
	return check
}

// checkFigures refuses what ECS or the target group can't hold.
func (r *reader) checkFigures(line int, check HealthCheck) {
	r.checkDuration(line, "interval", check.Interval, minInterval, maxInterval)
	r.checkDuration(line, "timeout", check.Timeout, minTimeout, maxTimeout)
	r.checkDuration(line, "start-period", check.StartPeriod, 0, maxStartPeriod)
	if check.Timeout >= check.Interval {
		r.problems.add(line, "HEALTHCHECK: the timeout of %s is not below the interval of %s, as a target group needs: set a shorter --timeout", check.Timeout, check.Interval)
	}
	if check.Retries < minRetries || check.Retries > maxRetries {
		r.problems.add(line, "HEALTHCHECK --retries=%d: ECS and the target group both take %d to %d: choose one of these", check.Retries, minRetries, maxRetries)
	}
}

// checkDuration refuses what isn't whole seconds between the limits.
func (r *reader) checkDuration(line int, flag string, d, lowest, highest time.Duration) {
	switch {
	case d < lowest || d > highest:
		r.problems.add(line, "HEALTHCHECK --%s=%s: ECS takes %s to %s: choose a time between them", flag, d, lowest, highest)
	case d%time.Second != 0:
		r.problems.add(line, "HEALTHCHECK --%s=%s: ECS counts whole seconds: round it", flag, d)
	}
}
