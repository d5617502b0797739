package quilt

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

func TestMessages(t *testing.T) {
	for text, violation := range map[string]string{
		`{"source_prefix": "s3://bucket/a/b/"}`: "",
		`{"source_prefix": "s3://bucket/a/b/", "registry": "other", "package_name": "a/b", "metadata_uri": "entry.json", "commit_message": "m", "workflow": ""}`: "",
		`{}`:                        "source_prefix",
		`{"source_prefix": "/a/b"}`: "pattern",
		`{"source_prefix": "s3://bucket/a/", "metadata": {}, "metadata_uri": "m"}`: "not",
		`{"source_prefix": "s3://bucket/a/", "metadata": []}`:                      "metadata",
		`{"source_prefix": "s3://bucket/a/", "package_name": "a/b/c"}`:             "package_name",
		`{"source_prefix": "s3://bucket/a/", "registry": "s3://bucket"}`:           "registry",
		`{"source_prefix": "s3://bucket/a/", "workflow": null}`:                    "workflow",
		`{"source_prefix": "s3://bucket/a/", "work_flow": "w"}`:                    "work_flow",
		`{"source_prefix": "s3://bucket/a/?versionId=1", "package_name": "a/b"}`:   "without query",
		`no JSON`: "invalid character",
	} {
		_, err := ParseMessage([]byte(text))
		if violation == "" {
			assert.NilError(t, err)
			continue
		}
		assert.ErrorContains(t, err, violation, text)
	}
	m, err := ParseMessage([]byte(`{"source_prefix": "s3://bucket/my/s%33/a.b/metadata.json", "metadata_uri": "../entry.json"}`))
	assert.NilError(t, err)
	bucket, prefix, err := m.source()
	assert.NilError(t, err)
	assert.Equal(t, bucket+" "+prefix, "bucket my/s3/a.b/")
	assert.Equal(t, m.Registry+" "+m.PackageName, "bucket my_s3/a-b")
	bucket, key, err := m.metadataObject()
	assert.NilError(t, err)
	assert.Equal(t, bucket+" "+key, "bucket my/s3/entry.json")
	assert.Equal(t, inferName(""), "package/null")
	assert.Equal(t, inferName("a/"), "package/a")
}

// TestEventOfTheDocumentation checks the event that Quilt's documentation shows.
func TestEventOfTheDocumentation(t *testing.T) {
	const event = `{"version": "0", "id": "6425eb6a", "detail-type": "package-revision", "source": "com.quiltdata",
		"account": "012345678901", "time": "2024-04-25T14:46:51Z", "region": "us-east-1", "resources": [],
		"detail": {"version": "0.1", "type": "created", "bucket": "example", "handle": "some/package",
		"topHash": "a0fddace2eb2fd91faa697d237a5dbdcfa77f0fd38ca8b4c850dbd93d142ee69"}}`
	assert.NilError(t, CheckEvent([]byte(event)))
	for _, change := range [][2]string{
		{"com.quiltdata", "com.other"}, {"some/package", "some"}, {"a0fdd", "A0FDD"}, {`"created"`, `"deleted"`}, {"2024-04-25T14", "2024-04-25 14"},
	} {
		assert.Check(t, CheckEvent([]byte(strings.Replace(event, change[0], change[1], 1))) != nil, change[1])
	}
}

// TestRefusals has the cases whose outcome was compared with quilt3 8.0.0.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name     string
		paths    []string
		accepted bool
	}{
		{"a/b", []string{"a", "b/c", ".hidden", "...", " ", "a b:\\c", "a\u202fb", "a\nb"}, true},
		{"a/é", []string{"a"}, true},
		{"a/b", []string{""}, false},
		{"a/b", []string{"a//b"}, false},
		{"a/b", []string{"./a"}, false},
		{"a/b", []string{"a/../b"}, false},
		{"a/b", []string{"a/."}, false},
		{"a/b", []string{"/a"}, false},
		{"a/b", []string{"a/"}, false},
		{"a/b", []string{"a", "a/b"}, false},
		{"a/b", []string{"a/b", "a"}, false},
		{"a/b", []string{"a/b/c", "a/b"}, false},
		{"a", nil, false},
		{"a/b/c", nil, false},
		{"a/b c", nil, false},
		{"a/b.c", nil, false},
	} {
		var objects []Object
		for _, path := range c.paths {
			objects = append(objects, Object{Path: path})
		}
		assert.Equal(t, checkObjects(c.name, objects) == nil, c.accepted, "%q %q", c.name, c.paths)
	}
}

