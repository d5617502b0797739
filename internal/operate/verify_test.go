package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"gotest.tools/v3/assert"
)

// workTemplate has the queues and the table of an event's way, ready for a front door's
// URL and the packaging queue.
const workTemplate = `{"Resources": {
	"Intake": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": true}}, "Packaging": {"Type": "AWS::SQS::Queue"},
	"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "{}"}},
	"Claims": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}},
"Outputs": {"IntakeQueueUrl": {"Value": {"Ref": "Intake"}}, "ClaimsTableName": {"Value": {"Ref": "Claims"}}, "SecretArn": {"Value": {"Ref": "Secret"}},
	"WebhookUrl": {"Value": %q}, "PackagingQueueUrl": {"Value": %s}}}`

const quiltsQueue = `"https://sqs.eu-west-1.amazonaws.com/123456789012/quilt.fifo"`

// worker stands in for the worker: it takes events, and writes items as the real one has
// written those of testdata/events.json.
type worker struct {
	t      *testing.T
	intake intake
	claims claims
}

// next takes an event and deletes its message; it waits for one.
func (w worker) next(ctx context.Context) event {
	for ctx.Err() == nil {
		got, err := w.intake.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(w.intake.url), MaxNumberOfMessages: 1})
		if err != nil || len(got.Messages) == 0 {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		var e event
		assert.Check(w.t, json.Unmarshal([]byte(aws.ToString(got.Messages[0].Body)), &e) == nil)
		_, err = w.intake.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(w.intake.url), ReceiptHandle: got.Messages[0].ReceiptHandle})
		assert.Check(w.t, err == nil)
		return e
	}
	return event{}
}

// put writes an item.
func (w worker) put(ctx context.Context, key string, item attributes) {
	item["id"] = &types.AttributeValueMemberS{Value: key}
	_, err := w.claims.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(w.claims.table), Item: item})
	assert.Check(w.t, err == nil, "%v", err)
}

func numeric(value float64) *types.AttributeValueMemberN {
	return &types.AttributeValueMemberN{Value: strconv.FormatFloat(value, 'f', 3, 64)}
}

