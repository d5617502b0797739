package benchservice

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"benchlingwebhook/internal/statistics"
	"benchlingwebhook/internal/testbed/benchling"
)

// atOnce bounds the requests under way of a load at a rate: a server that falls
// behind makes them wait here, and that counts as its time.
const atOnce = 64

// client keeps its connections, as a load balancer does.
var client = &http.Client{
	Timeout:   10 * time.Second,
	Transport: &http.Transport{MaxIdleConnsPerHost: atOnce, MaxConnsPerHost: atOnce},
}

// events are signed when they are asked for: signing takes some fifty
// microseconds, a fiftieth of what the fastest response takes.
type events struct {
	key           benchling.Key
	appDefinition string
	number        atomic.Int64
}

func newEvents(key benchling.Key, appDefinition string) *events {
	return &events{key: key, appDefinition: appDefinition}
}

// next returns an event of an entry of its own.
func (e *events) next() (benchling.Webhook, error) {
	entry := "etr_" + strconv.FormatInt(e.number.Add(1), 10)
	body, err := benchling.EntryUpdated(e.appDefinition, entry)
	if err != nil {
		return benchling.Webhook{}, err
	}
	return e.key.Sign(body, time.Now())
}

// timings are the times of the accepted events.
type timings struct {
	took   []time.Duration
	lasted time.Duration
}

func (t timings) perSecond() float64 { return float64(len(t.took)) / t.lasted.Seconds() }

// quantile returns the time within which so large a part of the events was
// answered.
func (t timings) quantile(part float64) time.Duration {
	return statistics.Quantile(t.took, part)
}

// asFastAsPossible sends events over so many connections, at least one over each,
// and each as soon as the one before has its response.
func asFastAsPossible(ctx context.Context, s *server, e *events, connections int, lasting time.Duration) (timings, error) {
	began := time.Now()
	until := began.Add(lasting)
	return collect(began, connections, func(add func(time.Duration)) error {
		for {
			webhook, err := e.next()
			if err != nil {
				return err
			}
			sent := time.Now()
			if err := send(ctx, s, webhook, http.StatusOK); err != nil {
				return err
			}
			add(time.Since(sent))
			if !time.Now().Before(until) {
				return nil
			}
		}
	})
}

// atRate sends so many events a second, and at least one, whether the server keeps
// up or not; an event's time begins when it is due.
func atRate(ctx context.Context, s *server, e *events, perSecond float64, lasting time.Duration) (timings, error) {
	number := max(1, int(perSecond*lasting.Seconds()))
	due := make(chan time.Time, number)
	began := time.Now()
	go func() {
		defer close(due)
		for i := range number {
			at := began.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))
			time.Sleep(time.Until(at))
			due <- at
		}
	}()
	return collect(began, atOnce, func(add func(time.Duration)) error {
		for at := range due {
			webhook, err := e.next()
			if err != nil {
				return err
			}
			if err := send(ctx, s, webhook, http.StatusOK); err != nil {
				return err
			}
			add(time.Since(at))
		}
		return nil
	})
}

// A flood is a kind of requests that nobody has signed, and the limit that it must
// keep is mostFloodRatio.
type flood struct {
	name string
	// signatures is how many well-formed ones, of nobody's, each request brings.
	signatures int
}

var floods = []flood{
	{"of one signature", 1},
	// As many as the service looks at (MAX_SIGNATURES in docker/src/webhook/verification.py).
	{"of 5 signatures", 5},
	// As many as API Gateway's limit for headers lets through, 9.9 kB.
	{"of 520 signatures", 520},
}

// header returns a signature's header as long as the flood wants it: tiny, but
// well-formed signatures, each another one.
func (f flood) header() string {
	var all []string
	for i := range f.signatures {
		// Two numbers of two bytes in DER.
		der := []byte{48, 8, 2, 2, 1, byte(i), 2, 2, 1, byte(i >> 8)}
		all = append(all, "v1der,"+base64.StdEncoding.EncodeToString(der))
	}
	return strings.Join(all, " ")
}

// send floods a server until the context ends.
func (f flood) send(ctx context.Context, s *server, connections int) error {
	body, err := benchling.EntryUpdated(s.appDefinition, "etr_unsigned")
	if err != nil {
		return err
	}
	webhook := benchling.Webhook{ID: "wh_unsigned", Signature: f.header(), Body: body}
	_, err = collect(time.Now(), connections, func(func(time.Duration)) error {
		for ctx.Err() == nil {
			webhook := webhook
			webhook.Timestamp = strconv.FormatInt(time.Now().Unix(), 10)
			if err := send(ctx, s, webhook, http.StatusUnauthorized); err != nil && ctx.Err() == nil {
				return err
			}
		}
		return nil
	})
	return err
}

// probe asks for a server's health several times a second, as a load balancer's
// target group would, until the context ends, and returns the longest time that
// a response took.
func probe(ctx context.Context, s *server) (time.Duration, error) {
	var longest time.Duration
	probing := &http.Client{Timeout: client.Timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		select {
		case <-ctx.Done():
			return longest, nil
		case <-time.After(probeEvery):
		}
		began := time.Now()
		response, err := probing.Get(s.url + "/health")
		if err != nil {
			return longest, err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return longest, fmt.Errorf("/health: status %d", response.StatusCode)
		}
		longest = max(longest, time.Since(began))
	}
}

// collect runs the work so many times at once and returns the times of all, or
// the first error.
func collect(began time.Time, atOnce int, work func(add func(time.Duration)) error) (timings, error) {
	var group sync.WaitGroup
	var lock sync.Mutex
	var all timings
	var failed error
	for range atOnce {
		group.Go(func() {
			var own []time.Duration
			err := work(func(d time.Duration) { own = append(own, d) })
			lock.Lock()
			defer lock.Unlock()
			all.took = append(all.took, own...)
			if failed == nil {
				failed = err
			}
		})
	}
	group.Wait()
	all.lasted = time.Since(began)
	return all, failed
}

// send posts a webhook, and fails where the response has another status.
func send(ctx context.Context, s *server, webhook benchling.Webhook, want int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/event", bytes.NewReader(webhook.Body))
	if err != nil {
		return err
	}
	webhook.SetHeaders(request.Header)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("/event: status %d, not %d: %s", response.StatusCode, want, body)
	}
	return err
}
