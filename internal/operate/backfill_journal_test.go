package operate

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

// TestJournalGoesOn writes a journal, breaks its last line off, and reads it again.
func TestJournalGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "build", "backfill.jsonl")
	first, err := openJournal(path)
	assert.NilError(t, err)
	assert.Check(t, !first.begun())
	assert.NilError(t, first.begin(selected{"0a1b", "stack", "all", []string{"etr_1", "etr_2", "etr_3", "etr_4"}}))
	for _, r := range []record{{Sent: "etr_1"}, {Sent: "etr_2"}, {Sent: "etr_3"}, {Done: "etr_1"}, {Failed: "etr_2", Reason: "gone"}} {
		assert.NilError(t, first.add(r))
	}
	_, err = openJournal(path)
	assert.Error(t, err, path+": another backfill writes it; wait for that, or name another with --journal (make: JOURNAL=)")
	_, err = first.file.WriteString(`{"sent": "etr_`)
	assert.NilError(t, err)
	assert.NilError(t, first.close())

	for range 2 { // What follows a broken line is on a line of its own.
		again, err := openJournal(path)
		assert.NilError(t, err)
		assert.DeepEqual(t, again.outstanding(), []string{"etr_3"})
		assert.DeepEqual(t, again.pending(), []string{"etr_4"})
		assert.DeepEqual(t, again.failures(), map[string][]string{"gone": {"etr_2"}})
		assert.NilError(t, again.check("stack", "all"))
		assert.Error(t, again.check("stack", "others"), path+": it is of another backfill (all, stack stack); give the same entries again, name another file with --journal (make: JOURNAL=), or remove it")
		assert.ErrorContains(t, again.check("another", "all"), "it is of another backfill")
		assert.NilError(t, again.add(record{Done: "etr_1"}))
		assert.NilError(t, again.close())
	}
	peeked, err := peekJournal(path)
	assert.NilError(t, err)
	assert.Equal(t, peeked.Backfill, "0a1b")
}

func TestJournalRefusesOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids.txt")
	for _, text := range []string{"etr_1\n", "{}\n", `{"backfill": "0a1b"}` + "\n\n"} {
		assert.NilError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := openJournal(path)
		assert.ErrorContains(t, err, "no line of a backfill's journal")
		_, err = peekJournal(path)
		assert.ErrorContains(t, err, path+":")
		after, err := os.ReadFile(path)
		assert.NilError(t, err)
		assert.Equal(t, string(after), text)
	}
	none, err := peekJournal(path + ".none")
	assert.NilError(t, err)
	assert.Check(t, !none.begun())
}
