package benchservice

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"benchlingwebhook/internal/slowclient"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	otherServers = "build/servers/bin"

	// steady is a rate that every server keeps up with.
	steady = 150.0
	// idlers are connections that send nothing, or a byte of a request every second.
	idlers = 1000
	// settle is how long they are held before anything counts.
	settle = 2 * time.Second
	// exitWithin bounds the time from SIGTERM to the exit.
	exitWithin = 40 * time.Second
)

// candidate is a server, and how it serves the service's application.
type candidate struct {
	name, program string
	args          []string
}

// candidates all have one process for the application, and as many threads.
func candidates() []candidate {
	bin := func(name string) string { return filepath.Join(otherServers, name) }
	return []candidate{
		{"waitress, bounded", servicePython, []string{"-m", "src.app"}},
		{"granian", bin("granian"), []string{"--interface", "wsgi", "--host", "127.0.0.1", "--port", "PORT", "--workers", "1", "--blocking-threads", "40", "--http", "1", "--backlog", "2048", "--no-ws", "--log-level", "warning", "wsgi:app"}},
		{"gunicorn, threads", bin("gunicorn"), []string{"--bind", "127.0.0.1:PORT", "--worker-class", "gthread", "--threads", "40", "--worker-connections", "2000", "--keep-alive", "75", "--worker-tmp-dir", "/dev/shm", "wsgi:app"}},
		{"uvicorn", bin("uvicorn"), []string{"--host", "127.0.0.1", "--port", "PORT", "--backlog", "2048", "--timeout-keep-alive", "75", "--no-access-log", "--http", "httptools", "wsgi:asgi"}},
	}
}

// compared is what is reported of one server. A time is -1 where no response came.
type compared struct {
	name      string
	peak      float64
	cpu       float64
	rss       float64
	processes int
	// idle, head and body are the longest probes beside connections that send
	// nothing, and a head and a body byte by byte.
	idle, head, body time.Duration
	exit             time.Duration
	status           string
}

// CompareServers loads the service's own server and others in turn, for five
// minutes at most, and prints a table. It runs in the repository's directory.
func CompareServers(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	if err := os.Setenv("PYTHONPATH", strings.Join(pythonPath(), string(os.PathListSeparator))); err != nil {
		return err
	}
	environment, key, err := start(ctx, workDir)
	if err != nil {
		return err
	}
	defer environment.stop()
	var all []compared
	for _, c := range candidates() {
		fmt.Fprintf(out, "loading %s (about a minute)\n", c.name)
		result, err := environment.compare(ctx, c, key)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		all = append(all, result)
	}
	printCompared(out, all)
	return nil
}

func printCompared(out io.Writer, all []compared) {
	fmt.Fprintf(out, "\n%-20s %8s %9s %8s %6s %12s %12s %12s %8s  %s\n", "", "peak/s", "CPU ms", "RSS MB", "procs", "idle", "slow heads", "slow bodies", "exit s", "status")
	for _, r := range all {
		fmt.Fprintf(out, "%-20s %8.0f %9.2f %8.0f %6d %12s %12s %12s %8.1f  %s\n", r.name, r.peak, r.cpu, r.rss, r.processes, shown(r.idle), shown(r.head), shown(r.body), r.exit.Seconds(), r.status)
	}
}

func pythonPath() []string {
	var all []string
	for _, dir := range []string{"internal/benchservice/servers", "docker", "docker/.venv/lib/python3.11/site-packages"} {
		absolute, err := filepath.Abs(dir)
		if err == nil {
			all = append(all, absolute)
		}
	}
	return all
}

func shown(d time.Duration) string {
	if d < 0 {
		return "none in 10 s"
	}
	return fmt.Sprintf("%.0f ms", milliseconds(d))
}

// readOnly runs its arguments where nothing but memory can be written to, as in a
// task: in a mount namespace of their own.
const readOnly = `mount --make-rprivate / && for at in $(findmnt --noheadings --raw --output TARGET --types nosysfs,noproc,nodevtmpfs,nodevpts,notmpfs,nocgroup2,nomqueue | tac); do mount -o remount,bind,ro "$at" || exit; done; exec "$@"`

func (e *environment) compare(ctx context.Context, c candidate, key benchling.Key) (compared, error) {
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		return compared{}, err
	}
	program, err := filepath.Abs(c.program)
	if err != nil {
		return compared{}, err
	}
	args := append([]string{"--mount", "--map-root-user", "sh", "-c", readOnly, "sh", program}, c.args...)
	s, err := e.startApplication(ctx, strings.Fields(c.name)[0], unshare, args...)
	if err != nil {
		return compared{}, err
	}
	defer s.Stop()
	r := compared{name: c.name}
	events := newEvents(key, s.appDefinition)
	if _, err := asFastAsPossible(ctx, s, events, connections, time.Second); err != nil {
		return r, err
	}
	peak, err := asFastAsPossible(ctx, s, events, connections, phase)
	if err != nil {
		return r, err
	}
	r.peak = peak.perSecond()
	before, err := usedBy(s.PID())
	if err != nil {
		return r, err
	}
	even, err := atRate(ctx, s, events, steady, phase)
	if err != nil {
		return r, err
	}
	after, err := usedBy(s.PID())
	if err != nil {
		return r, err
	}
	r.cpu = 1000 * (after.cpu - before.cpu) / float64(len(even.took))
	r.rss, r.processes = after.rss, after.processes
	if r.idle, err = beside(ctx, s, ""); err != nil {
		return r, err
	}
	if r.head, err = beside(ctx, s, "GET /health HT"); err != nil {
		return r, err
	}
	// Of headers that only a key distinguishes from Benchling's, or the body isn't read.
	signed := fmt.Sprintf("webhook-id: x\r\nwebhook-timestamp: %d\r\nwebhook-signature: %s", time.Now().Unix(), flood{signatures: 1}.header())
	if r.body, err = beside(ctx, s, "POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n"+signed+"\r\n\r\n{"); err != nil {
		return r, err
	}
	return r, r.drain(s)
}

// beside returns the longest of some probes of a server's health while others
// hold connections that send a start and, if there is one, a byte every second.
func beside(ctx context.Context, s *server, start string) (time.Duration, error) {
	ctx, end := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer end()
	address := strings.TrimPrefix(s.url, "http://")
	for range idlers {
		all.Go(func() { slowclient.Hold(ctx, address, start) })
	}
	time.Sleep(settle)
	probing := &http.Client{Timeout: client.Timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	var longest time.Duration
	for range 10 {
		began := time.Now()
		response, err := probing.Get(s.url + "/health")
		if err != nil {
			return -1, nil //nolint:nilerr // That no response came is the result.
		}
		_ = response.Body.Close()
		longest = max(longest, time.Since(began))
		time.Sleep(probeEvery)
	}
	return longest, nil
}

// drain stops a server while a request is half there, and records how it ends.
func (r *compared) drain(s *server) error {
	connection, err := net.DialTimeout("tcp", strings.TrimPrefix(s.url, "http://"), time.Second)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	r.status, err = s.Terminate(exitWithin)
	r.exit = time.Since(began)
	return err
}
