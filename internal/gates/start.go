package gates

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"benchlingwebhook/internal/statistics"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// runs is the number of starts of each image. Their medians are compared with
	// each other; a limit is held against the fastest, for what else the machine
	// does can only make a start slower.
	runs = 7
	// startLimit is for the first 200, which waits for the keys, and for ready, on a
	// machine that may be half as fast as another; the old image's start in the same
	// run is the measure that counts.
	startLimit  = 2 * time.Second
	fasterLimit = 1.8
	// memoryLimit has room for what the old image's own memory varies by, 104 to 110 MB
	// from one build of it to another; ours is 65 MB beside them.
	memoryLimit = 0.65
	// firstEventLimit is half of the three seconds that Benchling waits.
	firstEventLimit = 1500 * time.Millisecond
)

// coldShares are the shares of a processor of Fargate's two smallest tasks.
var coldShares = []string{"0.25", "0.5"}

// checkColdStart starts the image with little of a processor, and sends an event
// as soon as the health check passes: that is when the load balancer does.
func (m *measurement) checkColdStart(ctx context.Context) error {
	for _, share := range coldShares {
		s, err := m.start(ctx, newImage, append([]string{"--cpus", share}, readOnly...))
		if err != nil {
			return err
		}
		webhook, err := m.App.Event("etr_"+benchling.RandomText(), time.Now())
		if err != nil {
			return err
		}
		began := time.Now()
		status, body, err := testbed.Post(ctx, s.url+"/event", webhook)
		took := time.Since(began)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("/event: status %d, %s", status, body)
		}
		if err == nil {
			err = within(took, firstEventLimit)
		}
		m.list.Add(fmt.Sprintf("QG-2 first event at %s CPU", share), fmt.Sprintf("%.1f s after healthy", firstEventLimit.Seconds()),
			fmt.Sprintf("%.2f s; healthy %.2f s after docker run", took.Seconds(), s.firstAnswer.Seconds()), err)
		if _, err := m.Docker(ctx, "rm", "--force", s.name); err != nil {
			return err
		}
	}
	return nil
}

// startUp is how long the starts of an image took, and the memory in bytes that each was
// left with.
type startUp struct {
	firstAnswer, ready []time.Duration
	memory             []int64
}

// checkSpeed starts both images in turns, so that what else the machine does
// strikes both.
func (m *measurement) checkSpeed(ctx context.Context) error {
	var ours, old startUp
	for range runs {
		if err := m.startOnce(ctx, newImage, readOnly, &ours); err != nil {
			return err
		}
		if err := m.startOnce(ctx, oldImage, nil, &old); err != nil {
			return err
		}
	}
	m.figures.Starts = runs
	m.figures.New.Memory, m.figures.Old.Memory = statistics.Median(ours.memory), statistics.Median(old.memory)
	m.addTime("QG-2 first 200", ours.firstAnswer, startLimit)
	m.addTime("QG-2 ready", ours.ready, startLimit)
	m.figures.New.FirstAnswer, m.figures.Old.FirstAnswer = statistics.Median(ours.firstAnswer).Seconds(), statistics.Median(old.firstAnswer).Seconds()
	m.figures.New.Ready, m.figures.Old.Ready = statistics.Median(ours.ready).Seconds(), statistics.Median(old.ready).Seconds()
	faster := m.figures.Old.FirstAnswer / m.figures.New.FirstAnswer
	var err error
	if faster < fasterLimit {
		err = errors.New("too slow")
	}
	m.list.Add("QG-2 first 200 beside the old image", fmt.Sprintf("%.1f times faster", fasterLimit), fmt.Sprintf("%.1f times faster: the old image takes %.2f s", faster, m.figures.Old.FirstAnswer), err)

	share := float64(m.figures.New.Memory) / float64(m.figures.Old.Memory)
	err = nil
	if share > memoryLimit {
		err = errors.New("too much")
	}
	m.list.Add("QG-2 idle memory of a web task", "0.65 of the old image's", fmt.Sprintf("%.2f: %.0f MB, the old image %.0f MB; medians of %d", share, mega(m.figures.New.Memory), mega(m.figures.Old.Memory), runs), err)
	worker, err := m.start(ctx, newImage, readOnly, "python", "-m", "src.worker")
	if err != nil {
		return err
	}
	if m.figures.WorkerMemory, err = m.memory(ctx, worker); err != nil {
		return err
	}
	m.list.Add("QG-2 idle memory of a worker task", "printed", fmt.Sprintf("%.0f MB", mega(m.figures.WorkerMemory)), nil)
	return nil
}

// addTime holds the fastest of some times against a limit.
func (m *measurement) addTime(gate string, times []time.Duration, limit time.Duration) {
	fastest := slices.Min(times)
	m.list.Add(gate, fmt.Sprintf("%.1f s", limit.Seconds()),
		fmt.Sprintf("%.2f s, the fastest of %d; median %.2f s", fastest.Seconds(), len(times), statistics.Median(times).Seconds()), within(fastest, limit))
}

// startOnce starts an image's web service, adds how long that took, reads the
// memory of what is ready, and removes it again.
func (m *measurement) startOnce(ctx context.Context, image string, options []string, took *startUp) error {
	s, err := m.start(ctx, image, options)
	if err != nil {
		return err
	}
	if err := testbed.Until(ctx, testbed.StartTimeout, func() (bool, string) {
		status, body, err := testbed.Get(ctx, s.url+"/health/ready")
		return status == http.StatusOK, fmt.Sprintf("/health/ready of %s: %s %v", image, body, err)
	}); err != nil {
		return err
	}
	took.firstAnswer, took.ready = append(took.firstAnswer, s.firstAnswer), append(took.ready, time.Since(s.began))
	memory, err := m.memory(ctx, s)
	if err != nil {
		return err
	}
	took.memory = append(took.memory, memory)
	_, err = m.Docker(ctx, "rm", "--force", s.name)
	return err
}
