package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/stacks"
)

const (
	// DefaultVerifyTimeout is how long Verify waits in all: a large export and Quilt's
	// packager take minutes.
	DefaultVerifyTimeout = 10 * time.Minute
	// verifyPoll is how often the table is asked.
	verifyPoll = time.Second
)

// VerifyOptions say how an entry is sent through.
type VerifyOptions struct {
	// Timeout is how long all stations together may take.
	Timeout time.Duration
	// DryRun checks what the way needs, and sends nothing.
	DryRun bool
	// JSON prints the outcome as one object.
	JSON bool
}

// verified is the outcome, as programs read it.
type verified struct {
	Entry     string    `json:"entry"`
	WebhookID string    `json:"webhook_id"`
	Stations  []reached `json:"stations"`
	// Verified says that the event came to the last station that there is.
	Verified bool `json:"verified"`
	// Revision is Quilt's top hash, where Quilt has confirmed one.
	Revision string `json:"revision"`
	// Reason is why the event didn't get there.
	Reason string `json:"reason"`
}

// reached is a station, and after how many seconds it was seen that the event was there.
type reached struct {
	Station string  `json:"station"`
	Seconds float64 `json:"seconds"`
	Detail  string  `json:"detail"`
}

// Verify sends an entry through a deployed environment, as the press of a canvas's button
// does, and reports each station that its event reaches. Its error says which it didn't,
// and why, or where to look.
func Verify(ctx context.Context, environment, entry string, options VerifyOptions, out io.Writer) error {
	if err := errors.Join(checkEntryID(entry), options.check()); err != nil {
		return err
	}
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	v, err := newVerification(ctx, cloud, environment)
	if err != nil {
		return err
	}
	v.options, v.out = options, out
	if options.JSON {
		v.out = os.Stderr
	}
	err = v.run(ctx, entry)
	if options.JSON {
		v.outcome.Verified = err == nil && !options.DryRun
		if err != nil {
			v.outcome.Reason = err.Error()
		}
		err = errors.Join(err, json.NewEncoder(out).Encode(v.outcome))
	}
	return err
}

func (o VerifyOptions) check() error {
	if o.Timeout <= 0 {
		return fmt.Errorf("--timeout %s: no time; write one such as 10m", o.Timeout)
	}
	return nil
}

// verification is one run of Verify.
type verification struct {
	environment string
	options     VerifyOptions
	door        frontDoor
	intake      intake
	claims      claims
	objects     *s3.Client
	// quilt says that a Quilt stack reads the packaging queue.
	quilt bool
	// noExport says that events make no packages.
	noExport bool
	out      io.Writer
	poll     time.Duration
	outcome  verified
	began    time.Time
}

// newVerification reads where an environment's queue and table are.
func newVerification(ctx context.Context, cloud aws.Config, environment string) (*verification, error) {
	name := stacks.StackName(environment)
	door, outputs, err := deployedOf(ctx, cloud, name, "IntakeQueueUrl", "ClaimsTableName")
	if err != nil {
		return nil, err
	}
	// A packaging queue of the stack's own is one that no Quilt stack reads. A queue's
	// physical ID is its URL (AWS CloudFormation Template Reference, AWS::SQS::Queue).
	own, err := deployed.Resources(ctx, cloud, name, "AWS::SQS::Queue")
	if err != nil {
		return nil, err
	}
	return &verification{
		environment: environment, door: door, poll: verifyPoll,
		intake:  intake{sqs.NewFromConfig(cloud), outputs["IntakeQueueUrl"]},
		claims:  claims{dynamodb.NewFromConfig(cloud), outputs["ClaimsTableName"]},
		objects: s3.NewFromConfig(cloud),
		quilt:   !slices.Contains(own, outputs["PackagingQueueUrl"]),
		// A stack without exports has neither.
		noExport: outputs["PackagingQueueUrl"] == "" && outputs["PackageBucketName"] == "",
	}, nil
}

