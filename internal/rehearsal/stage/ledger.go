package stage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/quilt"
)

const (
	// packageTimeout bounds the time from a fault's end to the last package, unless a
	// stage bounds it otherwise, and PackageEach is added for every event.
	packageTimeout = 2 * time.Minute
	PackageEach    = 250 * time.Millisecond
)

// ownFiles are what the worker adds to an export's files.
var ownFiles = []string{"entry.json", "entry_data.json", "input.json", "links.json", "README.md"}

// outcome counts what became of events.
type outcome struct{ accepted, packaged, lost, duplicated, sentAgain int }

func (o outcome) String() string {
	return fmt.Sprintf(`{"accepted": %d, "packaged": %d, "lost": %d, "duplicated": %d, "sent_again": %d}`,
		o.accepted, o.packaged, o.lost, o.duplicated, o.sentAgain)
}

// Account waits for the packages of accepted events, and counts them.
func (s *Stage) Account(ctx context.Context, sent Accepted) (string, error) {
	return s.CountPackages(ctx, sent, s.WaitForPackages(ctx, sent))
}

// CountPackages compares the files of accepted events' packages byte for byte
// and counts the messages to Quilt, which were waited for with a given outcome.
func (s *Stage) CountPackages(ctx context.Context, sent Accepted, waited error) (string, error) {
	s.Last = sent
	// A second message would come with the redo of a takeover.
	time.Sleep(time.Second)
	problems := []error{waited, s.checkPackaging()}
	packages := s.Packager.Packages()
	counts := outcome{accepted: len(sent.Entries), sentAgain: sent.Repeated}
	for entry, webhook := range sent.Entries {
		switch n := packages[PackageName(entry)]; {
		case n == 0:
			counts.lost++
			continue
		case n > 1:
			counts.duplicated++
		}
		if err := s.checkPackage(ctx, PackageName(entry), entry, webhook); err != nil {
			problems = append(problems, err)
			continue
		}
		counts.packaged++
	}
	if counts.packaged != counts.accepted || counts.duplicated > 0 {
		problems = append(problems, errors.New(counts.String()))
	}
	if err := errors.Join(problems...); err != nil {
		return "", errors.Join(err, s.KeepLogs(ctx))
	}
	return counts.String(), nil
}

// WaitForPackages waits until Quilt was asked for every accepted event's package.
func (s *Stage) WaitForPackages(ctx context.Context, sent Accepted) error {
	limit := s.PackageTimeout + time.Duration(len(sent.Entries))*PackageEach
	return testbed.Until(ctx, limit, func() (bool, string) {
		packages, n := s.Packager.Packages(), 0
		for entry := range sent.Entries {
			n += min(packages[PackageName(entry)], 1)
		}
		return n == len(sent.Entries), fmt.Sprintf("%d of %d packages", n, len(sent.Entries))
	})
}

// AccountForAll looks for messages that came after their row was done.
func (s *Stage) AccountForAll() (string, error) {
	if err := s.checkPackaging(); err != nil {
		return "", err
	}
	// An event's message names its webhook; an entry has a message for each of its
	// exports.
	times := map[string]int{}
	var duplicated []string
	for _, message := range s.Packager.Messages() {
		times[message.CommitMessage]++
		if times[message.CommitMessage] == 2 {
			duplicated = append(duplicated, message.PackageName+": "+message.CommitMessage)
		}
	}
	if len(duplicated) > 0 {
		return "", errors.New("asked for twice: " + strings.Join(duplicated, ", "))
	}
	return fmt.Sprintf("%d packages, %d exports, one message each", len(s.Packager.Packages()), len(times)), nil
}

// checkPackaging says what is wrong with the packaging messages that came since it
// was called last, and what the packager couldn't package.
func (s *Stage) checkPackaging() error {
	messages, failures := s.Packager.Messages(), s.Packager.Errors()
	problems := failures[s.checked.failures:]
	for _, message := range messages[s.checked.messages:] {
		problems = append(problems, checkMessage(message, s.Stack.Bucket))
	}
	s.checked.messages, s.checked.failures = len(messages), len(failures)
	return errors.Join(problems...)
}

func checkMessage(m quilt.Message, bucket string) error {
	if m.Registry != bucket || m.MetadataURI != "entry.json" || m.SourcePrefix != "s3://"+bucket+"/"+m.PackageName+"/" {
		return fmt.Errorf("packaging message %+v: isn't of the bucket %s", m, bucket)
	}
	return nil
}

// CheckPinned looks for every version that a packaging message pointed at.
func (s *Stage) CheckPinned(ctx context.Context) (string, error) {
	n, err := s.Packager.VerifyPinned(ctx)
	if err == nil && n == 0 {
		err = errors.New("no message pointed at a version")
	}
	return fmt.Sprintf("%d versions", n), err
}

// Accounted makes a row of events, each of which must become exactly one package.
func (s *Stage) Accounted(send func(context.Context) (Accepted, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		sent, err := send(ctx)
		if err != nil {
			return "", err
		}
		return s.Account(ctx, sent)
	}
}
