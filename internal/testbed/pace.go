package testbed

import (
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How often a Pace measures, and for how long it then computes.
const (
	paceEvery = 250 * time.Millisecond
	paceWork  = 10 * time.Millisecond
)

// Pace measures how much longer work takes on this machine than it would if nothing
// else ran: what was due within a time on a quiet machine is due within that many
// times as long on a busy one.
type Pace struct {
	end  chan struct{}
	done sync.WaitGroup

	lock      sync.Mutex
	wall, cpu time.Duration
}

// StartPace begins to measure, until Stop.
func StartPace() *Pace {
	p := &Pace{end: make(chan struct{})}
	p.done.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		ticker := time.NewTicker(paceEvery)
		defer ticker.Stop()
		for {
			p.measure()
			select {
			case <-p.end:
				return
			case <-ticker.C:
			}
		}
	})
	return p
}

// measure computes until this thread has had the processor for paceWork.
func (p *Pace) measure() {
	began, from := time.Now(), threadTime()
	for threadTime()-from < paceWork {
		for range 1000 {
		}
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.wall += time.Since(began)
	p.cpu += threadTime() - from
}

// threadTime returns how long the calling thread has had the processor.
func threadTime() time.Duration {
	var at unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at) != nil {
		return time.Duration(time.Now().UnixNano()) // As if it had it all the time.
	}
	return time.Duration(at.Nano())
}

// Slower returns how many times as long work takes, at least 1.
func (p *Pace) Slower() float64 {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.cpu == 0 {
		return 1
	}
	return max(1, p.wall.Seconds()/p.cpu.Seconds())
}

// Allow returns a limit for this machine as it is.
func (p *Pace) Allow(limit time.Duration) time.Duration {
	return time.Duration(float64(limit) * p.Slower())
}

// Stop ends the measurement.
func (p *Pace) Stop() {
	close(p.end)
	p.done.Wait()
}
