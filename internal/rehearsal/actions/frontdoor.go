package actions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// tooLong is beyond the 10,240 bytes that API Gateway takes of headers.
	tooLong = 10_300
	// stopEvents come in while a web task is stopped, a stopPause between two.
	stopEvents = 60
	stopPause  = 100 * time.Millisecond
	// reusedBy is how many connections the load balancer keeps for a while.
	reusedBy = 12
)

type frontDoor struct{ *stage.Stage }

// Run looks at what lies between Benchling and the web service: API Gateway and the
// load balancer, with the deployed figures.
func (a frontDoor) Run(ctx context.Context) error {
	return a.Report.Run(ctx,
		report.Check{Name: "only Benchling's routes come in", Run: a.closedRoutes},
		report.Check{Name: "too long or too large is refused", Run: a.tooMuch},
		report.Check{Name: "connections kept for the idle time are reused", Run: a.Accounted(a.reuse)},
		report.Check{Name: "web task stopped while it is a target (SIGTERM)", Run: a.Accounted(a.stopTarget)},
		report.Check{Name: "a new web task's first event is in time", Run: a.Accounted(a.coldStart)},
	)
}

// ask sends a request to the front door, and returns its status and what it says.
func (a frontDoor) ask(ctx context.Context, method, path string, header http.Header, body []byte) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.Door.URL()+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := a.Client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(text)), err
}

// closedRoutes asks for what isn't Benchling's: none of it may reach the service.
func (a frontDoor) closedRoutes(ctx context.Context) (string, error) {
	var problems []error
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/event", http.StatusNotFound},
		{http.MethodPost, "/config", http.StatusNotFound},
		{http.MethodPost, "/event/more", http.StatusNotFound},
		{http.MethodGet, "/config", http.StatusForbidden},
		{http.MethodGet, "/openapi.json", http.StatusForbidden},
		{http.MethodGet, "/health/ready", http.StatusForbidden},
		{http.MethodGet, a.Contract.HealthCheck.Path, http.StatusForbidden},
	} {
		before := a.passed()
		status, body, err := a.ask(ctx, c.method, c.path, nil, nil)
		if err == nil && (status != c.want || a.passed() != before) {
			err = fmt.Errorf("%s %s: status %d, %s: %d from API Gateway was due", c.method, c.path, status, body, c.want)
		}
		problems = append(problems, err)
	}
	// Without a signature of Benchling's, the service itself refuses what comes in.
	for _, path := range []string{"/event", "/canvas", "/lifecycle", "/"} {
		status, body, err := a.ask(ctx, http.MethodPost, path, nil, []byte("{}"))
		if err == nil && status != http.StatusUnauthorized {
			err = fmt.Errorf("POST %s: status %d, %s: 401 from the service was due", path, status, body)
		}
		problems = append(problems, err)
	}
	return "404 and 403 from API Gateway, 401 from the service", errors.Join(problems...)
}

// passed returns how many requests API Gateway has let in so far.
func (a frontDoor) passed() int {
	n := 0
	for _, passed := range a.Door.Passed() {
		n += passed
	}
	return n
}

// tooMuch sends headers beyond API Gateway's limit and a body beyond the service's.
func (a frontDoor) tooMuch(ctx context.Context) (string, error) {
	before := a.passed()
	long := http.Header{"X-Long": {strings.Repeat("x", tooLong)}}
	status, body, err := a.ask(ctx, http.MethodPost, "/event", long, []byte("{}"))
	if err == nil && (status != http.StatusRequestHeaderFieldsTooLarge || a.passed() != before) {
		err = fmt.Errorf("headers of %d bytes: status %d, %s: %d from API Gateway was due", tooLong, status, body, http.StatusRequestHeaderFieldsTooLarge)
	}
	if err != nil {
		return "", err
	}
	status, body, err = a.ask(ctx, http.MethodPost, "/event", nil, bytes.Repeat([]byte("x"), tooLarge))
	// The service closes while the rest is on its way, which a load balancer may see first.
	// Source: the guide of Elastic Load Balancing, troubleshooting, HTTP 502.
	if err == nil && status != http.StatusRequestEntityTooLarge && status != http.StatusBadGateway {
		err = fmt.Errorf("a body of %d bytes: status %d, %s: %d was due, or %d", tooLarge, status, body, http.StatusRequestEntityTooLarge, http.StatusBadGateway)
	}
	return fmt.Sprintf("431 from API Gateway, %d for the body", status), err
}

// reuse lets the load balancer keep connections for almost as long as it does, and
// then some for longer: each is closed by the load balancer, never by the service.
func (a frontDoor) reuse(ctx context.Context) (stage.Accepted, error) {
	if _, err := a.burst(ctx); err != nil {
		return stage.Accepted{}, err
	}
	for _, wait := range []time.Duration{a.Stack.IdleTimeout - time.Second, a.Stack.IdleTimeout + time.Second} {
		select {
		case <-ctx.Done():
			return stage.Accepted{}, ctx.Err()
		case <-time.After(wait):
		}
		if n := a.Balancer.Closed(); n > 0 {
			return stage.Accepted{}, fmt.Errorf("the service closed %d connections within the load balancer's idle timeout of %s: each can cost an event: see KEEP_ALIVE_SECONDS", n, a.Stack.IdleTimeout)
		}
		if _, err := a.burst(ctx); err != nil {
			return stage.Accepted{}, err
		}
	}
	return a.burst(ctx)
}

// burst sends as many events at once as connections are to be kept.
func (a frontDoor) burst(ctx context.Context) (stage.Accepted, error) {
	sent, err := a.StartLoad(ctx, reusedBy, benchling.SmallPrefix, 0).Wait()
	if err == nil {
		err = sent.Only200()
	}
	return sent, err
}

// stopTarget stops a web task beside another while events come in, as StopTask and
// maintenance do: it is a target for some seconds more, and no event may fail.
func (a frontDoor) stopTarget(ctx context.Context) (stage.Accepted, error) {
	old := a.Web.Load()
	if err := a.StartWeb(ctx); err != nil {
		return stage.Accepted{}, err
	}
	l := a.StartLoad(ctx, stopEvents, benchling.SmallPrefix, stopPause)
	stopped, err := a.StopWeb(ctx, old)
	fmt.Fprintln(a.Report, stopped)
	sent, failed := l.Wait()
	if err := errors.Join(err, failed); err != nil {
		return stage.Accepted{}, err
	}
	return sent, sent.Only200()
}

// coldStart sends a new web task, alone, its first event.
func (a frontDoor) coldStart(ctx context.Context) (stage.Accepted, error) {
	old := a.Web.Load()
	if err := a.StartWeb(ctx); err != nil {
		return stage.Accepted{}, err
	}
	if _, err := a.RetireWeb(ctx, old); err != nil {
		return stage.Accepted{}, err
	}
	pace := testbed.StartPace()
	defer pace.Stop()
	sent, err := a.StartLoad(ctx, 1, benchling.SmallPrefix, 0).Wait()
	if err != nil {
		return stage.Accepted{}, err
	}
	fmt.Fprintf(a.Report, "response after %.2f s", sent.Slowest.Seconds())
	if limit := pace.Allow(benchlingWaits); sent.Slowest > limit {
		return stage.Accepted{}, fmt.Errorf("/event: response after %.2f s: Benchling waits %.2f s", sent.Slowest.Seconds(), limit.Seconds())
	}
	return sent, sent.Only200()
}
