package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"gotest.tools/v3/assert"
)

// TestBackfillToTheEmulator sends a list behind a live event, is interrupted, goes on,
// and says which entries failed.
func TestBackfillToTheEmulator(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, w := newWork(ctx, t, quiltsQueue)
	ids := []string{"etr_1", "etr_2", "etr_3", "etr_4", "etr_5"}
	options := BackfillOptions{File: "ids.txt", Journal: "journal.jsonl", Outstanding: 2, PerMinute: 60_000, Wait: true}
	run := func(ctx context.Context, ids []string) (*backfill, error) {
		b, err := newBackfill(ctx, cloud, "dev", options)
		assert.NilError(t, err)
		b.out, b.progress, b.poll = io.Discard, newProgress(io.Discard), 10*time.Millisecond
		err = b.of(ctx, ids)
		if b.journal != nil {
			assert.NilError(t, b.journal.close())
		}
		return b, err
	}
	items := readShared(t).Items

	// One live event leaves room for one of the backfill's.
	assert.NilError(t, w.intake.send(ctx, pressedEvent("wh_1", "etr_live", time.Now())))
	stopped, stop := context.WithCancel(ctx)
	go func() {
		for queued := 0; queued < 2 && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
			queued, _ = w.intake.outstanding(ctx)
		}
		time.Sleep(300 * time.Millisecond)
		stop()
	}()
	b, err := run(stopped, ids)
	assert.Error(t, err, "interrupted: 1 of 5 sent, 0 done, 0 failed, 1 outstanding; what is sent goes on by itself, and the same command goes on with the rest")
	first := b.journal.Backfill
	queued, err := w.intake.outstanding(ctx)
	assert.NilError(t, err)
	assert.Equal(t, queued, 2)

	_, err = run(ctx, ids[:4])
	assert.ErrorContains(t, err, "journal.jsonl: it is of another backfill (a list of 5 entries, ")

	// The worker sees each event once, and never more than two are there.
	assert.Equal(t, w.next(ctx).EntryID, "etr_live")
	most := make(chan int, 1)
	go func() {
		highest := 0
		for _, id := range ids {
			time.Sleep(50 * time.Millisecond)
			queued, err := w.intake.outstanding(ctx)
			assert.Check(t, err == nil)
			highest = max(highest, queued)
			e := w.next(ctx)
			assert.Check(t, e.EntryID == id && e.WebhookID == "backfill_"+first+"_"+id, e.WebhookID)
			item := items["webhook#verify_1"].attributes()
			if id == "etr_2" {
				item = items["webhook#backfill_0a1b_etr_2"].attributes()
			}
			w.put(ctx, "webhook#"+e.WebhookID, item)
		}
		most <- highest
	}()
	b, err = run(ctx, ids)
	assert.Error(t, err, "1 entries failed; mend the reasons, then send their dead letters again with `make redrive ENVIRONMENT=dev`")
	assert.DeepEqual(t, b.outcome(), backfilled{Entries: 5, Sent: 5, Done: 4, Failed: map[string][]string{"the entry: Benchling answered 404": {"etr_2"}}, Journal: "journal.jsonl"})
	assert.Check(t, <-most <= options.Outstanding)

	// Nothing is left to do, as the command is called.
	assert.NilError(t, os.WriteFile("ids.txt", []byte(strings.Join(ids, "\n")), 0o600))
	var out bytes.Buffer
	options.JSON = true
	assert.ErrorContains(t, Backfill(ctx, "dev", options, &out), "1 entries failed")
	var outcome backfilled
	assert.NilError(t, json.Unmarshal(out.Bytes(), &outcome))
	assert.DeepEqual(t, outcome, b.outcome())
	queued, err = w.intake.outstanding(ctx)
	assert.NilError(t, err)
	assert.Equal(t, queued, 0)
}

