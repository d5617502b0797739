package loadbalancer

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// agent is how health checks introduce themselves.
const agent = "ELB-HealthChecker/2.0"

// matches reports whether a status is among success codes, such as "200-299,301".
func matches(codes string, status int) (bool, error) {
	found := false
	for _, part := range strings.Split(codes, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		if err != nil {
			return false, fmt.Errorf("success codes %q: want codes and ranges, such as 200-299,301", codes)
		}
		last, err := strconv.Atoi(to)
		if err != nil {
			return false, fmt.Errorf("success codes %q: want codes and ranges, such as 200-299,301", codes)
		}
		found = found || first <= status && status <= last
	}
	return found, nil
}

// checkEvery checks a target's health at each interval until the context ends. A check
// that is slow doesn't delay the next. The first comes at once: AWS doesn't say when
// within the first interval it comes.
// Source: Elastic Load Balancing's guide, "Health checks for Application Load Balancer
// target groups", as for the thresholds in record.
func (b *Balancer) checkEvery(ctx context.Context, t *target) {
	ticker := time.NewTicker(b.figures.Interval)
	defer ticker.Stop()
	for {
		go func() {
			reason := b.check(ctx, t.address)
			if ctx.Err() == nil {
				b.record(t, reason)
			}
		}()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// check returns why a health check failed, or nothing where it passed. Its connection
// serves for no other request.
func (b *Balancer) check(ctx context.Context, address string) string {
	ctx, cancel := context.WithTimeout(ctx, b.figures.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+b.figures.HealthPath, nil)
	if err != nil {
		return err.Error()
	}
	request.Header.Set("User-Agent", agent)
	response, err := (&http.Transport{DisableKeepAlives: true, DisableCompression: true}).RoundTrip(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	if passed, err := matches(b.figures.SuccessCodes, response.StatusCode); err != nil || !passed {
		return fmt.Sprintf("health check: status %d, not %s", response.StatusCode, b.figures.SuccessCodes)
	}
	return ""
}

// record counts a check: a new target is healthy after one that passed, and every
// other change takes as many in a row as the thresholds say.
func (b *Balancer) record(t *target, reason string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if reason == "" {
		t.passed, t.failed = t.passed+1, 0
	} else {
		t.passed, t.failed = 0, t.failed+1
	}
	switch {
	case t.state == Initial && t.passed > 0:
		b.change(t, Healthy, "the first health check passed")
	case t.state == Unhealthy && t.passed >= b.figures.HealthyThreshold:
		b.change(t, Healthy, fmt.Sprintf("%d health checks passed", t.passed))
	case (t.state == Healthy || t.state == Initial) && t.failed >= b.figures.UnhealthyThreshold:
		b.change(t, Unhealthy, reason)
	}
}
