package imagecontract

import (
	"cmp"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Docker's defaults where HEALTHCHECK is silent.
// Source: the Dockerfile reference, HEALTHCHECK.
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 3
)

// What an ECS task definition can hold, and within it a target group.
// Source: the API references of ECS (HealthCheck) and Elastic Load Balancing
// (CreateTargetGroup).
const (
	minInterval, maxInterval = 5 * time.Second, 300 * time.Second
	minTimeout, maxTimeout   = 2 * time.Second, 60 * time.Second
	maxStartPeriod           = 300 * time.Second
	minRetries, maxRetries   = 2, 10
)

// probeURL finds the address in a probe's command.
var probeURL = regexp.MustCompile(`https?://[^\s"'|;&)]+`)

// healthCheck returns the HEALTHCHECK in force, with Docker's defaults.
func (r *reader) healthCheck(s *stage, port int) HealthCheck {
	if s.health == nil {
		r.problems.add(s.line, "no HEALTHCHECK in the final stage: add one that probes the exposed port")
		return HealthCheck{}
	}
	line, given := s.health.line, s.health.value.Health
	if len(given.Test) == 0 || given.Test[0] == "NONE" {
		r.problems.add(line, "HEALTHCHECK NONE: ECS couldn't tell a hung task from a healthy one: probe the exposed port")
		return HealthCheck{}
	}
	check := HealthCheck{
		Command:     given.Test,
		Path:        r.probePath(s, line, given.Test, port),
		Interval:    cmp.Or(given.Interval, defaultInterval),
		Timeout:     cmp.Or(given.Timeout, defaultTimeout),
		StartPeriod: given.StartPeriod,
		Retries:     cmp.Or(given.Retries, defaultRetries),
	}
	r.checkDuration(line, "--interval", check.Interval, minInterval, maxInterval)
	r.checkDuration(line, "--timeout", check.Timeout, minTimeout, maxTimeout)
	r.checkDuration(line, "--start-period", check.StartPeriod, 0, maxStartPeriod)
	if check.Timeout >= check.Interval {
		r.problems.add(line, "HEALTHCHECK: the timeout of %s is not below the interval of %s, as a target group needs: set a shorter --timeout", check.Timeout, check.Interval)
	}
	if check.Retries < minRetries || check.Retries > maxRetries {
		r.problems.add(line, "HEALTHCHECK --retries=%d: ECS and the target group both take %d to %d: choose one of these", check.Retries, minRetries, maxRetries)
	}
	return check
}

// checkDuration refuses what isn't whole seconds between the limits.
func (r *reader) checkDuration(line int, flag string, d, lowest, highest time.Duration) {
	if d%time.Second != 0 {
		r.problems.add(line, "HEALTHCHECK %s=%s: ECS counts whole seconds: round it", flag, d)
	}
	if d < lowest || d > highest {
		r.problems.add(line, "HEALTHCHECK %s=%s: ECS takes %s to %s: choose a time between them", flag, d, lowest, highest)
	}
}

// probePath returns the path of the URL that the probe asks for; the probe must
// ask the exposed port.
func (r *reader) probePath(s *stage, line int, command []string, port int) string {
	text := strings.Join(command[1:], " ")
	raw := probeURL.FindString(text)
	if strings.Contains(raw, "$") {
		raw = r.expand(line, "HEALTHCHECK", raw, s.env)
	}
	address, err := url.Parse(raw)
	if raw == "" || err != nil {
		r.problems.add(line, "HEALTHCHECK %q: no http address to repeat in the target group's check: probe http://localhost:PORT/PATH", text)
		return ""
	}
	probed := address.Port()
	if probed == "" {
		probed = map[string]string{"http": "80", "https": "443"}[address.Scheme]
	}
	if port != 0 && probed != strconv.Itoa(port) {
		r.problems.add(line, "HEALTHCHECK %q: probes port %s, but EXPOSE says %d: probe the exposed port", text, probed, port)
	}
	if address.Path == "" {
		return "/"
	}
	return address.Path
}