func (v *verification) run(ctx context.Context, entry string) error {
	v.began = time.Now()
	v.outcome = verified{Entry: entry, WebhookID: newVerifyID(), Stations: []reached{}}
	if _, err := v.door.readiness(ctx); err != nil {
		return fmt.Errorf("%w\nnothing was sent", err)
	}
	v.at(stationReady, v.door.url)
	if v.options.DryRun {
		return v.dryRun(ctx)
	}
	effect := "its package is made anew"
	if v.noExport {
		effect = "linked packages are searched for anew"
	}
	fmt.Fprintf(v.out, "sending entry %s as the webhook %s: %s, as by a canvas's button\n", entry, v.outcome.WebhookID, effect)
	sent := pressedEvent(v.outcome.WebhookID, entry, time.Now())
	if err := v.intake.send(ctx, sent); ctx.Err() != nil {
		return fmt.Errorf("interrupted while the event was queued: where SQS has it, it goes on by itself; `make logs ENVIRONMENT=%s WEBHOOK=%s` shows how", v.environment, sent.WebhookID)
	} else if err != nil {
		return fmt.Errorf("%w\nnothing was sent", err)
	}
	v.at(stationQueued, v.intake.url)
	return v.follow(ctx, sent)
}

// dryRun asks what following an event asks, of an event that isn't there.
func (v *verification) dryRun(ctx context.Context) error {
	waiting, err := v.intake.outstanding(ctx)
	_, claimErr := v.claims.claim(ctx, v.outcome.WebhookID)
	if err := errors.Join(err, claimErr); err != nil {
		return err
	}
	fmt.Fprintf(v.out, "dry run: nothing is sent; %d events wait or are in work before it\n", waiting)
	return nil
}

// at reports that the event has reached a station.
func (v *verification) at(station, detail string) {
	seconds := time.Since(v.began).Round(100 * time.Millisecond).Seconds()
	v.outcome.Stations = append(v.outcome.Stations, reached{station, seconds, detail})
	fmt.Fprintf(v.out, "%7.1f s  %s: %s\n", seconds, station, detail)
}

// follow reports the stations of an event until the last.
func (v *verification) follow(ctx context.Context, sent event) error {
	timeout := time.NewTimer(v.options.Timeout)
	defer timeout.Stop()
	tick := time.NewTicker(v.poll)
	defer tick.Stop()
	way := eventWay{sent: sent, quilt: v.quilt, noExport: v.noExport}
	for {
		done, err := v.look(ctx, &way)
		if ctx.Err() != nil {
			return v.interrupted(sent)
		}
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return v.interrupted(sent)
		case <-timeout.C:
			last := v.outcome.Stations[len(v.outcome.Stations)-1].Station
			return fmt.Errorf("%s: not %s within %s; the last station is %q; %s", sent.EntryID, way.next(last), v.options.Timeout, last, v.remedy(last))
		case <-tick.C:
		}
	}
}

// look reports what is new of an event, and says whether it has come to its end.
func (v *verification) look(ctx context.Context, way *eventWay) (done bool, err error) {
	// The claim first: what it says of the status was written before it.
	claimed, err := v.claims.claim(ctx, way.sent.WebhookID)
	if err != nil || claimed.state == "" {
		return false, err
	}
	status, err := v.claims.status(ctx, way.sent.EntryID)
	if err != nil {
		return false, err
	}
	for _, it := range way.advance(claimed, status) {
		if it.Station == stationStored && claimed.stored != nil {
			it.Detail += v.sizeOf(ctx, *claimed.stored)
		}
		v.at(it.Station, it.Detail)
	}
	v.outcome.Revision = way.revision
	if way.failure != "" {
		return false, fmt.Errorf("%s: %s; `make logs ENVIRONMENT=%s WEBHOOK=%s` has all", way.sent.EntryID, way.failure, v.environment, way.sent.WebhookID)
	}
	return way.done, nil
}

func (v *verification) interrupted(sent event) error {
	return fmt.Errorf("interrupted: the event of %s goes on by itself; `make logs ENVIRONMENT=%s WEBHOOK=%s` shows how", sent.EntryID, v.environment, sent.WebhookID)
}
