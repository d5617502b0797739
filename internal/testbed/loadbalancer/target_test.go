package loadbalancer

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// TestThresholds follows a target through health checks: "+" passes, "-" fails.
func TestThresholds(t *testing.T) {
	for checks, want := range map[string]State{
		"": Initial, "+": Healthy, "--": Initial, "--+": Healthy, "---": Unhealthy, "+--": Healthy, "+--+--": Healthy,
		"+---": Unhealthy, "---+": Unhealthy, "---+-+": Unhealthy, "---++": Healthy,
	} {
		t.Run(checks, func(t *testing.T) {
			b, tried := &Balancer{figures: small}, &target{state: Initial}
			for _, check := range checks {
				reason := ""
				if check == '-' {
					reason = "why"
				}
				b.record(tried, reason)
			}
			assert.Equal(t, tried.state, want)
		})
	}
}

func TestSuccessCodes(t *testing.T) {
	for codes, want := range map[string]bool{"200": false, "200,204": true, "200-299": true, "201-203,205-299": false} {
		got, err := matches(codes, http.StatusNoContent)
		assert.NilError(t, err)
		assert.Equal(t, got, want, codes)
	}
	_, err := matches("fine", http.StatusOK)
	assert.Error(t, err, `success codes "fine": want codes and ranges, such as 200-299,301`)
}

func TestTransitionsOfATarget(t *testing.T) {
	var sick atomic.Bool
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("User-Agent") == agent && sick.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	f := small
	f.Interval, f.Timeout = 10*time.Millisecond, 10*time.Second
	b := start(t, f.Faster(1), address)
	is := func(state State) func() bool { return func() bool { return b.States()[address] == state } }
	until(t, "healthy", is(Healthy))
	sick.Store(true)
	until(t, "unhealthy", is(Unhealthy))
	// No other target is healthy: the balancer fails open.
	status, _ := post(t, b.URL())
	assert.Equal(t, status, http.StatusOK)
	sick.Store(false)
	until(t, "healthy again", is(Healthy))
	receive(t, b.Deregister(address))
	assert.Equal(t, len(b.States()), 0)
	var log []string
	for _, change := range b.Transitions() {
		assert.Equal(t, change.Target, address)
		log = append(log, string(change.From+">"+change.To)+": "+change.Reason)
	}
	assert.DeepEqual(t, log[:3], []string{">initial: registered", "initial>healthy: the first health check passed", "healthy>unhealthy: health check: status 503, not 200"})
	assert.DeepEqual(t, log[len(log)-2:], []string{"healthy>draining: deregistered", "draining>unused: nothing in flight"})
	// What isn't registered is unused already.
	receive(t, b.Deregister(address))
}

func TestFaster(t *testing.T) {
	f := Figures{Interval: 30 * time.Second, Timeout: 10 * time.Second, IdleTimeout: 30 * time.Second, DeregistrationDelay: 20 * time.Second}
	assert.DeepEqual(t, f.Faster(10), Figures{Interval: 3 * time.Second, Timeout: 3 * time.Second, IdleTimeout: 30 * time.Second, DeregistrationDelay: 20 * time.Second})
}

// TestAlgorithms holds three requests of one of two targets, and sends eight more.
func TestAlgorithms(t *testing.T) {
	for algorithm, want := range map[string]int32{RoundRobin: 4, LeastOutstanding: 1} {
		t.Run(algorithm, func(t *testing.T) {
			var busy, free atomic.Int32
			count := func(of *atomic.Int32) string {
				return serve(t, func(_ http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/event" {
						of.Add(1)
					}
				})
			}
			f := small
			f.Algorithm = algorithm
			one, two := count(&busy), count(&free)
			b := start(t, f, one, two)
			until(t, "healthy", func() bool { return b.States()[one] == Healthy && b.States()[two] == Healthy })
			b.lock.Lock()
			b.targets[0].inFlight += 3
			b.lock.Unlock()
			for range 8 {
				post(t, b.URL())
			}
			if algorithm == LeastOutstanding {
				want = 0
			}
			assert.Equal(t, busy.Load(), want)
			assert.Equal(t, free.Load(), 8-want)
		})
	}
}

func TestOnlyHealthyTargetsTakeRequests(t *testing.T) {
	var wrong atomic.Int32
	healthy := serve(t, func(http.ResponseWriter, *http.Request) {})
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/event" {
			wrong.Add(1)
		}
		w.WriteHeader(http.StatusTeapot)
	})
	b := start(t, small, healthy, other)
	until(t, "healthy", func() bool { return b.States()[healthy] == Healthy })
	for range 4 {
		status, _ := post(t, b.URL())
		assert.Equal(t, status, http.StatusOK)
	}
	assert.Equal(t, wrong.Load(), int32(0))
}

// TestDrain has one request in flight that ends before the deregistration delay, or
// not.
func TestDrain(t *testing.T) {
	for _, c := range []struct {
		name   string
		ends   bool
		status int
		reason string
	}{
		{"ends", true, http.StatusOK, "nothing in flight any more"},
		{"doesn't end", false, http.StatusBadGateway, "deregistration delay"},
	} {
		t.Run(c.name, func(t *testing.T) {
			arrived, end := make(chan bool, 1), make(chan bool)
			address := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/event" {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				arrived <- true
				hold(r, end)
				_, _ = io.WriteString(w, "done")
			})
			f := small
			f.IdleTimeout = time.Minute
			b := start(t, f, address)
			inFlight := make(chan int, 1)
			go func() {
				status, _ := post(t, b.URL())
				inFlight <- status
			}()
			receive(t, arrived)
			unused := b.Deregister(address)
			assert.DeepEqual(t, b.States(), map[string]State{address: Draining})
			status, _ := post(t, b.URL())
			assert.Equal(t, status, http.StatusServiceUnavailable)
			select {
			case <-unused:
				t.Error("unused with a request in flight")
			case <-time.After(30 * time.Millisecond):
			}
			if c.ends {
				close(end)
			}
			assert.Equal(t, receive(t, inFlight), c.status)
			receive(t, unused)
			log := b.Transitions()
			assert.Equal(t, log[len(log)-1].Reason, c.reason)
			assert.Equal(t, b.Closed(), 0)
		})
	}
}

// TestRegisterAgainWhileDraining keeps the old one's requests and begins anew.
func TestRegisterAgainWhileDraining(t *testing.T) {
	arrived, end := make(chan bool, 2), make(chan bool)
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/event" {
			_, _ = io.Copy(io.Discard, r.Body)
			arrived <- true
			hold(r, end)
		}
	})
	f := small
	f.IdleTimeout = time.Minute
	b := start(t, f, address)
	statuses := make(chan int, 2)
	send := func() {
		status, _ := post(t, b.URL())
		statuses <- status
	}
	go send()
	receive(t, arrived)
	b.Deregister(address)
	b.Register(address)
	b.Register(address)
	go send()
	receive(t, arrived)
	close(end)
	assert.Equal(t, receive(t, statuses)+receive(t, statuses), 400)
	until(t, "one left", func() bool { return len(b.States()) == 1 && b.States()[address] != Draining })
}
