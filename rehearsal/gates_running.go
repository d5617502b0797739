package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"benchlingwebhook/rehearsal/benchling"
)

const (
	// runs is the number of starts of each image. Their medians are compared with
	// each other; a limit is held against the fastest, for what else the machine
	// does can only make a start slower.
	runs = 7
	// runningOnLimit is the design's; the others are closer.
	runningOnLimit   = 30 * time.Second
	firstAnswerLimit = 700 * time.Millisecond
	readyLimit       = time.Second
	fasterLimit      = 2.0
	memoryLimit      = 0.6
	// idle is how long a started service is left alone before its memory is read.
	idle = time.Second
)

// started is a container of an image, and when it was asked for.
type started struct {
	name, url   string
	began       time.Time
	firstAnswer time.Duration
}

// start runs an image as Fargate would, but for the root file system, which the
// old image has to write, and waits for the first 200.
func (m *measurement) start(ctx context.Context, image string, readOnly bool, command ...string) (*started, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &started{name: label + "-" + benchling.RandomText(), url: "http://127.0.0.1:" + port}
	args := []string{"run", "--detach", "--name", s.name, "--label", label, "--network", m.network, "--init",
		"--publish", "127.0.0.1:" + port + ":" + strconv.Itoa(m.contract.Port),
		"--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "1g", "--health-start-interval", "1s",
		"--env", "BENCHLING_SECRET", "--read-only=" + strconv.FormatBool(readOnly)}
	for _, pair := range m.environment {
		args = append(args, "--env", pair)
	}
	run := m.engine.Command(ctx, append(append(args, image), command...)...)
	run.Env = append(run.Env, m.secret)
	s.began = time.Now()
	if _, err := output(run, args); err != nil {
		return nil, err
	}
	m.atEnd(func(ctx context.Context) { _, _ = m.docker(ctx, "rm", "--force", s.name) })
	err = until(ctx, startTimeout, func() (bool, string) {
		status, _, err := get(ctx, s.url+m.contract.HealthCheck.Path)
		return status == http.StatusOK, fmt.Sprintf("%s of %s: %v", m.contract.HealthCheck.Path, image, err)
	})
	s.firstAnswer = time.Since(s.began)
	if err != nil {
		return nil, fmt.Errorf("%w: log: %s", err, lastLines(m.log(ctx, s), 5))
	}
	return s, nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

func (m *measurement) log(ctx context.Context, s *started) string {
	text, _ := m.engine.Command(ctx, "logs", "--timestamps", s.name).CombinedOutput()
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
	text, err := m.docker(ctx, "top", s.name, "-o", "pid,rss,comm")
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
	web, err := m.start(ctx, newImage, true)
	if err != nil {
		return err
	}
	var health string
	err = until(ctx, healthTimeout, func() (bool, string) {
		health, err = m.docker(ctx, "inspect", "--format", "{{.State.Health.Status}}", web.name)
		return health == "healthy", fmt.Sprintf("%s %v", health, err)
	})
	m.figures.Healthy = time.Since(web.began).Seconds()
	m.list.Add("QG-2 healthy", "the engine says so", fmt.Sprintf("after %.1f s, on a read-only root, checked every second while starting", m.figures.Healthy), err)

	err = runningOn(m.log(ctx, web), web.began, &m.figures.RunningOn)
	m.list.Add("QG-2 Running on", "30 s", fmt.Sprintf("%.2f s", m.figures.RunningOn), err)
	m.list.Add("QG-2 health routes", "200", "/health, /health/live, /health/ready, /config: 200", m.answers(ctx, web))
	value, err := m.functions(ctx, web)
	m.list.Add("QG-4 every route", "200 signed, 401 unsigned", value, err)

	err = nil
	if bad := linesWith(m.log(ctx, web), complaint.MatchString); bad != "" {
		err = errors.New(bad)
	}
	m.list.Add("QG-2 log", "no error, warning, read-only", "none of them", err)
	_, err = m.docker(ctx, "rm", "--force", web.name)
	return err
}

// runningOn finds the line that says that the service listens, and its time.
func runningOn(log string, began time.Time, seconds *float64) error {
	line := linesWith(log, func(line string) bool { return strings.Contains(line, "Running on") })
	stamp, _, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return fmt.Errorf("no line says Running on: %w", err)
	}
	took := at.Sub(began)
	*seconds = took.Seconds()
	return within(took, runningOnLimit)
}

func (m *measurement) answers(ctx context.Context, web *started) error {
	var problems []error
	for _, path := range []string{"/health", "/health/live", "/health/ready", "/config"} {
		problems = append(problems, m.waitOK(ctx, web.url+path))
	}
	return errors.Join(problems...)
}

