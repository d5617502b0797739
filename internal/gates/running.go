package gates

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"benchlingwebhook/internal/process"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// runningOnLimit is the design's; the others are closer.
	runningOnLimit = 30 * time.Second
	// idle is how long a started service is left alone before its memory is read.
	idle = time.Second
)

// started is a container of an image, and when it was asked for.
type started struct {
	name, url   string
	began       time.Time
	firstAnswer time.Duration
}

// readOnly is the option that the old image can't run with: it writes its root.
var readOnly = []string{"--read-only"}

// start runs an image as Fargate would, but for what options say, and waits for
// the first 200.
func (m *measurement) start(ctx context.Context, image string, options []string, command ...string) (*started, error) {
	port := m.port
	if port == "" {
		var err error
		if port, err = process.FreePort(); err != nil {
			return nil, err
		}
	}
	s := &started{name: testbed.Label + "-" + benchling.RandomText(), url: "http://127.0.0.1:" + port}
	args := []string{"run", "--detach", "--name", s.name, "--label", testbed.Mark(), "--network", m.Network, "--init",
		"--publish", "127.0.0.1:" + port + ":" + strconv.Itoa(m.Contract.Port),
		"--cap-drop", "ALL", "--memory", "1g", "--health-start-interval", "1s",
		"--env", "BENCHLING_SECRET"}
	for _, pair := range m.environment {
		args = append(args, "--env", pair)
	}
	args = slices.Concat(args, m.trust, options, []string{image}, command)
	run := m.Engine.Command(ctx, args...)
	run.Env = append(run.Env, m.secret)
	s.began = time.Now()
	if _, err := testbed.Output(run, args); err != nil {
		return nil, err
	}
	m.AtEnd(func(ctx context.Context) { _, _ = m.Docker(ctx, "rm", "--force", s.name) })
	err := testbed.Until(ctx, testbed.StartTimeout, func() (bool, string) {
		status, _, err := testbed.Get(ctx, s.url+m.Contract.HealthCheck.Path)
		return status == http.StatusOK, fmt.Sprintf("%s of %s: %v", m.Contract.HealthCheck.Path, image, err)
	})
	s.firstAnswer = time.Since(s.began)
	if err != nil {
		return nil, fmt.Errorf("%w: log: %s", err, testbed.LastLines(m.log(ctx, s), 5))
	}
	return s, nil
}

func (m *measurement) log(ctx context.Context, s *started) string {
	text, _ := m.Engine.Command(ctx, "logs", "--timestamps", s.name).CombinedOutput()
	return string(text)
}

// memory returns the resident memory of a container's processes in bytes, but
// for its init, which is the engine's.
func (m *measurement) memory(ctx context.Context, s *started) (int64, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(idle):
	}
	text, err := m.Docker(ctx, "top", s.name, "-o", "pid,rss,comm")
	if err != nil {
		return 0, err
	}
	var kibibytes int64
	for _, line := range strings.Split(text, "\n")[1:] {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return 0, fmt.Errorf("docker top: %q", line)
		}
		n, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("docker top: %q", line)
		}
		if !strings.Contains(fields[2], "init") {
			kibibytes += n
		}
	}
	return kibibytes * 1024, nil
}

// checkRunning runs the image and looks at it from outside.
func (m *measurement) checkRunning(ctx context.Context) error {
	web, err := m.start(ctx, newImage, readOnly)
	if err != nil {
		return err
	}
	var health string
	err = testbed.Until(ctx, testbed.HealthTimeout, func() (bool, string) {
		health, err = m.Docker(ctx, "inspect", "--format", "{{.State.Health.Status}}", web.name)
		return health == "healthy", fmt.Sprintf("%s %v", health, err)
	})
	m.figures.Healthy = time.Since(web.began).Seconds()
	m.list.Add("QG-2 healthy", "the engine says so", fmt.Sprintf("after %.1f s, on a read-only root, checked every second while starting", m.figures.Healthy), err)

	err = runningOn(m.log(ctx, web), web.began, &m.figures.RunningOn)
	m.list.Add("QG-2 Running on", "30 s", fmt.Sprintf("%.2f s", m.figures.RunningOn), err)
	m.list.Add("QG-2 health routes", "200", "/health, /health/live, /health/ready, /config: 200", m.healthRoutes(ctx, web))
	value, err := m.functions(ctx, web)
	m.list.Add("QG-4 every route", "200 signed, 401 unsigned", value, err)

	err = nil
	if bad := testbed.LinesWith(m.log(ctx, web), testbed.Complaint.MatchString); bad != "" {
		err = errors.New(bad)
	}
	m.list.Add("QG-2 log", "no error, warning, read-only", "none of them", err)
	_, err = m.Docker(ctx, "rm", "--force", web.name)
	return err
}

// runningOn finds the line that says that the service listens, and its time.
func runningOn(log string, began time.Time, seconds *float64) error {
	line := testbed.LinesWith(log, func(line string) bool { return strings.Contains(line, "Running on") })
	stamp, _, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return fmt.Errorf("no line says Running on: %w", err)
	}
	took := at.Sub(began)
	*seconds = took.Seconds()
	return within(took, runningOnLimit)
}

func (m *measurement) healthRoutes(ctx context.Context, web *started) error {
	var problems []error
	for _, path := range []string{"/health", "/health/live", "/health/ready", "/config"} {
		problems = append(problems, testbed.WaitOK(ctx, web.url+path))
	}
	return errors.Join(problems...)
}

// functions sends each route of webhooks an unsigned request, and a signed one.
func (m *measurement) functions(ctx context.Context, web *started) (string, error) {
	var problems []error
	var seen []string
	for _, route := range []string{"/", "/event", "/lifecycle", "/canvas"} {
		webhook, err := m.App.Event("etr_"+benchling.RandomText(), time.Now())
		if err != nil {
			return "", err
		}
		signed, body, err := testbed.Post(ctx, web.url+route, webhook)
		if err == nil && signed != http.StatusOK {
			err = fmt.Errorf("%s, signed: status %d, %s", route, signed, body)
		}
		problems = append(problems, err)
		unsigned, body, err := testbed.Post(ctx, web.url+route, benchling.Webhook{Body: []byte(`{"test": "data"}`)})
		if err == nil && unsigned != http.StatusUnauthorized {
			err = fmt.Errorf("%s, unsigned: status %d, %s", route, unsigned, body)
		}
		problems = append(problems, err)
		seen = append(seen, fmt.Sprintf("%s %d and %d", route, signed, unsigned))
	}
	return strings.Join(seen, ", "), errors.Join(problems...)
}
