// Package stage is what the rehearsal's actions share: the deployed stack, the
// tasks that run of it, what is sent to them, and the ledger of what became of it.
package stage

import (
	"sync"
	"sync/atomic"
	"time"

	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/loadbalancer"
	"benchlingwebhook/internal/testbed/quilt"
	"benchlingwebhook/internal/testbed/reachability"
)

// Stage is a testbed with the deployed service on it.
type Stage struct {
	*testbed.Testbed
	// Stack is what was deployed, from ReadBack on.
	Stack Stack
	// Image is what its tasks run, by digest.
	Image string
	// Reach is what reaches what by the deployed network, from ReadBack on.
	Reach *reachability.Network
	// Balancer is the load balancer in front of the web tasks, from ReadBack on.
	Balancer *loadbalancer.Balancer
	// Web and Worker are the tasks that run now.
	Web, Worker atomic.Pointer[Task]
	// Packager takes the packaging messages in Quilt's place.
	Packager *quilt.Packager
	// Mounts are arguments of `docker run` for every task, beside those of the testbed.
	Mounts []string
	// PackageTimeout bounds the time from a fault's end to the last package.
	PackageTimeout time.Duration
	// Last are the events that were accounted for last.
	Last Accepted

	// starting is held while a task starts.
	starting sync.Mutex
	// targets are the IDs of the web tasks that have been targets, by address.
	targets sync.Map
	// checked is how many of the packager's messages and failures were looked at.
	checked struct{ messages, failures int }
}

// New returns a stage on which nothing is deployed, that reports to a report.
func New(report *report.Report) *Stage {
	s := &Stage{Testbed: testbed.New(report), PackageTimeout: packageTimeout}
	s.Closed = true
	return s
}
