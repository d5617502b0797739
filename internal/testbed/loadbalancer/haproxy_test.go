package loadbalancer

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// guide is AWS's page on the statuses that a load balancer makes itself.
const guide = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html"

// failures are targets that don't respond as they should, with the status that AWS
// documents, at which place of the guide, and HAProxy's where that is another.
var failures = []struct {
	name            string
	target          func(*testing.T) string
	status, haproxy int
	source          string
}{
	{
		name: "responds", status: http.StatusOK, source: guide,
		target: func(t *testing.T) string {
			return script(t, func(c net.Conn, r *bufio.Reader) {
				if readEvent(r) {
					_, _ = io.WriteString(c, okay)
				}
			})
		},
	},
	{
		// HAProxy says 503 where no connection comes about.
		name: "refuses", status: http.StatusBadGateway, haproxy: http.StatusServiceUnavailable,
		source: guide + "#http-502-issues", target: refusing,
	},
	{
		name: "closes instead of responding", status: http.StatusBadGateway, source: guide + "#http-502-issues",
		target: func(t *testing.T) string { return script(t, func(_ net.Conn, r *bufio.Reader) { readEvent(r) }) },
	},
	{
		name: "resets instead of responding", status: http.StatusBadGateway, source: guide + "#http-502-issues",
		target: func(t *testing.T) string {
			return script(t, func(c net.Conn, r *bufio.Reader) {
				if readEvent(r) {
					_ = c.(*net.TCPConn).SetLinger(0)
				}
			})
		},
	},
	{
		name: "responds with what isn't HTTP", status: http.StatusBadGateway, source: guide + "#http-502-issues",
		target: func(t *testing.T) string {
			return script(t, func(c net.Conn, r *bufio.Reader) {
				if readEvent(r) {
					_, _ = io.WriteString(c, "teapot\r\n\r\n")
				}
			})
		},
	},
	{
		name: "responds later than the idle timeout", status: http.StatusGatewayTimeout, source: guide + "#http-504-issues",
		target: func(t *testing.T) string {
			return script(t, func(_ net.Conn, r *bufio.Reader) {
				if readEvent(r) {
					_, _ = r.ReadByte()
				}
			})
		},
	},
	{
		name: "isn't there", status: http.StatusServiceUnavailable, source: guide + "#http-503-issues",
		target: func(*testing.T) string { return "" },
	},
}

func TestFailuresOfTargets(t *testing.T) {
	for _, c := range failures {
		t.Run(c.name, func(t *testing.T) {
			b := start(t, small)
			if address := c.target(t); address != "" {
				b.Register(address)
			}
			status, _ := post(t, b.URL())
			assert.Equal(t, status, c.status, c.source)
			want := map[int]int{c.status: 1}
			if status == http.StatusOK {
				want = map[int]int{}
			}
			assert.DeepEqual(t, b.Own(), want)
		})
	}
}

// TestHAProxyAgrees runs the same targets behind HAProxy, which others wrote.
func TestHAProxyAgrees(t *testing.T) {
	needHAProxy(t)
	for _, c := range failures {
		t.Run(c.name, func(t *testing.T) {
			url, _ := haproxy(t, c.target(t))
			want := c.status
			if c.haproxy != 0 {
				want = c.haproxy
			}
			status, _ := post(t, url)
			assert.Equal(t, status, want)
		})
	}
}

// TestHAProxyDrainsAlike has a request in flight while its target drains, as TestDrain.
func TestHAProxyDrainsAlike(t *testing.T) {
	needHAProxy(t)
	arrived, end := make(chan bool, 1), make(chan bool)
	url, command := haproxy(t, serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- true
		hold(r, end)
	}))
	inFlight := make(chan int, 1)
	go func() {
		status, _ := post(t, url)
		inFlight <- status
	}()
	receive(t, arrived)
	command("set server targets/one state drain")
	status, _ := post(t, url)
	close(end)
	assert.Equal(t, status, http.StatusServiceUnavailable)
	assert.Equal(t, receive(t, inFlight), http.StatusOK)
}

func needHAProxy(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("haproxy"); err != nil {
		t.Skip("haproxy isn't in PATH: apt-get install haproxy, to compare with it")
	}
}

// haproxy runs HAProxy in front of a target, or of none, and returns its URL and what
// takes commands.
func haproxy(t *testing.T, target string) (url string, command func(string)) {
	t.Helper()
	dir, address, server := t.TempDir(), refusing(t), ""
	if target != "" {
		server = "server one " + target
	}
	socket, file := filepath.Join(dir, "s"), filepath.Join(dir, "haproxy.cfg")
	assert.NilError(t, os.WriteFile(file, fmt.Appendf(nil, `global
  stats socket %s level admin
defaults
  mode http
  retries 0
  timeout connect 1s
  timeout client 5s
  timeout server %dms
frontend listener
  bind %s
  default_backend targets
backend targets
  %s
`, socket, haproxyTimeout.Milliseconds(), address, server), 0o600))
	process := exec.Command("haproxy", "-db", "-f", file)
	assert.NilError(t, process.Start())
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	until(t, "HAProxy listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return "http://" + address, func(text string) {
		c, err := net.Dial("unix", socket)
		assert.NilError(t, err)
		defer c.Close()
		_, err = io.WriteString(c, text+"\n")
		assert.NilError(t, err)
		said, err := io.ReadAll(c)
		assert.NilError(t, err)
		assert.Equal(t, string(said), "\n", text)
	}
}

// haproxyTimeout is HAProxy's for a response, in the idle timeout's place.
const haproxyTimeout = 500 * time.Millisecond
