package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"benchlingwebhook/rehearsal/benchling"
)

const (
	// packageTimeout bounds the time from a fault's end to the last package, and
	// packageEach is added for every event.
	packageTimeout = time.Minute
	packageEach    = 250 * time.Millisecond
	// countSeconds is how long a message stays hidden that was received but not
	// counted, because the answer got lost: less than packageTimeout.
	countSeconds = 10
	// ownFiles are what the worker adds to an export's files.
	ownFiles = 4
)

// packagingMessage is what Quilt is told of a package.
type packagingMessage struct {
	SourcePrefix  string `json:"source_prefix"`
	Registry      string `json:"registry"`
	PackageName   string `json:"package_name"`
	MetadataURI   string `json:"metadata_uri"`
	CommitMessage string `json:"commit_message"`
}

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
	problems := []error{waited, r.countMessages(ctx)}
	counts := tally{accepted: len(sent.entries), sentAgain: sent.again}
	for entry, webhook := range sent.entries {
		switch n := r.told[packageName(entry)]; {
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
		if err := r.countMessages(ctx); err != nil {
			return false, err.Error()
		}
		told := 0
		for entry := range sent.entries {
			told += min(r.told[packageName(entry)], 1)
		}
		return told == len(sent.entries), fmt.Sprintf("%d of %d packages", told, len(sent.entries))
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
func (r *rehearsal) accountForAll(ctx context.Context) (string, error) {
	if err := r.countMessages(ctx); err != nil {
		return "", err
	}
	var doubled []string
	for name, n := range r.told {
		if n > 1 {
			doubled = append(doubled, fmt.Sprintf("%s: %d times", name, n))
		}
	}
	if len(doubled) > 0 {
		return "", errors.New(strings.Join(doubled, ", "))
	}
	return fmt.Sprintf("%d packages, one message each", len(r.told)), nil
}

// packageName returns the name of an entry's package.
func packageName(entry string) string { return "benchling/" + benchling.DisplayID(entry) }

// countMessages takes what the packaging queue holds and counts it by package.
func (r *rehearsal) countMessages(ctx context.Context) error {
	client := sqs.NewFromConfig(r.emulator.Config())
	queue := aws.String(r.deployed.packagingURL)
	for {
		answer, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: queue, MaxNumberOfMessages: 10, VisibilityTimeout: countSeconds,
		})
		if err != nil || len(answer.Messages) == 0 {
			return err
		}
		var taken []types.DeleteMessageBatchRequestEntry
		for _, m := range answer.Messages {
			var message packagingMessage
			if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &message); err != nil {
				return err
			}
			if err := r.checkMessage(message); err != nil {
				return err
			}
			r.told[message.PackageName]++
			taken = append(taken, types.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
		}
		deleted, err := client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: queue, Entries: taken})
		if err == nil && len(deleted.Failed) > 0 {
			err = fmt.Errorf("queue %s: %s", r.deployed.packagingURL, aws.ToString(deleted.Failed[0].Message))
		}
		if err != nil {
			return err
		}
	}
}

func (r *rehearsal) checkMessage(m packagingMessage) error {
	bucket := r.deployed.bucket
	if m.Registry != bucket || m.MetadataURI != "entry.json" || m.SourcePrefix != "s3://"+bucket+"/"+m.PackageName+"/" {
		return fmt.Errorf("packaging message %+v: isn't of the bucket %s", m, bucket)
	}
	return nil
}

// checkPackage compares a package's files with the export's, and looks for the
// webhook in what the worker adds.
func (r *rehearsal) checkPackage(ctx context.Context, name, entry, webhook string) error {
	client := s3.NewFromConfig(r.emulator.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	read := func(path string) ([]byte, error) {
		answer, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(r.deployed.bucket), Key: aws.String(name + "/" + path)})
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", name, path, err)
		}
		defer answer.Body.Close()
		return io.ReadAll(answer.Body)
	}
	files := benchling.Files(entry)
	for path, want := range files {
		got, err := read(path)
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("%s/%s: %d bytes that aren't the export's", name, path, len(got))
		}
		if err != nil {
			return err
		}
	}
	for path, wanted := range map[string]string{"input.json": webhook, "entry.json": entry, "entry_data.json": entry, "README.md": entry} {
		got, err := read(path)
		if err == nil && !strings.Contains(string(got), wanted) {
			err = fmt.Errorf("%s/%s: doesn't name %s", name, path, wanted)
		}
		if err != nil {
			return err
		}
	}
	listed, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(r.deployed.bucket), Prefix: aws.String(name + "/")})
	if err == nil && len(listed.Contents) != len(files)+ownFiles {
		err = fmt.Errorf("%s: %d files, not %d", name, len(listed.Contents), len(files)+ownFiles)
	}
	return err
}
