package testbed

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// StartTimeout bounds the time from `docker run` to the first 200.
	StartTimeout = time.Minute
	// HealthTimeout bounds the time until the engine calls a container healthy.
	HealthTimeout = 2 * time.Minute
	// readyTimeout bounds the time until a service that is set up is ready: it asks
	// Benchling for a token first.
	readyTimeout = 30 * time.Second
	poll         = 20 * time.Millisecond
)

// Complaint matches what the log of a service without faults doesn't have.
var Complaint = regexp.MustCompile(`(?i)error|warning|read-only|traceback`)

// longestResponse bounds a call of the service; nothing of it takes this long.
const longestResponse = 15 * time.Second

// client calls the service where it runs.
var client = &http.Client{Timeout: longestResponse}

// Until repeats a look until it is satisfied; its error has the last thing seen.
func Until(ctx context.Context, limit time.Duration, look func() (ok bool, seen string)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		ok, seen := look()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w after %s", seen, ctx.Err(), limit)
		case <-time.After(poll):
		}
	}
}

// WaitOK waits until a URL responds with 200.
func WaitOK(ctx context.Context, url string) error {
	return Until(ctx, readyTimeout, func() (bool, string) {
		status, body, err := Get(ctx, url)
		return status == http.StatusOK, fmt.Sprintf("%s: status %d, %s, %v", url, status, body, err)
	})
}

// Get returns the status and the body of a response.
func Get(ctx context.Context, url string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	return do(client, request)
}

// Post sends a webhook to a URL.
func Post(ctx context.Context, url string, webhook benchling.Webhook) (int, string, error) {
	return post(ctx, client, url, webhook)
}

// PostTrusting sends a webhook to a URL whose certificate the run's authority signed.
func (t *Testbed) PostTrusting(ctx context.Context, url string, webhook benchling.Webhook) (int, string, error) {
	return post(ctx, t.Client, url, webhook)
}

func post(ctx context.Context, client *http.Client, url string, webhook benchling.Webhook) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(string(webhook.Body)))
	if err != nil {
		return 0, "", err
	}
	webhook.SetHeaders(request.Header)
	return do(client, request)
}

func do(client *http.Client, request *http.Request) (int, string, error) {
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(body)), err
}