// functions sends each route of webhooks an unsigned request, and a signed one.
func (m *measurement) functions(ctx context.Context, web *started) (string, error) {
	var problems []error
	var seen []string
	for _, route := range []string{"/", "/event", "/lifecycle", "/canvas"} {
		webhook, err := m.event(m.key, m.appDefinition, "etr_"+benchling.RandomText(), time.Now())
		if err != nil {
			return "", err
		}
		signed, body, err := post(ctx, web.url+route, webhook)
		if err == nil && signed != http.StatusOK {
			err = fmt.Errorf("%s, signed: status %d, %s", route, signed, body)
		}
		problems = append(problems, err)
		unsigned, body, err := post(ctx, web.url+route, benchling.Webhook{Body: []byte(`{"test": "data"}`)})
		if err == nil && unsigned != http.StatusUnauthorized {
			err = fmt.Errorf("%s, unsigned: status %d, %s", route, unsigned, body)
		}
		problems = append(problems, err)
		seen = append(seen, fmt.Sprintf("%s %d and %d", route, signed, unsigned))
	}
	return strings.Join(seen, ", "), errors.Join(problems...)
}

// startUp is how long the starts of an image took.
type startUp struct{ firstAnswer, ready []time.Duration }

// checkSpeed starts both images in turns, so that what else the machine does
// strikes both.
func (m *measurement) checkSpeed(ctx context.Context) error {
	var ours, old startUp
	for range runs {
		if err := m.startOnce(ctx, newImage, true, &ours, &m.figures.New.Memory); err != nil {
			return err
		}
		if err := m.startOnce(ctx, oldImage, false, &old, &m.figures.Old.Memory); err != nil {
			return err
		}
	}
	m.figures.Starts = runs
	m.addTime("QG-2 first 200", ours.firstAnswer, firstAnswerLimit)
	m.addTime("QG-2 ready", ours.ready, readyLimit)
	m.figures.New.FirstAnswer, m.figures.Old.FirstAnswer = median(ours.firstAnswer).Seconds(), median(old.firstAnswer).Seconds()
	m.figures.New.Ready, m.figures.Old.Ready = median(ours.ready).Seconds(), median(old.ready).Seconds()
	faster := m.figures.Old.FirstAnswer / m.figures.New.FirstAnswer
	var err error
	if faster < fasterLimit {
		err = errors.New("too slow")
	}
	m.list.Add("QG-2 first 200 beside the old image", "2 times faster", fmt.Sprintf("%.1f times faster: the old image takes %.2f s", faster, m.figures.Old.FirstAnswer), err)

	share := float64(m.figures.New.Memory) / float64(m.figures.Old.Memory)
	err = nil
	if share > memoryLimit {
		err = errors.New("too much")
	}
	m.list.Add("QG-2 idle memory of a web task", "0.6 of the old image's", fmt.Sprintf("%.2f: %.0f MB, the old image %.0f MB", share, mega(m.figures.New.Memory), mega(m.figures.Old.Memory)), err)
	worker, err := m.start(ctx, newImage, true, "python", "-m", "src.worker")
	if err != nil {
		return err
	}
	if m.figures.WorkerMemory, err = m.memory(ctx, worker); err != nil {
		return err
	}
	m.list.Add("QG-2 idle memory of a worker task", "printed", fmt.Sprintf("%.0f MB", mega(m.figures.WorkerMemory)), nil)
	return nil
}

// addTime holds the fastest of some times against a limit.
func (m *measurement) addTime(gate string, times []time.Duration, limit time.Duration) {
	fastest := slices.Min(times)
	m.list.Add(gate, fmt.Sprintf("%.1f s", limit.Seconds()),
		fmt.Sprintf("%.2f s, the fastest of %d; median %.2f s", fastest.Seconds(), len(times), median(times).Seconds()), within(fastest, limit))
}

// startOnce starts an image's web service, adds how long that took, reads the
// memory of what is ready, and removes it again.
func (m *measurement) startOnce(ctx context.Context, image string, readOnly bool, took *startUp, memory *int64) error {
	s, err := m.start(ctx, image, readOnly)
	if err != nil {
		return err
	}
	if err := until(ctx, startTimeout, func() (bool, string) {
		status, body, err := get(ctx, s.url+"/health/ready")
		return status == http.StatusOK, fmt.Sprintf("/health/ready of %s: %s %v", image, body, err)
	}); err != nil {
		return err
	}
	took.firstAnswer, took.ready = append(took.firstAnswer, s.firstAnswer), append(took.ready, time.Since(s.began))
	if *memory, err = m.memory(ctx, s); err != nil {
		return err
	}
	_, err = m.docker(ctx, "rm", "--force", s.name)
	return err
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
