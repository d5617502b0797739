package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// longestList is the most that is read of a page of entries, which has their text, in bytes.
	longestList = 256 << 20
	// listTimeout is for one page.
	listTimeout = 2 * time.Minute
	// listAttempts is how often a page is asked for that Benchling is too busy to give.
	listAttempts = 8
	// longestBusy is the longest that a busy Benchling is waited for at once, and firstBusy
	// the wait where it doesn't say how long.
	longestBusy = 5 * time.Minute
	firstBusy   = time.Second
)

// listed is an entry of Benchling's list.
type listed struct {
	ID       string `json:"id"`
	FolderID string `json:"folderId"`
}

// entryList reads Benchling's list of entries.
type entryList struct {
	app   benchlingApp
	base  string
	token string
	// report is told how many entries are read.
	report func(entries int)
	// wait waits, unless the context ends.
	wait func(context.Context, time.Duration) error
}

// read returns the IDs of the entries that a filter chooses, each once.
func (l *entryList) read(ctx context.Context, filter Filter) ([]string, error) {
	l.app.client.Timeout = listTimeout
	query := filter.query()
	var ids []string
	seen := map[string]bool{}
	for read := 0; ; {
		var page struct {
			Entries   []listed `json:"entries"`
			NextToken string   `json:"nextToken"`
		}
		if err := l.page(ctx, l.base+"/api/v2/entries?"+query.Encode(), &page); err != nil {
			return nil, fmt.Errorf("%s/api/v2/entries: %w", l.base, err)
		}
		for _, entry := range page.Entries {
			if seen[entry.ID] || filter.Folder != "" && entry.FolderID != filter.Folder {
				continue
			}
			if err := checkEntryID(entry.ID); err != nil {
				return nil, fmt.Errorf("%s/api/v2/entries: %w", l.base, err)
			}
			seen[entry.ID] = true
			ids = append(ids, entry.ID)
		}
		read += len(page.Entries)
		l.report(read)
		if page.NextToken == "" || page.NextToken == query.Get("nextToken") {
			return ids, nil
		}
		query.Set("nextToken", page.NextToken)
	}
}

// page asks for a page until Benchling gives it: later where it is busy, and with another
// token where the one that is there has expired.
func (l *entryList) page(ctx context.Context, at string, into any) error {
	backoff := firstBusy
	for attempt := 1; ; attempt++ {
		status, after, err := l.ask(ctx, at, into)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && status == http.StatusOK:
			return nil
		case status == http.StatusUnauthorized && attempt == 1:
			if l.base, l.token, err = l.app.signIn(ctx); err != nil {
				return err
			}
			continue
		case err == nil && status != http.StatusTooManyRequests && status < http.StatusInternalServerError:
			return fmt.Errorf("HTTP status %d; look at the IDs of the filter, and give the app access to the project", status)
		case attempt == listAttempts && err == nil:
			return fmt.Errorf("HTTP status %d, %d times; try again later", status, attempt)
		case attempt == listAttempts:
			return fmt.Errorf("%w; try again", err)
		}
		if after <= 0 {
			after, backoff = backoff, 2*backoff
		}
		if err := l.wait(ctx, min(after, longestBusy)); err != nil {
			return err
		}
	}
}

// ask returns a response's status, and after how long a busy Benchling wants to be asked
// again; 0 where it doesn't say.
//
// Source: Benchling's guide, rate limits: the headers of its responses.
func (l *entryList) ask(ctx context.Context, at string, into any) (status int, after time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, 0, errors.New("it makes no URL")
	}
	request.Header.Set("Authorization", "Bearer "+l.token)
	response, err := l.app.client.Do(request)
	if err != nil {
		return 0, 0, withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, retryAfter(response.Header), nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, longestList)).Decode(into); err != nil {
		return response.StatusCode, 0, errors.New("the response isn't Benchling's JSON")
	}
	return response.StatusCode, 0, nil
}

// retryAfter reads Retry-After, in seconds or as a date, or else how long the period of
// Benchling's rate limit lasts.
func retryAfter(headers http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "X-Rate-Limit-Reset"} {
		value := headers.Get(name)
		if seconds, err := strconv.ParseFloat(value, 64); err == nil {
			return time.Duration(min(max(seconds, 0), longestBusy.Seconds()) * float64(time.Second))
		}
		if at, err := http.ParseTime(value); err == nil {
			return time.Until(at)
		}
	}
	return 0
}

// pause waits, unless the context ends.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