// TestBackfillOfAFilter signs in with the secret's credentials, counts, and writes nothing.
func TestBackfillOfAFilter(t *testing.T) {
	_, app := standIn(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, w := newWork(ctx, t, quiltsQueue)
	options := BackfillOptions{Filter: Filter{Project: "src_1"}, Outstanding: 4, PerMinute: 30, DryRun: true}
	var out bytes.Buffer
	err := Backfill(ctx, "dev", options, &out)
	assert.ErrorContains(t, err, "`make connect ENVIRONMENT=dev` writes it\nnothing was sent")
	_, outputs, err := deployedOf(ctx, cloud, "BenchlingWebhook-dev")
	assert.NilError(t, err)
	text, err := json.Marshal(map[string]string(app))
	assert.NilError(t, err)
	_, err = secretsmanager.NewFromConfig(cloud).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(outputs["SecretArn"]), SecretString: aws.String(string(text))})
	assert.NilError(t, err)
	assert.NilError(t, Backfill(ctx, "dev", options, &out))
	assert.Equal(t, out.String(), "entries of project src_1: 1 of 1 entries are to be sent, while fewer than 4 events are outstanding and at most 30 a minute: at least 2s\n"+
		"dry run: nothing is sent, and no journal is written\n")
	queued, err := w.intake.outstanding(ctx)
	assert.NilError(t, err)
	assert.Equal(t, queued, 0)
	_, err = os.Stat("build")
	assert.Check(t, os.IsNotExist(err))

	// Without --wait it ends when all is sent, and says how to see the rest.
	out.Reset()
	options.DryRun = false
	assert.NilError(t, Backfill(ctx, "dev", options, &out))
	assert.Check(t, strings.Contains(out.String(), "1 of 1 sent, 0 done, 0 failed, 1 outstanding\nwhat is outstanding goes on by itself; the same command with --wait"), out.String())
	assert.Equal(t, w.next(ctx).Payload.Message.Type, backfillType)
}

// TestLostEvents ends what no worker has taken long after the queue is empty, and nothing
// before; an event that is sent again is there once.
func TestLostEvents(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, _ := newWork(ctx, t, quiltsQueue)
	b, err := newBackfill(ctx, cloud, "dev", BackfillOptions{})
	assert.NilError(t, err)
	b.journal, err = openJournal("journal.jsonl")
	assert.NilError(t, err)
	assert.NilError(t, b.journal.begin(selected{"0a1b", "stack", "all", []string{"etr_1", "etr_2"}}))
	b.sentAt = map[string]time.Time{"etr_1": time.Now().Add(-lostAfter - time.Second), "etr_2": time.Now().Add(-lostAfter + time.Minute)}
	assert.NilError(t, b.settle(ctx, 1))
	assert.Equal(t, len(b.journal.failures()), 0)
	assert.NilError(t, b.settle(ctx, 0))
	assert.DeepEqual(t, b.journal.failures(), map[string][]string{"no worker has seen it through": {"etr_1"}})
	for range 2 {
		assert.NilError(t, b.sendOne(ctx, "etr_2"))
	}
	queued, err := b.intake.outstanding(ctx)
	assert.NilError(t, err)
	assert.Equal(t, queued, 1)
	assert.NilError(t, b.journal.close())
}

func TestEstimates(t *testing.T) {
	b := backfill{options: BackfillOptions{PerMinute: 30}, journal: &journal{ended: map[string]string{}}, began: time.Now().Add(-time.Minute)}
	assert.Equal(t, b.left(90), "; at least 3m0s more")
	for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
		b.journal.ended[id] = ""
	}
	assert.Equal(t, b.left(90), "; about 15m0s more")
	b.alreadyEnded = 5
	assert.Equal(t, b.left(90), "; at least 3m0s more")
	assert.Equal(t, b.left(0), "")
}

func TestProgressIsALineAMinuteOrOneThatIsWrittenOver(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	p.show("1 of 2")
	p.shown = p.shown.Add(-progressBeat)
	p.show("2 of 2")
	p.end()
	assert.Equal(t, out.String(), "2 of 2\n")
	out.Reset()
	p.onTerminal = true
	p.show("1 of 2")
	p.show("1 of 2")
	p.show("2 of 2")
	p.end()
	assert.Equal(t, out.String(), "\r\x1b[K1 of 2\r\x1b[K2 of 2\r\x1b[K")
}
