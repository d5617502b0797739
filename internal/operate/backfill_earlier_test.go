package operate

import (
	"context"
	"io"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// TestEventsOfAnEarlierRunCount counts what an interrupted run has sent, and what is still
// in the queue, against the bound: a later run sends nothing until there is room.
func TestEventsOfAnEarlierRunCount(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, w := newWork(ctx, t, quiltsQueue)
	ids := []string{"etr_1", "etr_2", "etr_3", "etr_4"}
	run := func(ctx context.Context) (*backfill, error) {
		options := BackfillOptions{File: "ids.txt", Journal: "journal.jsonl", Outstanding: 2, PerMinute: 60_000}
		b, err := newBackfill(ctx, cloud, "dev", options)
		assert.NilError(t, err)
		b.out, b.progress, b.poll = io.Discard, newProgress(io.Discard), 10*time.Millisecond
		err = b.of(ctx, ids)
		assert.NilError(t, b.journal.close())
		return b, err
	}
	interrupted := func(sent int) *backfill {
		brief, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		b, err := run(brief)
		assert.ErrorContains(t, err, "interrupted: ")
		assert.Equal(t, b.outcome().Sent, sent)
		queued, err := b.intake.outstanding(ctx)
		assert.NilError(t, err)
		assert.Equal(t, queued, 2)
		return b
	}

	first := interrupted(2)
	// Both are in the queue: the next run has no room for a third.
	interrupted(2)

	// A worker has taken one, and its outcome isn't known: it still counts, though the
	// queue has room.
	taken := w.next(ctx)
	assert.Equal(t, taken.EntryID, "etr_1")
	queued, err := first.intake.outstanding(ctx)
	assert.NilError(t, err)
	assert.Equal(t, queued, 1)
	brief, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	_, err = run(brief)
	assert.ErrorContains(t, err, "interrupted: 2 of 4 sent, 0 done, 0 failed, 2 outstanding")

	// With its outcome there is room for one more, and no second.
	w.put(ctx, "webhook#"+taken.WebhookID, readShared(t).Items["webhook#verify_1"].attributes())
	assert.Equal(t, interrupted(3).outcome().Done, 1)
}