// stack has what the deployed stack has of Quilt: a bucket with versions, the
// packaging queue, and a rule that takes Quilt's events into a queue, %s.
const stack = `{"Resources": {
	"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "packages", "VersioningConfiguration": {"Status": "Enabled"}}},
	"Packaging": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "packaging"}},
	"Revisions": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "revisions"}},
	"Closed": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "closed"}},
	"Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Revisions"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Revisions", "Arn"]},
		"Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}}},
		{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sqs:*", "Resource": {"Fn::GetAtt": ["Revisions", "Arn"]}, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}}},
	"Rule": {"Type": "AWS::Events::Rule", "Properties": {
		"EventPattern": {"source": ["com.quiltdata"], "detail-type": ["package-revision"], "detail": {"bucket": ["packages"], "handle": [{"prefix": "benchling/"}]}},
		"Targets": [{"Id": "Revisions", "Arn": {"Fn::GetAtt": ["Revisions", "Arn"]}}, {"Id": "Closed", "Arn": {"Fn::GetAtt": ["Closed", "Arn"]}}]}}}}`

// TestPackager runs the packager with the rehearsal's emulator.
func TestPackager(t *testing.T) {
	ctx := t.Context()
	local := emulatortest.Start(t)
	config := local.Config()

	emulatortest.MakeStack(ctx, t, config, "quilt", stack)
	queues := sqs.NewFromConfig(config)
	url := func(name string) string {
		queue, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(name)})
		assert.NilError(t, err)
		return aws.ToString(queue.QueueUrl)
	}
	bucket := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	put := func(key, text string) string {
		written, err := bucket.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("packages"), Key: aws.String(key), Body: strings.NewReader(text)})
		assert.NilError(t, err)
		return aws.ToString(written.VersionId)
	}
	p := Start(config, url("packaging"))
	defer p.Stop()
	sent := 0
	send := func(text string) {
		_, err := queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String(url("packaging")), MessageBody: aws.String(text)})
		assert.NilError(t, err)
		sent++
	}
	ask := func(name string) {
		send(fmt.Sprintf(`{"source_prefix": "s3://packages/%s/", "package_name": "%s", "metadata_uri": "entry.json"}`, name, name))
	}
	wait := func(what string, reached func() bool) {
		t.Helper()
		for until := time.Now().Add(20 * time.Second); !reached(); time.Sleep(20 * time.Millisecond) {
			assert.Assert(t, time.Now().Before(until), "%s: %v", what, p.Errors())
		}
	}
	// EventBridge delivers an event at least once; its ID says which it is.
	seen := map[string]bool{}
	events := func(queue string) []string {
		received, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(url(queue)), MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
		assert.NilError(t, err)
		var hashes []string
		for _, message := range received.Messages {
			assert.NilError(t, CheckEvent([]byte(aws.ToString(message.Body))))
			var event struct {
				ID     string
				Detail struct{ Handle, TopHash string }
			}
			assert.NilError(t, json.Unmarshal([]byte(aws.ToString(message.Body)), &event))
			if !seen[event.ID] {
				seen[event.ID] = true
				hashes = append(hashes, event.Detail.Handle+" "+event.Detail.TopHash)
			}
			_, err := queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(url(queue)), ReceiptHandle: message.ReceiptHandle})
			assert.NilError(t, err)
		}
		return hashes
	}

	// The latest versions are pinned, and the event tells of the revision.
	const name = "benchling/EXP-1"
	put(name+"/entry.json", `{"display_id": "EXP-1"}`)
	first := put(name+"/data/a\u202fb.csv", "old")
	put(name+"/empty/", "")
	gone := put(name+"/gone", "x")
	_, err := bucket.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("packages"), Key: aws.String(name + "/gone")})
	assert.NilError(t, err)
	ask(name)
	wait("first revision", func() bool { return len(p.Revisions(name)) == 1 })
	second := put(name+"/data/a\u202fb.csv", "new")
	ask(name)
	wait("second revision", func() bool { return len(p.Revisions(name)) == 2 })
	revisions := p.Revisions(name)
	assert.Equal(t, len(revisions[0].Objects), 2)
	assert.Equal(t, revisions[0].Objects[0].Path, "data/a\u202fb.csv")
	assert.Equal(t, revisions[0].Objects[0].VersionID, first)
	assert.Equal(t, revisions[1].Objects[0].VersionID, second)
	assert.DeepEqual(t, revisions[0].Metadata, map[string]any{"display_id": "EXP-1"})
	assert.Check(t, revisions[0].TopHash != revisions[1].TopHash)
	wait("confirmation", func() bool { return !p.Revisions(name)[1].Confirmed.IsZero() })
	assert.DeepEqual(t, events("revisions"), []string{name + " " + revisions[0].TopHash, name + " " + revisions[1].TopHash})
	assert.Equal(t, len(events("closed")), 0)

	// Silence, refusal and delay on demand, and a package of others.
	p.Silence(true)
	ask(name)
	wait("silence", func() bool { return len(p.Revisions(name)) == 3 })
	p.Silence(false)
	p.Refuse("benchling/", true)
	ask(name)
	wait("refusal", func() bool { return p.Packages()[name] == 4 })
	p.Refuse("benchling/", false)
	put("other/EXP-1/entry.json", "{}")
	ask("other/EXP-1")
	wait("others", func() bool { return len(p.Revisions("other/EXP-1")) == 1 })
	assert.DeepEqual(t, events("revisions"), []string(nil))
	assert.Equal(t, len(p.Revisions(name)), 3)
	assert.Check(t, p.Revisions(name)[2].Confirmed.IsZero())
	p.Delay(300 * time.Millisecond)
	ask(name)
	wait("delay", func() bool { r := p.Revisions(name); return len(r) == 4 && !r[3].Confirmed.IsZero() })
	late := p.Revisions(name)[3]
	assert.Check(t, late.Confirmed.Sub(late.Received) >= 300*time.Millisecond)
	assert.Equal(t, len(events("revisions")), 1)
	assert.Equal(t, errors.Join(p.Errors()...), nil)
	assert.Equal(t, len(p.Messages()), sent)

	// What Quilt refuses.
	put("benchling/EXP-2/entry.json", "[]")
	ask("benchling/EXP-2")
	put("benchling/EXP-3/entry.json", "{}")
	put("benchling/EXP-3/a", "")
	put("benchling/EXP-3/a/b", "")
	ask("benchling/EXP-3")
	ask("benchling/EXP-4")
	send(`{"prefix": "s3://packages/benchling/EXP-5/"}`)
	wait("errors", func() bool { return len(p.Errors()) == 4 })
	for i, part := range []string{"not a JSON object", `key "a": is a file and a directory`, "NoSuchKey", "source_prefix"} {
		assert.ErrorContains(t, p.Errors()[i], part)
	}

	// A revision loses an object.
	count, err := p.VerifyPinned(ctx)
	assert.NilError(t, err)
	assert.Equal(t, count, 8)
	_, err = bucket.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String("packages"), Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{
		{Key: aws.String(name + "/data/a\u202fb.csv"), VersionId: aws.String(first)}, {Key: aws.String(name + "/gone"), VersionId: aws.String(gone)},
	}}})
	assert.NilError(t, err)
	_, err = p.VerifyPinned(ctx)
	assert.ErrorContains(t, err, "version "+first)
}
