// Package quilt stands in for a Quilt stack: it takes what the packaging queue
// holds, makes of each message a revision that pins the versions of its objects,
// as Quilt's packager does, and confirms it by Quilt's event.
//
// What it does is what the packager's source does (package_prefix in
// lambdas/pkgpush of github.com/quiltdata/quilt), without the checks of
// workflows and without writing the manifest.
package quilt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"
)

const (
	// receiveSeconds is how long one request waits for messages.
	receiveSeconds = 1
	// hiddenSeconds is how long a message stays hidden that was received but not
	// deleted.
	hiddenSeconds = 10
	// pause is the time after a request that failed.
	pause = 200 * time.Millisecond
	// verifiedAtOnce is the number of versions that are looked for side by side.
	verifiedAtOnce = 8
)

// Packager takes messages until it is stopped.
type Packager struct {
	queueURL string
	s3       *s3.Client
	sqs      *sqs.Client
	events   *eventbridge.Client

	cancel context.CancelFunc
	work   sync.WaitGroup

	lock      sync.Mutex
	seen      map[string]bool
	messages  []Message
	packages  map[string]int
	revisions map[string][]*Revision
	pinned    map[Object]bool
	errors    []error
	away      bool
	silent    bool
	delay     time.Duration
	refused   map[string]bool
}

// Start takes what a queue holds, now and later.
func Start(config aws.Config, queueURL string) *Packager {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Packager{
		queueURL: queueURL,
		s3:       s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true }),
		sqs:      sqs.NewFromConfig(config),
		events:   eventbridge.NewFromConfig(config),
		cancel:   cancel,
		seen:     map[string]bool{}, packages: map[string]int{}, revisions: map[string][]*Revision{},
		pinned: map[Object]bool{}, refused: map[string]bool{},
	}
	p.work.Go(func() {
		for ctx.Err() == nil {
			if p.isAway() {
				time.Sleep(pause)
				continue
			}
			if err := p.receive(ctx); err != nil && ctx.Err() == nil {
				p.fail(err)
				time.Sleep(pause)
			}
		}
	})
	return p
}

// Stop ends the packager; confirmations that are delayed are given up.
func (p *Packager) Stop() {
	p.cancel()
	p.work.Wait()
}

// Packages returns how many messages asked for each package.
func (p *Packager) Packages() map[string]int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return maps.Clone(p.packages)
}

// Messages returns the messages so far, in order.
func (p *Packager) Messages() []Message {
	p.lock.Lock()
	defer p.lock.Unlock()
	return slices.Clone(p.messages)
}

// Revisions returns a package's revisions, the oldest first.
func (p *Packager) Revisions(name string) []Revision {
	p.lock.Lock()
	defer p.lock.Unlock()
	var found []Revision
	for _, revision := range p.revisions[name] {
		found = append(found, *revision)
	}
	return found
}

// Away keeps the packager from receiving, until it is called again with false. It returns
// once no request waits for messages any more.
func (p *Packager) Away(away bool) {
	p.lock.Lock()
	p.away = away
	p.lock.Unlock()
	if away {
		time.Sleep((receiveSeconds + 1) * time.Second)
	}
}

func (p *Packager) isAway() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.away
}

// Silence keeps the packager from confirming the revisions that it makes from now
// on, until it is called again with false. What wasn't confirmed never is.
func (p *Packager) Silence(silent bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.silent = silent
}

// Delay lets the packager wait before it confirms a revision: 0 not at all.
func (p *Packager) Delay(delay time.Duration) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.delay = delay
}

// Refuse lets the packager make no revision of packages whose names begin with a
// prefix, as when a workflow refuses them, until it is called again with false.
func (p *Packager) Refuse(prefix string, refused bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if refused {
		p.refused[prefix] = true
	} else {
		delete(p.refused, prefix)
	}
}

// Errors returns what Quilt would have refused, and what AWS refused to the
// packager. A refusal on demand is none.
func (p *Packager) Errors() []error {
	p.lock.Lock()
	defer p.lock.Unlock()
	return slices.Clone(p.errors)
}

// VerifyPinned says which of the versions can no longer be read that any message
// ever pointed at. It returns how many there are.
func (p *Packager) VerifyPinned(ctx context.Context) (int, error) {
	p.lock.Lock()
	pinned := slices.Collect(maps.Keys(p.pinned))
	p.lock.Unlock()
	problems := make([]error, len(pinned))
	var group errgroup.Group
	group.SetLimit(verifiedAtOnce)
	for i, object := range pinned {
		group.Go(func() error {
			_, err := p.s3.HeadObject(ctx, &s3.HeadObjectInput{
				Bucket: aws.String(object.Bucket), Key: aws.String(object.Key), VersionId: aws.String(object.VersionID),
			})
			if err != nil {
				problems[i] = fmt.Errorf("s3://%s/%s, version %s: %w", object.Bucket, object.Key, object.VersionID, err)
			}
			return nil
		})
	}
	return len(pinned), errors.Join(group.Wait(), errors.Join(problems...))
}

func (p *Packager) fail(err error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.errors = append(p.errors, err)
}

// receive takes messages from the queue, packages each, and deletes them.
func (p *Packager) receive(ctx context.Context) error {
	received, err := p.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(p.queueURL), MaxNumberOfMessages: 10, WaitTimeSeconds: receiveSeconds, VisibilityTimeout: hiddenSeconds,
	})
	if err != nil || len(received.Messages) == 0 {
		return err
	}
	for _, message := range received.Messages {
		if err := p.take(ctx, message); err != nil {
			p.fail(err)
		}
		// A message that took so long that it is no longer hidden comes again, and
		// is deleted then: it isn't taken twice.
		_, _ = p.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(p.queueURL), ReceiptHandle: message.ReceiptHandle})
	}
	return nil
}

