package loadbalancer

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// TestIdleConnections tells who closes an idle connection: the balancer after its idle
// timeout, or the target before.
func TestIdleConnections(t *testing.T) {
	for _, c := range []struct {
		name     string
		after    time.Duration
		stopping bool
		closed   int
	}{
		{name: "by the balancer", after: 10 * time.Second},
		{name: "by the target", after: small.IdleTimeout / 5, closed: 1},
		{name: "by a target that is being stopped", after: small.IdleTimeout / 5, stopping: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ended := make(chan time.Duration, 1)
			address := script(t, func(conn net.Conn, r *bufio.Reader) {
				if !readEvent(r) {
					return
				}
				_, _ = io.WriteString(conn, okay)
				began := time.Now()
				_ = conn.SetReadDeadline(began.Add(c.after))
				_, _ = r.ReadByte()
				_ = conn.Close()
				ended <- time.Since(began)
			})
			b := start(t, small, address)
			status, _ := post(t, b.URL())
			assert.Equal(t, status, http.StatusOK)
			if c.stopping {
				b.Stopping(address)
			}
			took := receive(t, ended)
			until(t, "count", func() bool { return b.Closed() == c.closed })
			if c.closed == 0 && !c.stopping {
				assert.Assert(t, took >= small.IdleTimeout-20*time.Millisecond && took < 5*time.Second, took)
			}
			// A count that comes later would be wrong, too.
			time.Sleep(30 * time.Millisecond)
			assert.Equal(t, b.Closed(), c.closed)
			assert.Equal(t, len(b.Own()), 0)
		})
	}
}