// newWork makes a stack with a front door that is ready, and the worker of it. Without a
// packaging queue it is one that exports nothing.
func newWork(ctx context.Context, t *testing.T, packaging string) (aws.Config, worker) {
	t.Helper()
	template := workTemplate
	if packaging == "" {
		// The verb stays for the text of nothing.
		template = strings.Replace(template, `, "PackagingQueueUrl": {"Value": %s}`, "%s", 1)
	}
	cloud, _ := start(ctx, t)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"status": "ready"}`) }))
	t.Cleanup(door.Close)
	emulatortest.MakeStack(ctx, t, cloud, "BenchlingWebhook-dev", fmt.Sprintf(template, door.URL+"/", packaging))
	_, outputs, err := deployedOf(ctx, cloud, "BenchlingWebhook-dev")
	assert.NilError(t, err)
	return cloud, worker{t, intake{sqs.NewFromConfig(cloud), outputs["IntakeQueueUrl"]}, claims{dynamodb.NewFromConfig(cloud), outputs["ClaimsTableName"]}}
}

// seen returns the stations of an outcome.
func seen(outcome verified) string {
	var names []string
	for _, it := range outcome.Stations {
		names = append(names, it.Station)
	}
	return strings.Join(names, ", ")
}

// tells is a writer that calls a function when a station is reported.
type tells struct {
	station string
	call    func()
}

func (w tells) Write(text []byte) (int, error) {
	if strings.Contains(string(text), w.station+": ") {
		w.call()
	}
	return len(text), nil
}

const untilQueued = stationReady + ", " + stationQueued

// TestVerifyFollowsAnEvent goes all the way with Quilt, while the entry has an older
// revision, and fails where the worker does, where nobody takes the event and where the
// front door isn't ready.
func TestVerifyFollowsAnEvent(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, w := newWork(ctx, t, quiltsQueue)
	v, err := newVerification(ctx, cloud, "dev")
	assert.NilError(t, err)
	assert.Check(t, v.quilt)
	v.poll, v.out, v.options.Timeout = 10*time.Millisecond, io.Discard, 20*time.Second
	v.objects = s3.NewFromConfig(cloud, func(o *s3.Options) { o.UsePathStyle = true })
	_, err = v.objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("packages")})
	assert.NilError(t, err)
	_, err = v.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("packages"), Key: aws.String("benchling/EXP1/entry.json"), Body: strings.NewReader(`{"files": [{"size": 40}, {"size": 2}]}`)})
	assert.NilError(t, err)
	items := readShared(t).Items
	status := func(handed, confirmed float64) attributes {
		item := items["entry#etr_1"].attributes()
		item["handed_at"], item["confirmed_at"] = numeric(handed), numeric(confirmed)
		return item
	}

	w.put(ctx, "entry#etr_1", status(2, 3))
	handed := make(chan struct{})
	v.out = tells{stationHanded, func() { close(handed) }}
	go func() {
		e := w.next(ctx)
		w.put(ctx, "entry#etr_1", status(e.ReceivedAt+5, 3))
		w.put(ctx, "webhook#"+e.WebhookID, items["webhook#verify_1"].attributes())
		<-handed
		time.Sleep(200 * time.Millisecond)
		w.put(ctx, "entry#etr_1", status(e.ReceivedAt+5, e.ReceivedAt+9))
	}()
	assert.NilError(t, v.run(ctx, "etr_1"))
	assert.Equal(t, seen(v.outcome), strings.Join(toPackage, ", "))
	assert.Equal(t, v.outcome.Stations[3].Detail, "2 files in s3://packages/benchling/EXP1, 42 bytes")
	assert.Equal(t, v.outcome.Revision, strings.Repeat("b", 64))
	assert.Check(t, v.outcome.Stations[5].Seconds > v.outcome.Stations[4].Seconds, "an older revision passed for this one")
	v.out = io.Discard

	go func() {
		e := w.next(ctx)
		w.put(ctx, "webhook#"+e.WebhookID, items["webhook#backfill_0a1b_etr_2"].attributes())
	}()
	err = v.run(ctx, "etr_2")
	assert.Error(t, err, "etr_2: failed for good, and is a dead letter: the entry: Benchling answered 404; mend the reason, then `make redrive`; `make logs ENVIRONMENT=dev WEBHOOK="+v.outcome.WebhookID+"` has all")
	assert.Equal(t, seen(v.outcome), untilQueued+", "+stationTaken)

	v.options.Timeout = 100 * time.Millisecond
	assert.ErrorContains(t, v.run(ctx, "etr_3"), `etr_3: not taken by the worker within 100ms; the last station is "event queued"; is a worker running`)

	v.options.DryRun = true
	waiting := w.next(ctx)
	assert.NilError(t, v.run(ctx, "etr_3"))
	queued, err := v.intake.outstanding(ctx)
	assert.NilError(t, err)
	assert.Equal(t, fmt.Sprint(waiting.EntryID, queued), "etr_30")

	v.options = VerifyOptions{Timeout: time.Minute}
	stopped, stop := context.WithCancel(ctx)
	v.out = tells{stationQueued, stop}
	assert.Error(t, v.run(stopped, "etr_4"), "interrupted: the event of etr_4 goes on by itself; `make logs ENVIRONMENT=dev WEBHOOK="+v.outcome.WebhookID+"` shows how")
}

// TestVerifyWithoutQuilt ends where nobody confirms, as the command is called.
func TestVerifyWithoutQuilt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, w := newWork(ctx, t, `{"Ref": "Packaging"}`)
	go func() {
		e := w.next(ctx)
		w.put(ctx, "webhook#"+e.WebhookID, readShared(t).Items["webhook#verify_1"].attributes())
	}()
	var out bytes.Buffer
	assert.NilError(t, Verify(ctx, "dev", "etr_1", VerifyOptions{Timeout: time.Minute, JSON: true}, &out))
	var outcome verified
	assert.NilError(t, json.Unmarshal(out.Bytes(), &outcome))
	assert.Check(t, outcome.Verified)
	assert.Equal(t, seen(outcome), untilQueued+", "+stationTaken+", "+stationStored+", "+stationHanded)
	assert.Check(t, strings.Contains(outcome.Stations[4].Detail, "no Quilt stack is connected"))
}

func TestVerifyRefuses(t *testing.T) {
	assert.ErrorContains(t, Verify(t.Context(), "dev", "EXP-1", VerifyOptions{Timeout: time.Minute}, nil), `"EXP-1": no entry ID`)
	assert.ErrorContains(t, Verify(t.Context(), "dev", "etr_1", VerifyOptions{}, nil), "--timeout 0s: no time")
}

func TestVerifyNeedsAFrontDoor(t *testing.T) {
	door, _ := respond(t, 503, `{"status": "not ready", "reasons": ["secret: no tenant"]}`)
	v := verification{door: door, out: io.Discard}
	assert.Error(t, v.run(t.Context(), "etr_1"), door.url+"health/ready: not ready\nsecret: no tenant\nnothing was sent")
	assert.Equal(t, len(v.outcome.Stations), 0)
}

// TestWayOfAnEvent lays down what claim and status say, and wants the last station, or
// the failure.
func TestWayOfAnEvent(t *testing.T) {
	const now = 1000
	stored := &storedPackage{bucket: "b", name: "p/1"}
	done := claim{state: claimDone, stored: stored}
	for _, c := range []struct {
		name    string
		claim   claim
		status  exportStatus
		last    string
		failure string
		done    bool
	}{
		{"in work", claim{state: "working"}, exportStatus{topHash: "old", confirmedAt: 2000}, stationTaken, "", false},
		{"stored", claim{state: "working", stored: stored}, exportStatus{}, stationStored, "", false},
		{"failed once", claim{state: "working", attempts: 1, reason: "busy"}, exportStatus{}, stationTaken, "attempt 1 failed: busy; the worker tries again by itself", false},
		{"done after a failure", claim{state: claimDone, attempts: 1, stored: stored}, exportStatus{handedAt: now + 1}, stationHanded, "", false},
		{"older revision", done, exportStatus{topHash: "old", handedAt: now + 1, confirmedAt: now}, stationHanded, "", false},
		{"confirmed", done, exportStatus{topHash: "new", handedAt: now + 1, confirmedAt: now + 2}, stationConfirmed, "", true},
		{"covered", claim{state: claimDone}, exportStatus{topHash: "new", handedAt: now + 1, confirmedAt: now + 2}, stationConfirmed, "", true},
		{"not confirmed", done, exportStatus{state: notConfirmed, packageName: "p/1", handedAt: now + 1}, stationHanded,
			"Quilt hasn't made a revision of p/1 in time; look at Quilt's packager and its dead letters (UnconfirmedPackages in docs/runbook.md)", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			way := eventWay{sent: event{ReceivedAt: now}, quilt: true}
			all := way.advance(c.claim, c.status)
			assert.Equal(t, all[len(all)-1].Station, c.last)
			assert.Equal(t, way.failure, c.failure)
			assert.Equal(t, way.done, c.done)
			assert.Check(t, len(way.advance(c.claim, c.status)) == 0 || c.done, "a station came twice")
		})
	}
}

// TestVerifyWithoutExports ends where the worker has searched for linked packages.
func TestVerifyWithoutExports(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, w := newWork(ctx, t, "")
	v, err := newVerification(ctx, cloud, "dev")
	assert.NilError(t, err)
	var out bytes.Buffer
	v.poll, v.out, v.options.Timeout = 10*time.Millisecond, &out, 20*time.Second
	go func() {
		e := w.next(ctx)
		w.put(ctx, "webhook#"+e.WebhookID, attributes{"state": &types.AttributeValueMemberS{Value: claimDone}})
	}()
	assert.NilError(t, v.run(ctx, "etr_1"))
	assert.Equal(t, seen(v.outcome), strings.Join(withoutExport, ", "))
	assert.Check(t, strings.Contains(out.String(), "linked packages are searched for anew, as by a canvas's button"), out.String())

	v.options.Timeout = 100 * time.Millisecond
	assert.ErrorContains(t, v.run(ctx, "etr_2"), `etr_2: not taken by the worker within 100ms`)
}
