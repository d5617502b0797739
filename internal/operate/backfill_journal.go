package operate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// selected is a journal's first line: what a backfill is of. The entries are those that
// were there when it began.
type selected struct {
	// Backfill is its ID, which is in the webhook IDs of its events.
	Backfill  string   `json:"backfill"`
	Stack     string   `json:"stack"`
	Selection string   `json:"selection"`
	Entries   []string `json:"entries"`
}

// record is one of a journal's other lines; one of the first three has an entry.
type record struct {
	Sent   string `json:"sent,omitempty"`
	Done   string `json:"done,omitempty"`
	Failed string `json:"failed,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// journal is what a backfill has done, in a file of one JSON object a line. Each line is
// on the disk before the next is begun.
type journal struct {
	selected
	path string
	file *os.File
	sent map[string]bool
	// ended has the reason of what failed, and "" for what is done.
	ended map[string]string
}

// openJournal reads a journal and keeps others from it; one that isn't there yet is made.
func openJournal(path string) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: another backfill writes it; wait for that, or name another with --journal (make: JOURNAL=)", path)
	}
	j := &journal{path: path, file: file}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	// A line without an end is one that was being written: what it says wasn't done.
	whole := bytes.LastIndexByte(text, '\n') + 1
	err = j.read(text[:whole])
	if err == nil {
		err = file.Truncate(int64(whole))
	}
	if err == nil {
		_, err = file.Seek(int64(whole), io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

// peekJournal reads a journal, which may be missing, and changes nothing.
func peekJournal(path string) (*journal, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	j := &journal{path: path}
	return j, j.read(text[:bytes.LastIndexByte(text, '\n')+1])
}

func (j *journal) read(text []byte) error {
	j.sent, j.ended = map[string]bool{}, map[string]string{}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		var into any = &j.selected
		var r record
		if number > 1 {
			into = &r
		}
		if err := json.Unmarshal(line, into); err != nil || j.Backfill == "" {
			return fmt.Errorf("%s:%d: no line of a backfill's journal; name another file with --journal (make: JOURNAL=)", j.path, number)
		}
		j.take(r)
	}
	return nil
}

func (j *journal) take(r record) {
	switch {
	case r.Sent != "":
		j.sent[r.Sent] = true
	case r.Done != "":
		j.ended[r.Done] = ""
	case r.Failed != "":
		j.ended[r.Failed] = cmp.Or(r.Reason, "no reason")
	}
}

// begun says whether a backfill has this journal already.
func (j *journal) begun() bool { return j.Backfill != "" }

// check refuses a journal of something else.
func (j *journal) check(stack, selection string) error {
	if !j.begun() || j.Stack == stack && j.Selection == selection {
		return nil
	}
	return fmt.Errorf("%s: it is of another backfill (%s, stack %s); give the same entries again, name another file with --journal (make: JOURNAL=), or remove it", j.path, j.Selection, j.Stack)
}

// begin writes what the backfill is of.
func (j *journal) begin(of selected) error {
	j.selected = of
	return j.write(of)
}

// add writes what was done.
func (j *journal) add(r record) error {
	j.take(r)
	return j.write(r)
}

func (j *journal) write(value any) error {
	line, err := encode(value)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}

// outstanding returns the entries that are sent and whose end isn't known, in order.
func (j *journal) outstanding() []string {
	return j.those(func(entry string) bool { _, ended := j.ended[entry]; return j.sent[entry] && !ended })
}

// pending returns the entries that aren't sent, in order.
func (j *journal) pending() []string {
	return j.those(func(entry string) bool { return !j.sent[entry] })
}

func (j *journal) those(wanted func(string) bool) []string {
	var all []string
	for _, entry := range j.Entries {
		if wanted(entry) {
			all = append(all, entry)
		}
	}
	return all
}

// failures returns the entries that failed by their reasons.
func (j *journal) failures() map[string][]string {
	by := map[string][]string{}
	for _, entry := range j.Entries {
		if reason := j.ended[entry]; reason != "" {
			by[reason] = append(by[reason], entry)
		}
	}
	return by
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
