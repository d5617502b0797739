package benchling

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is a way in which Benchling fails. Delay alone makes it slow; Reset goes
// before Status.
type Fault struct {
	// Path is the beginning of the paths that it is for: "" is every one.
	Path string
	// Times is how many requests it is for: 0 is every one until Clear.
	Times int
	// Delay is how long a request waits before what follows.
	Delay time.Duration
	// Reset breaks the connection without a response.
	Reset bool
	// Status is the response instead of the true response: 0 leaves that as it is.
	Status int
	// RetryAfter is sent with the status, in whole seconds: 0 sends none.
	RetryAfter time.Duration
}

// Faults are those in force. The zero value has none.
type Faults struct {
	lock   sync.Mutex
	faults []*Fault
	hits   int
}

// Inject puts a fault into force, behind those that are there already.
func (f *Faults) Inject(fault Fault) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.faults = append(f.faults, &fault)
}

// Clear ends the faults of a path, as Inject was given it.
func (f *Faults) Clear(path string) {
	f.lock.Lock()
	defer f.lock.Unlock()
	var left []*Fault
	for _, fault := range f.faults {
		if fault.Path != path {
			left = append(left, fault)
		}
	}
	f.faults = left
}

// Hits returns how many requests met a fault so far.
func (f *Faults) Hits() int {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.hits
}

// next returns the first fault of a path, and counts it.
func (f *Faults) next(path string) (Fault, bool) {
	f.lock.Lock()
	defer f.lock.Unlock()
	for i, fault := range f.faults {
		if !strings.HasPrefix(path, fault.Path) {
			continue
		}
		f.hits++
		if fault.Times == 1 {
			f.faults = append(f.faults[:i:i], f.faults[i+1:]...)
		} else if fault.Times > 1 {
			fault.Times--
		}
		return *fault, true
	}
	return Fault{}, false
}

// wrap meets the faults before a handler responds.
func (f *Faults) wrap(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, found := f.next(r.URL.Path)
		if !found {
			handler.ServeHTTP(w, r)
			return
		}
		select {
		case <-time.After(fault.Delay):
		case <-r.Context().Done():
			return
		}
		switch {
		case fault.Reset:
			// The server closes the connection of a handler that panics so.
			panic(http.ErrAbortHandler)
		case fault.Status != 0:
			if fault.RetryAfter > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(fault.RetryAfter.Seconds())))
			}
			refuse(w, fault.Status, "a fault on demand")
		default:
			handler.ServeHTTP(w, r)
		}
	})
}