// take makes a revision of a message, unless it was taken before.
func (p *Packager) take(ctx context.Context, received sqstypes.Message) error {
	at := time.Now()
	message, err := ParseMessage([]byte(aws.ToString(received.Body)))
	if err != nil {
		return fmt.Errorf("packaging message %s: %w", aws.ToString(received.Body), err)
	}
	if p.again(aws.ToString(received.MessageId)) {
		return nil
	}
	objects, err := p.list(ctx, message)
	if err != nil {
		return fmt.Errorf("package %s: %w", message.PackageName, err)
	}
	// A message is counted when what it points at is known.
	if p.count(message, objects) {
		return nil
	}
	revision := &Revision{Message: message, Objects: objects, Received: at}
	if err := p.complete(ctx, revision); err != nil {
		return fmt.Errorf("package %s: %w", message.PackageName, err)
	}
	p.lock.Lock()
	p.revisions[message.PackageName] = append(p.revisions[message.PackageName], revision)
	silent, delay := p.silent, p.delay
	p.lock.Unlock()
	switch {
	case silent:
		return nil
	case delay == 0:
		return p.confirm(ctx, revision)
	}
	p.work.Go(func() {
		select {
		case <-ctx.Done():
		case <-time.After(delay):
			if err := p.confirm(ctx, revision); err != nil {
				p.fail(err)
			}
		}
	})
	return nil
}

// again says whether a message was taken before, and remembers it.
func (p *Packager) again(id string) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	again := p.seen[id]
	p.seen[id] = true
	return again
}

// count counts a message and pins its objects. It says whether the package is to
// be refused.
func (p *Packager) count(message Message, objects []Object) (refused bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.messages = append(p.messages, message)
	p.packages[message.PackageName]++
	for _, object := range objects {
		p.pinned[object] = true
	}
	for prefix := range p.refused {
		refused = refused || strings.HasPrefix(message.PackageName, prefix)
	}
	return refused
}

// list returns the latest version of every object to package.
func (p *Packager) list(ctx context.Context, message Message) ([]Object, error) {
	bucket, prefix, err := message.source()
	if err != nil {
		return nil, err
	}
	var objects []Object
	pages := s3.NewListObjectVersionsPaginator(p.s3, &s3.ListObjectVersionsInput{Bucket: aws.String(bucket), Prefix: aws.String(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, version := range page.Versions {
			key := aws.ToString(version.Key)
			if !aws.ToBool(version.IsLatest) || strings.HasSuffix(key, "/") {
				continue
			}
			objects = append(objects, Object{
				Path: strings.TrimPrefix(key, prefix), Bucket: bucket, Key: key, VersionID: aws.ToString(version.VersionId),
				ETag: aws.ToString(version.ETag), Size: aws.ToInt64(version.Size),
			})
		}
	}
	slices.SortFunc(objects, func(a, b Object) int { return strings.Compare(a.Path, b.Path) })
	return objects, nil
}

// complete checks a revision's objects, reads its metadata and names it.
func (p *Packager) complete(ctx context.Context, revision *Revision) error {
	if err := checkObjects(revision.Message.PackageName, revision.Objects); err != nil {
		return err
	}
	var err error
	if revision.Metadata, err = p.metadata(ctx, revision.Message); err != nil {
		return err
	}
	revision.TopHash, err = topHash(revision.Message, revision.Metadata, revision.Objects)
	return err
}

func (p *Packager) metadata(ctx context.Context, message Message) (map[string]any, error) {
	if message.MetadataURI == "" {
		return message.Metadata, nil
	}
	bucket, key, err := message.metadataObject()
	if err != nil {
		return nil, err
	}
	object, err := p.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return nil, fmt.Errorf("metadata s3://%s/%s: %w", bucket, key, err)
	}
	defer object.Body.Close()
	var value any
	if err := json.NewDecoder(object.Body).Decode(&value); err != nil {
		return nil, fmt.Errorf("metadata s3://%s/%s: %w", bucket, key, err)
	}
	metadata, found := value.(map[string]any)
	if !found {
		return nil, fmt.Errorf("metadata s3://%s/%s: not a JSON object", bucket, key)
	}
	return metadata, nil
}

// confirm puts Quilt's event for a revision on the default bus.
func (p *Packager) confirm(ctx context.Context, revision *Revision) error {
	detail, err := json.Marshal(map[string]string{
		"version": "0.1", "type": "created", "bucket": revision.Message.Registry, "handle": revision.Message.PackageName, "topHash": revision.TopHash,
	})
	if err != nil {
		return err
	}
	// The time is set before: who waits for the event may look at it at once.
	p.lock.Lock()
	revision.Confirmed = time.Now()
	p.lock.Unlock()
	put, err := p.events.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{{
		Source: aws.String("com.quiltdata"), DetailType: aws.String("package-revision"), Detail: aws.String(string(detail)), Time: aws.Time(revision.Confirmed),
	}}})
	if err == nil && put.FailedEntryCount > 0 {
		err = fmt.Errorf("event for %s: %s", revision.Message.PackageName, aws.ToString(put.Entries[0].ErrorMessage))
	}
	return err
}
