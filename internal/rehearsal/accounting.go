package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/quilt"
)

const (
	// packageTimeout bounds the time from a fault's end to the last package, and
	// packageEach is added for every event.
	packageTimeout = 2 * time.Minute
	packageEach    = 250 * time.Millisecond
)

// ownFiles are what the worker adds to an export's files.
var ownFiles = []string{"entry.json", "entry_data.json", "input.json", "links.json", "README.md"}

// tally counts what became of events.
type tally struct{ accepted, packaged, lost, doubled, sentAgain int }

func (t tally) String() string {
	return fmt.Sprintf(`{"accepted": %d, "packaged": %d, "lost": %d, "doubled": %d, "sent_again": %d}`,
		t.accepted, t.packaged, t.lost, t.doubled, t.sentAgain)
}

// account waits for the packages of accepted events, and counts them.
func (r *rehearsal) account(ctx context.Context, sent accepted) (string, error) {
	return r.countPackages(ctx, sent, r.waitForPackages(ctx, sent))
}

// countPackages compares the files of accepted events' packages byte for byte
// and counts the messages to Quilt, which were waited for with a given outcome.
func (r *rehearsal) countPackages(ctx context.Context, sent accepted, waited error) (string, error) {
	r.last = sent
	// A second message would come with the redo of a takeover.
	time.Sleep(time.Second)
	problems := []error{waited, r.checkPackaging()}
	packages := r.packager.Packages()
	counts := tally{accepted: len(sent.entries), sentAgain: sent.again}
	for entry, webhook := range sent.entries {
		switch n := packages[packageName(entry)]; {
		case n == 0:
			counts.lost++
			continue
		case n > 1:
			counts.doubled++
		}
		if err := r.checkPackage(ctx, packageName(entry), entry, webhook); err != nil {
			problems = append(problems, err)
			continue
		}
		counts.packaged++
	}
	if counts.packaged != counts.accepted || counts.doubled > 0 {
		problems = append(problems, errors.New(counts.String()))
	}
	if err := errors.Join(problems...); err != nil {
		return "", errors.Join(err, r.keepLogs(ctx))
	}
	return counts.String(), nil
}

// waitForPackages waits until Quilt was told of every accepted event's package.
func (r *rehearsal) waitForPackages(ctx context.Context, sent accepted) error {
	limit := packageTimeout + time.Duration(len(sent.entries))*packageEach
	return until(ctx, limit, func() (bool, string) {
		packages, n := r.packager.Packages(), 0
		for entry := range sent.entries {
			n += min(packages[packageName(entry)], 1)
		}
		return n == len(sent.entries), fmt.Sprintf("%d of %d packages", n, len(sent.entries))
	})
}

// allLogs returns what the containers of all tasks have logged, those that were
// killed included, by name.
func (r *rehearsal) allLogs(ctx context.Context) (map[string]string, error) {
	names, err := r.docker(ctx, "ps", "--all", "--filter", "network="+r.network, "--format", "{{.Names}}")
	if err != nil {
		return nil, err
	}
	logs := map[string]string{}
	for name := range strings.FieldsSeq(names) {
		text, _ := r.engine.Command(ctx, "logs", name).CombinedOutput()
		logs[name] = string(text)
	}
	return logs, nil
}

// keepLogs writes the logs of all tasks, which go with their containers, to
// files, and says where they are.
func (r *rehearsal) keepLogs(ctx context.Context) error {
	logs, err := r.allLogs(ctx)
	if err != nil {
		return err
	}
	dir := filepath.Join(workDir, "tasks")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	for name, log := range logs {
		if err := os.WriteFile(filepath.Join(dir, name+".log"), []byte(log), 0o644); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: what each task logged", dir)
}

// accountForAll looks for messages that came after their row was done.
func (r *rehearsal) accountForAll() (string, error) {
	if err := r.checkPackaging(); err != nil {
		return "", err
	}
	// An event's message names its webhook; an entry has a message for each of its
	// exports.
	times := map[string]int{}
	var doubled []string
	for _, message := range r.packager.Messages() {
		times[message.CommitMessage]++
		if times[message.CommitMessage] == 2 {
			doubled = append(doubled, message.PackageName+": "+message.CommitMessage)
		}
	}
	if len(doubled) > 0 {
		return "", errors.New("asked for twice: " + strings.Join(doubled, ", "))
	}
	return fmt.Sprintf("%d packages, %d exports, one message each", len(r.packager.Packages()), len(times)), nil
}

// packageName returns the name of an entry's package.
func packageName(entry string) string { return "benchling/" + benchling.DisplayID(entry) }

// checkPackaging says what is wrong with the packaging messages that came since it
// was called last, and what the packager couldn't package.
func (r *rehearsal) checkPackaging() error {
	messages, failures := r.packager.Messages(), r.packager.Errors()
	problems := failures[r.checked.failures:]
	for _, message := range messages[r.checked.messages:] {
		problems = append(problems, checkMessage(message, r.deployed.bucket))
	}
	r.checked.messages, r.checked.failures = len(messages), len(failures)
	return errors.Join(problems...)
}

func checkMessage(m quilt.Message, bucket string) error {
	if m.Registry != bucket || m.MetadataURI != "entry.json" || m.SourcePrefix != "s3://"+bucket+"/"+m.PackageName+"/" {
		return fmt.Errorf("packaging message %+v: isn't of the bucket %s", m, bucket)
	}
	return nil
}

// checkPinned looks for every version that a packaging message pointed at.
func (r *rehearsal) checkPinned(ctx context.Context) (string, error) {
	n, err := r.packager.VerifyPinned(ctx)
	if err == nil && n == 0 {
		err = errors.New("no message pointed at a version")
	}
	return fmt.Sprintf("%d versions", n), err
}

// checkPackage compares a package's files with the export's, and looks for the
// webhook in what the worker adds.
func (r *rehearsal) checkPackage(ctx context.Context, name, entry, webhook string) error {
	files := r.benchling.Notebook.FilesOf(entry)
	if err := r.checkFiles(ctx, name, files); err != nil {
		return err
	}
	for path, wanted := range map[string]string{"input.json": webhook, "entry.json": entry, "entry_data.json": entry, "links.json": entry, "README.md": entry} {
		got, err := r.readObject(ctx, name+"/"+path)
		if err == nil && !strings.Contains(string(got), wanted) {
			err = fmt.Errorf("%s/%s: doesn't name %s", name, path, wanted)
		}
		if err != nil {
			return err
		}
	}
	listed, err := r.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(r.deployed.bucket), Prefix: aws.String(name + "/")})
	if err != nil {
		return err
	}
	for _, object := range listed.Contents {
		path := strings.TrimPrefix(aws.ToString(object.Key), name+"/")
		if _, exported := files[path]; !exported && !slices.Contains(ownFiles, path) {
			return fmt.Errorf("%s/%s: neither the export's nor the worker's", name, path)
		}
	}
	return nil
}
