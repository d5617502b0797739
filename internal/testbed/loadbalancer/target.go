package loadbalancer

import (
	"context"
	"net"
	"net/http"
	"time"
)

// State is a target's, by the names of AWS.
type State string

// The states of a target. A target that isn't registered any more is Unused.
const (
	Initial   State = "initial"
	Healthy   State = "healthy"
	Unhealthy State = "unhealthy"
	Draining  State = "draining"
	Unused    State = "unused"
)

// Transition is a change of a target's state.
type Transition struct {
	At       time.Time
	Target   string
	From, To State
	Reason   string
}

// target is a registered address. The balancer's lock guards all but its transport.
type target struct {
	address        string
	state          State
	passed, failed int
	// inFlight counts requests without a complete response.
	inFlight int
	// stopping is set once what runs at the address is being stopped.
	stopping    bool
	transport   *http.Transport
	connections map[*connection]bool
	endChecks   context.CancelFunc
	unused      chan struct{}
}

// Register adds a target, "HOST:PORT", whose health is checked from now on. It takes
// requests once it is healthy. One that is registered already stays as it is; one that
// is draining begins anew.
func (b *Balancer) Register(address string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.registered(address) != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &target{address: address, connections: map[*connection]bool{}, endChecks: cancel, unused: make(chan struct{})}
	t.transport = &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return b.dial(ctx, t) },
		IdleConnTimeout:     b.figures.IdleTimeout,
		MaxIdleConnsPerHost: maxIdle,
		DisableCompression:  true,
	}
	b.targets = append(b.targets, t)
	b.change(t, Initial, "registered")
	go b.checkEvery(ctx, t)
}

// Deregister makes a target draining: it gets no new request, while those in flight go
// on until the deregistration delay is over, when its connections are closed. The
// channel is closed once it is unused, which is when ECS stops the task of a
// deployment; at once where nothing is in flight, or nothing is registered. Idle
// connections don't count, and are closed then.
// Sources: Elastic Load Balancing's guide, "Edit target group attributes";
// ECS's developer guide, "Optimize load balancer connection draining parameters".
func (b *Balancer) Deregister(address string) <-chan struct{} {
	b.lock.Lock()
	defer b.lock.Unlock()
	t := b.registered(address)
	if t == nil {
		done := make(chan struct{})
		close(done)
		return done
	}
	t.endChecks()
	b.change(t, Draining, "deregistered")
	if t.inFlight == 0 {
		b.end(t, "nothing in flight")
		return t.unused
	}
	time.AfterFunc(b.figures.DeregistrationDelay, func() {
		b.lock.Lock()
		defer b.lock.Unlock()
		b.end(t, "deregistration delay")
	})
	return t.unused
}

// Stopping says that what runs at a target's address is being stopped or killed while
// it is still a target: connections that it closes from now on aren't counted by
// Closed.
func (b *Balancer) Stopping(address string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if t := b.registered(address); t != nil {
		t.stopping = true
	}
}

// States returns the registered and draining targets' states, by address.
func (b *Balancer) States() map[string]State {
	b.lock.Lock()
	defer b.lock.Unlock()
	states := map[string]State{}
	for _, t := range b.targets {
		states[t.address] = t.state
	}
	return states
}

// Transitions returns every change of a state so far, in order.
func (b *Balancer) Transitions() []Transition {
	b.lock.Lock()
	defer b.lock.Unlock()
	return append([]Transition(nil), b.transitions...)
}

// registered returns the target of an address that isn't draining, or nil.
func (b *Balancer) registered(address string) *target {
	for _, t := range b.targets {
		if t.address == address && t.state != Draining {
			return t
		}
	}
	return nil
}

func (b *Balancer) change(t *target, to State, reason string) {
	b.transitions = append(b.transitions, Transition{At: time.Now(), Target: t.address, From: t.state, To: to, Reason: reason})
	t.state = to
}

// end makes a draining target unused, and closes its connections.
func (b *Balancer) end(t *target, reason string) {
	if t.state != Draining {
		return
	}
	b.change(t, Unused, reason)
	for i, other := range b.targets {
		if other == t {
			b.targets = append(b.targets[:i], b.targets[i+1:]...)
			break
		}
	}
	for c := range t.connections {
		go c.Close()
	}
	close(t.unused)
}

// choose returns the target of the next request and counts the request as in flight;
// nil where there is no target. Where none is healthy, every registered one gets
// requests: the load balancer fails open.
// Source: Elastic Load Balancing's guide, "Health checks for Application Load Balancer
// target groups".
func (b *Balancer) choose() *target {
	b.lock.Lock()
	defer b.lock.Unlock()
	var healthy, open []*target
	for _, t := range b.targets {
		switch t.state {
		case Healthy:
			healthy = append(healthy, t)
		case Initial, Unhealthy:
			open = append(open, t)
		}
	}
	if len(healthy) == 0 {
		healthy = open
	}
	if len(healthy) == 0 {
		return nil
	}
	chosen := healthy[b.next%len(healthy)]
	b.next++
	if b.figures.Algorithm == LeastOutstanding {
		for _, t := range healthy {
			if t.inFlight < chosen.inFlight {
				chosen = t
			}
		}
	}
	chosen.inFlight++
	return chosen
}

// release counts a request of a target as complete.
func (b *Balancer) release(t *target) {
	b.lock.Lock()
	defer b.lock.Unlock()
	t.inFlight--
	if t.inFlight == 0 {
		b.end(t, "nothing in flight any more")
	}
}
