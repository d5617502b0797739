package loadbalancer

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptrace"
	"sync"
	"syscall"
	"time"
)

// connectTimeout is how long the load balancer waits for a connection to a target.
// Source: Elastic Load Balancing's guide, "Troubleshoot your Application Load
// Balancers", HTTP 504.
const connectTimeout = 10 * time.Second

// connection is one to a target. It knows whether a request uses it, gives up on one
// on which nothing is sent for the idle timeout, and reports whether the target closed
// it while it was idle.
type connection struct {
	net.Conn
	idleTimeout time.Duration
	closedIdle  func()
	closing     func(*connection)

	lock   sync.Mutex
	users  int
	closed bool
	// taken says that a request has had it. Go's transport also opens some that none
	// gets, because another became free; the server needn't keep those.
	taken bool
}

func (b *Balancer) dial(ctx context.Context, t *target) (net.Conn, error) {
	raw, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: raw, idleTimeout: b.figures.IdleTimeout}
	c.closedIdle = func() {
		b.lock.Lock()
		defer b.lock.Unlock()
		if !t.stopping && t.state != Draining && t.state != Unused {
			b.closedIdle++
		}
	}
	c.closing = func(c *connection) {
		b.lock.Lock()
		defer b.lock.Unlock()
		delete(t.connections, c)
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	t.connections[c] = true
	return c, nil
}

// watched returns a context whose request marks the connection that it uses.
func watched(ctx context.Context) context.Context {
	var used *connection
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			used = got.Conn.(*connection)
			used.use(1)
		},
		// The transport may lend the connection to the next request before it says
		// so here: users are counted, not marked.
		PutIdleConn: func(err error) {
			if err == nil {
				used.use(-1)
			}
		},
	})
}

func (c *connection) use(by int) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.users += by
	c.taken = true
	c.extend()
}

// extend gives a used connection another idle timeout; of idle ones the transport
// closes those whose time is over, so that none is closed while a request takes it.
func (c *connection) extend() {
	var until time.Time
	if c.users > 0 {
		until = time.Now().Add(c.idleTimeout)
	}
	_ = c.SetReadDeadline(until)
}

// Read implements net.Conn.
func (c *connection) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	c.lock.Lock()
	defer c.lock.Unlock()
	if err == nil {
		c.extend()
		return n, nil
	}
	byTarget := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
	if byTarget && c.taken && c.users == 0 && !c.closed {
		c.closed = true
		c.closedIdle()
	}
	return n, err
}

// Write implements net.Conn.
func (c *connection) Write(text []byte) (int, error) {
	n, err := c.Conn.Write(text)
	c.lock.Lock()
	defer c.lock.Unlock()
	if err == nil {
		c.extend()
	}
	return n, err
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.lock.Lock()
	c.closed = true
	c.lock.Unlock()
	c.closing(c)
	return c.Conn.Close()
}
