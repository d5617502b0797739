package testbed

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

func TestPaceIsSlowerOnABusyMachine(t *testing.T) {
	var all sync.WaitGroup
	var ended atomic.Bool
	for range 8 * runtime.NumCPU() {
		all.Go(func() {
			runtime.LockOSThread()
			for !ended.Load() {
				runtime.KeepAlive(nil) // Computes nothing, without a pause.
			}
		})
	}
	// As many processors as threads, so that they take turns by the system's scheduler.
	was := runtime.GOMAXPROCS(8*runtime.NumCPU() + 2)
	defer runtime.GOMAXPROCS(was)
	p := StartPace()
	time.Sleep(time.Second)
	p.Stop()
	ended.Store(true)
	all.Wait()
	assert.Assert(t, p.Slower() > 1.5, p.Slower())
	assert.Assert(t, p.Allow(time.Second) > 1500*time.Millisecond)
}

func TestPaceBeforeItMeasured(t *testing.T) {
	assert.Equal(t, new(Pace).Slower(), 1.0)
	assert.Equal(t, new(Pace).Allow(time.Second), time.Second)
}
