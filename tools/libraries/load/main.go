// Load compares vegeta with the load of internal/benchservice, whose load.go
// bench.py puts beside this file: signed webhooks at a rate, to a server of this
// process that refuses every third one once.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"benchlingwebhook/internal/testbed/benchling"
)

const (
	perSecond = 400
	lasting   = 1500 * time.Millisecond
	rounds    = 5
	// probeEvery is what load.go wants of its package.
	probeEvery = time.Second
)

// server is what load.go sends to.
type server struct{ url, appDefinition string }

// receiver counts what comes in.
type receiver struct {
	lock       sync.Mutex
	signatures map[string]bool
	// refused has the webhooks that got a 503, and whether they came again.
	refused map[string]bool
	count   int
	refuses bool
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	_, _ = io.Copy(io.Discard, request.Body)
	r.lock.Lock()
	defer r.lock.Unlock()
	r.count++
	r.signatures[request.Header.Get("webhook-signature")] = true
	id := request.Header.Get("webhook-id")
	if _, again := r.refused[id]; again {
		r.refused[id] = true
	} else if r.refuses && r.count%3 == 0 {
		r.refused[id] = false
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// attack sends by vegeta, and returns its results and how many name their webhook.
func attack(s *server, e *events) (results []*vegeta.Result, named int) {
	targeter := func(t *vegeta.Target) error {
		webhook, err := e.next()
		if err != nil {
			return err
		}
		t.Method, t.URL, t.Body, t.Header = http.MethodPost, s.url+"/event", webhook.Body, http.Header{}
		webhook.SetHeaders(t.Header)
		return nil
	}
	attacker := vegeta.NewAttacker(vegeta.Connections(atOnce), vegeta.Timeout(client.Timeout))
	for result := range attacker.Attack(targeter, vegeta.Rate{Freq: perSecond, Per: time.Second}, lasting, "") {
		results = append(results, result)
		if result.Headers.Get("webhook-id") != "" {
			named++
		}
	}
	return results, named
}

// latencies returns the times that vegeta reports, which begin when a worker
// sends, and those that begin when the webhook is due.
func latencies(results []*vegeta.Result) (reported, fromDue timings) {
	first := slices.MinFunc(results, func(a, b *vegeta.Result) int { return a.Timestamp.Compare(b.Timestamp) })
	for _, r := range results {
		due := first.Timestamp.Add(time.Duration(r.Seq) * time.Second / perSecond)
		reported.took = append(reported.took, r.Latency)
		fromDue.took = append(fromDue.took, max(r.End().Sub(due), r.Latency))
	}
	return reported, fromDue
}

// cpu returns the processor time of this process.
func cpu() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func main() {
	key, err := benchling.NewKey()
	check(err)
	r := &receiver{signatures: map[string]bool{}, refused: map[string]bool{}}
	listening := httptest.NewServer(r)
	defer listening.Close()
	s, e := &server{listening.URL, "appdef_1"}, newEvents(key, "appdef_1")

	var p99 [3][]float64
	var used [2][]float64
	for range rounds {
		before := cpu()
		own, err := atRate(context.Background(), s, e, perSecond, lasting)
		check(err)
		p99[0] = append(p99[0], own.quantile(0.99).Seconds()*1000)
		used[0] = append(used[0], (cpu()-before).Seconds()*1e6/float64(len(own.took)))
		before = cpu()
		results, _ := attack(s, e)
		used[1] = append(used[1], (cpu()-before).Seconds()*1e6/float64(len(results)))
		reported, fromDue := latencies(results)
		p99[1] = append(p99[1], reported.quantile(0.99).Seconds()*1000)
		p99[2] = append(p99[2], fromDue.quantile(0.99).Seconds()*1000)
	}
	fresh := len(r.signatures) == r.count
	r.refuses = true
	results, named := attack(s, e)
	again := 0
	for _, came := range r.refused {
		if came {
			again++
		}
	}
	check(json.NewEncoder(os.Stdout).Encode([][]any{
		{"99th percentile at 400/s, as reported, ms", median(p99[0]), median(p99[1])},
		{"99th percentile at 400/s, from when each is due, ms", median(p99[0]), median(p99[2])},
		{"CPU a webhook, client and server, µs", median(used[0]), median(used[1])},
		{"a fresh signature each", "yes", fresh},
		{fmt.Sprintf("results of %d that name their webhook", len(results)), "all", named},
		{fmt.Sprintf("sent again of %d that were refused", len(r.refused)), "all", again},
	}))
}
