package operate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// lostAfter is after how long an event without an outcome is lost where the queue has
	// none: SQS's numbers are right a minute after the last message.
	lostAfter = 5 * time.Minute
	// measured is how many events must have ended for an estimate by their pace.
	measured = 5
	// namedEntries is how many entries are named of those that failed for one reason.
	namedEntries = 5
)

// backfilled is the outcome, as programs read it.
type backfilled struct {
	Entries     int `json:"entries"`
	Sent        int `json:"sent"`
	Done        int `json:"done"`
	Outstanding int `json:"outstanding"`
	// Failed has the entries by their reasons.
	Failed  map[string][]string `json:"failed"`
	Journal string              `json:"journal"`
}

func (b *backfill) outcome() backfilled {
	j := b.journal
	failed := j.failures()
	all := 0
	for _, entries := range failed {
		all += len(entries)
	}
	return backfilled{len(j.Entries), len(j.sent), len(j.ended) - all, len(j.outstanding()), failed, j.path}
}

// String says how far it is.
func (o backfilled) String() string {
	return fmt.Sprintf("%d of %d sent, %d done, %d failed, %d outstanding", o.Sent, o.Entries, o.Done, o.Sent-o.Done-o.Outstanding, o.Outstanding)
}

// run sends what isn't sent, one event after the other, each when there is room.
func (b *backfill) run(ctx context.Context) error {
	j := b.journal
	b.began, b.alreadyEnded, b.sentAt = time.Now(), len(j.ended), map[string]time.Time{}
	for _, entry := range j.outstanding() {
		b.sentAt[entry] = b.began
	}
	pending := j.pending()
	fmt.Fprintf(b.out, "%s: %d of %d entries are to be sent, while fewer than %d events are outstanding and at most %d a minute: at least %s\n",
		j.Selection, len(pending), len(j.Entries), b.options.Outstanding, b.options.PerMinute, b.atLeast(len(pending)))
	if b.options.DryRun {
		fmt.Fprintln(b.out, "dry run: nothing is sent, and no journal is written")
		return nil
	}
	fmt.Fprintf(b.out, "the journal is %s: after an interrupt, the same command goes on from there\n", j.path)
	err := b.send(ctx, pending)
	b.progress.end()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %s; what is sent goes on by itself, and the same command goes on with the rest", b.outcome())
	}
	if err != nil {
		return fmt.Errorf("%w\n%s; the same command goes on with the rest", err, b.outcome())
	}
	return b.end()
}

// send sends the pending entries, and waits for the last where that is asked for.
func (b *backfill) send(ctx context.Context, pending []string) error {
	limiter := b.limiter()
	for {
		queued, err := b.intake.outstanding(ctx)
		if err != nil {
			return err
		}
		if err := b.settle(ctx, queued); err != nil {
			return err
		}
		b.progress.show(b.outcome().String() + b.left(len(pending)))
		outstanding := len(b.sentAt)
		switch {
		case len(pending) == 0 && (outstanding == 0 || !b.options.Wait):
			return nil
		case len(pending) > 0 && max(outstanding, queued) < b.options.Outstanding:
			if err := limiter.Wait(ctx); err != nil {
				return err
			}
			if err := b.sendOne(ctx, pending[0]); err != nil {
				return err
			}
			pending = pending[1:]
		default:
			if err := pause(ctx, b.poll); err != nil {
				return err
			}
		}
	}
}

// sendOne sends an entry's event and then records it: if this process ends in between, the
// next run sends the event again, with the same webhook ID, which has no second effect.
func (b *backfill) sendOne(ctx context.Context, entry string) error {
	if err := b.intake.send(ctx, backfillEvent(b.journal.Backfill, entry, time.Now())); err != nil {
		return err
	}
	b.sentAt[entry] = time.Now()
	return b.journal.add(record{Sent: entry})
}

// settle records the outcome of each event that has one.
func (b *backfill) settle(ctx context.Context, queued int) error {
	for _, entry := range slices.Sorted(maps.Keys(b.sentAt)) {
		claimed, err := b.claims.claim(ctx, backfillEvent(b.journal.Backfill, entry, time.Time{}).WebhookID)
		if err != nil {
			return err
		}
		var end record
		switch {
		case claimed.state == claimDone:
			end = record{Done: entry}
		case claimed.state == claimFailed:
			end = record{Failed: entry, Reason: claimed.reason}
		case queued == 0 && time.Since(b.sentAt[entry]) > lostAfter:
			end = record{Failed: entry, Reason: "no worker has seen it through"}
		default:
			continue
		}
		if err := b.journal.add(end); err != nil {
			return err
		}
		delete(b.sentAt, entry)
	}
	return nil
}

// end says what came of it, and how to see the rest.
func (b *backfill) end() error {
	outcome := b.outcome()
	fmt.Fprintln(b.out, outcome)
	if outcome.Outstanding > 0 {
		fmt.Fprintf(b.out, "what is outstanding goes on by itself; the same command with --wait (make: WAIT=1) says what came of it, `make logs ENVIRONMENT=%s ENTRY=…` how\n", b.environment)
	}
	if len(outcome.Failed) == 0 {
		return nil
	}
	for _, reason := range slices.Sorted(maps.Keys(outcome.Failed)) {
		entries := outcome.Failed[reason]
		named := strings.Join(entries[:min(len(entries), namedEntries)], ", ")
		if len(entries) > namedEntries {
			named += ", …"
		}
		fmt.Fprintf(b.out, "%6d  %s: %s\n", len(entries), reason, named)
	}
	return fmt.Errorf("%d entries failed; mend the reasons, then send their dead letters again with `make redrive ENVIRONMENT=%s`",
		outcome.Sent-outcome.Done-outcome.Outstanding, b.environment)
}

// atLeast returns how long the limit makes some events take.
func (b *backfill) atLeast(events int) time.Duration {
	return (time.Duration(events) * time.Minute / time.Duration(b.options.PerMinute)).Round(time.Second)
}

// left says how long the rest will take, by the pace of this run if that is known.
func (b *backfill) left(pending int) string {
	ended := len(b.journal.ended) - b.alreadyEnded
	if pending == 0 {
		return ""
	}
	if ended < measured {
		return "; at least " + b.atLeast(pending).String() + " more"
	}
	each := time.Since(b.began) / time.Duration(ended)
	return "; about " + (time.Duration(pending+len(b.sentAt)) * each).Round(time.Second).String() + " more"
}
