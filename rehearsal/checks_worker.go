package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"benchlingwebhook/rehearsal/benchling"
)

const (
	// packageTimeout bounds the time from a fault's end to the last package.
	packageTimeout = time.Minute
	// eventsAtOnce is more than one worker works on at once.
	eventsAtOnce = 6
	// ownFiles are what the worker adds to an export's files.
	ownFiles = 4
)

// quickly shortens the worker's waits, so that a takeover takes seconds.
var quickly = map[string]string{"LEASE_SECONDS": "5", "RETRY_SECONDS": "1"}

// packagingMessage is what Quilt is told of a package.
type packagingMessage struct {
	SourcePrefix  string `json:"source_prefix"`
	Registry      string `json:"registry"`
	PackageName   string `json:"package_name"`
	MetadataURI   string `json:"metadata_uri"`
	CommitMessage string `json:"commit_message"`
}

// tally counts what became of events.
type tally struct{ accepted, packaged, lost, doubled int }

func (t tally) String() string {
	return fmt.Sprintf(`{"accepted": %d, "packaged": %d, "lost": %d, "doubled": %d}`, t.accepted, t.packaged, t.lost, t.doubled)
}

// runWorker runs both services, sends events and kills workers; every accepted
// event must become exactly one package.
func (r *rehearsal) runWorker(ctx context.Context) error {
	var web, worker *runningTask
	if err := r.rows.Check("worker: healthy beside the web service", func() (string, error) {
		var err error
		if web, err = r.runTask(ctx, r.deployed.task, nil); err != nil {
			return "", err
		}
		if worker, err = r.runTask(ctx, r.deployed.workerTask, quickly); err != nil {
			return "", err
		}
		return "the engine's health check passes", r.waitHealthy(ctx, worker)
	}); err != nil {
		return err
	}
	if err := r.rows.Check("events become packages", func() (string, error) {
		entries, err := r.sendEvents(ctx, web)
		if err != nil {
			return "", err
		}
		return r.account(ctx, entries)
	}); err != nil {
		return fmt.Errorf("%w: log: %s", err, lastLines(r.logs(ctx, worker), 5))
	}
	for _, fault := range []struct {
		check string
		end   func(*runningTask) error
	}{
		{"worker killed while it exports (SIGKILL)", func(t *runningTask) error {
			_, err := r.docker(ctx, "kill", t.containers[0].Name)
			return err
		}},
		{"worker stopped while it exports (SIGTERM)", func(t *runningTask) error {
			_, err := r.docker(ctx, "kill", "--signal", "TERM", t.containers[0].Name)
			return err
		}},
	} {
		if err := r.rows.Check(fault.check, func() (string, error) {
			var detail string
			var err error
			worker, detail, err = r.loseWorker(ctx, web, worker, fault.end)
			return detail, err
		}); err != nil {
			return err
		}
	}
	return r.rows.Check("worker: SIGTERM", func() (string, error) { return r.stopTask(ctx, worker) })
}

// loseWorker ends a worker in the middle of its exports and starts another,
// which it returns.
func (r *rehearsal) loseWorker(ctx context.Context, web, worker *runningTask, end func(*runningTask) error) (*runningTask, string, error) {
	r.benchling.Notebook.HoldExports(true)
	defer r.benchling.Notebook.HoldExports(false)
	entries, err := r.sendEvents(ctx, web)
	if err != nil {
		return nil, "", err
	}
	if err := until(ctx, packageTimeout, func() (bool, string) {
		for entry := range entries {
			if r.benchling.Notebook.Asked(entry) > 0 {
				return true, ""
			}
		}
		return false, "no export was started"
	}); err != nil {
		return nil, "", err
	}
	if err := end(worker); err != nil {
		return nil, "", err
	}
	next, err := r.runTask(ctx, r.deployed.workerTask, quickly)
	if err != nil {
		return nil, "", err
	}
	r.benchling.Notebook.HoldExports(false)
	detail, err := r.account(ctx, entries)
	if err != nil {
		err = fmt.Errorf("%w: log: %s", err, lastLines(r.logs(ctx, next), 5))
	}
	return next, detail, err
}

// sendEvents sends one event for each of eventsAtOnce new entries, and returns
// the webhook IDs by entry. All must be accepted.
func (r *rehearsal) sendEvents(ctx context.Context, web *runningTask) (map[string]string, error) {
	entries := map[string]string{}
	for range eventsAtOnce {
		entry := "etr_" + benchling.RandomText()
		webhook, err := r.event(r.key, r.appDefinition, entry, time.Now())
		if err != nil {
			return nil, err
		}
		status, body, err := post(ctx, web.url+"/event", webhook)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("/event: status %d, %s", status, body)
		}
		if err != nil {
			return nil, err
		}
		entries[entry] = webhook.ID
	}
	return entries, nil
}

// account waits for the packages of accepted events, compares their files byte
// for byte and counts the messages to Quilt.
func (r *rehearsal) account(ctx context.Context, entries map[string]string) (string, error) {
	told := map[string]int{}
	var problems []error
	err := until(ctx, packageTimeout, func() (bool, string) {
		messages, err := r.packagingMessages(ctx)
		if err != nil {
			return false, err.Error()
		}
		for _, m := range messages {
			told[m.PackageName]++
			problems = append(problems, r.checkMessage(m))
		}
		return len(told) >= len(entries), fmt.Sprintf("%d of %d packages", len(told), len(entries))
	})
	problems = append(problems, err)
	// A second message would come with the redo of a takeover.
	time.Sleep(time.Second)
	late, err := r.packagingMessages(ctx)
	problems = append(problems, err)
	for _, m := range late {
		told[m.PackageName]++
	}
	counts := tally{accepted: len(entries)}
	for entry, webhook := range entries {
		name := packagePrefix + "/" + benchling.DisplayID(entry)
		switch n := told[name]; {
		case n == 0:
			counts.lost++
		case n > 1:
			counts.doubled++
		}
		if err := r.checkPackage(ctx, name, entry, webhook); err != nil {
			problems = append(problems, err)
			continue
		}
		counts.packaged++
	}
	if counts.lost+counts.doubled > 0 {
		problems = append(problems, errors.New(counts.String()))
	}
	return counts.String(), errors.Join(problems...)
}

// packagePrefix is the first part of every package's name.
const packagePrefix = "benchling"

func (r *rehearsal) checkMessage(m packagingMessage) error {
	bucket := r.deployed.bucket
	if m.Registry != bucket || m.MetadataURI != "entry.json" || m.SourcePrefix != "s3://"+bucket+"/"+m.PackageName+"/" {
		return fmt.Errorf("packaging message %+v: isn't of the bucket %s", m, bucket)
	}
	return nil
}

// packagingMessages takes what the packaging queue holds.
func (r *rehearsal) packagingMessages(ctx context.Context) ([]packagingMessage, error) {
	client := sqs.NewFromConfig(r.emulator.Config())
	var messages []packagingMessage
	for {
		answer, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(r.deployed.packagingURL), MaxNumberOfMessages: 10,
		})
		if err != nil || len(answer.Messages) == 0 {
			return messages, err
		}
		for _, m := range answer.Messages {
			var message packagingMessage
			if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &message); err != nil {
				return nil, err
			}
			messages = append(messages, message)
			if _, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{
				QueueUrl: aws.String(r.deployed.packagingURL), ReceiptHandle: m.ReceiptHandle,
			}); err != nil {
				return nil, err
			}
		}
	}
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
