package operate

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"golang.org/x/time/rate"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/stacks"
)

const (
	// DefaultOutstanding is how many events wait or are in work while a backfill adds one:
	// as many as one worker task has places for.
	DefaultOutstanding = 4
	// DefaultPerMinute is how many events a backfill sends a minute at most.
	DefaultPerMinute = 30
	// backfillPoll is how often claims and queue are asked while there is no room.
	backfillPoll = 2 * time.Second
)

// BackfillOptions say which entries become packages, and how fast.
type BackfillOptions struct {
	// File has their IDs, "-" for standard input; "" chooses them by Filter.
	File   string
	Filter Filter
	// Journal is the file that remembers what is sent; "" is one of the environment.
	Journal string
	// Outstanding and PerMinute bound the backfill; neither may be below 1.
	Outstanding, PerMinute int
	// Wait waits until the last event is done.
	Wait bool
	// DryRun counts and estimates, and sends nothing.
	DryRun bool
	// JSON prints the outcome as one object.
	JSON bool
}

// check returns what is wrong, and which journal it is.
func (o *BackfillOptions) check(environment string) error {
	problems := []error{o.Filter.check()}
	switch {
	case o.File != "" && o.Filter.any():
		problems = append(problems, errors.New("--file: a filter is given, too; write one of them"))
	case o.File == "" && !o.Filter.any():
		problems = append(problems, errors.New("no entry is chosen; name a file of IDs with --file (make: FILE=), filter Benchling's list with --project, --folder, --schema, --since, --until (PROJECT=, …), or take all with --all (ALL=1)"))
	}
	if o.Outstanding < 1 {
		problems = append(problems, fmt.Errorf("--outstanding %d: none would be sent; write 1 or more", o.Outstanding))
	}
	if o.PerMinute < 1 {
		problems = append(problems, fmt.Errorf("--per-minute %d: none would be sent; write 1 or more", o.PerMinute))
	}
	if o.Journal == "" {
		o.Journal = filepath.Join("build", "backfill-"+environment+".jsonl")
	}
	return errors.Join(problems...)
}

// Backfill sends chosen entries of Benchling's through a deployed environment, behind
// other events, so that each becomes a package. What an earlier run with the same journal
// has sent isn't sent again. Entries that failed are an error.
func Backfill(ctx context.Context, environment string, options BackfillOptions, out io.Writer) error {
	if err := options.check(environment); err != nil {
		return err
	}
	var ids []string
	if options.File != "" {
		var err error
		if ids, err = readIDs(options.File, os.Stdin); err != nil {
			return fmt.Errorf("%w\nnothing was sent", err)
		}
	}
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	b, err := newBackfill(ctx, cloud, environment, options)
	if err != nil {
		return err
	}
	b.out = out
	if options.JSON {
		b.out = os.Stderr
	}
	b.progress = newProgress(b.out)
	err = b.of(ctx, ids)
	if b.journal == nil {
		return err
	}
	if options.JSON && b.journal.begun() {
		err = errors.Join(err, json.NewEncoder(out).Encode(b.outcome()))
	}
	return errors.Join(err, b.journal.close())
}

// backfill is one run of Backfill.
type backfill struct {
	environment string
	options     BackfillOptions
	// stack and secret are ARNs.
	stack, secret string
	secrets       *secretsmanager.Client
	intake        intake
	claims        claims
	journal       *journal
	progress      *progress
	out           io.Writer
	poll          time.Duration
	began         time.Time
	// alreadyEnded is how many events had ended when this run began.
	alreadyEnded int
	// sentAt is when this run has sent an event, or has found it sent.
	sentAt map[string]time.Time
}

// newBackfill reads where an environment's queue, table and secret are.
func newBackfill(ctx context.Context, cloud aws.Config, environment string, options BackfillOptions) (*backfill, error) {
	name := stacks.StackName(environment)
	stack, err := deployed.Read(ctx, cloud, name)
	if err != nil {
		return nil, err
	}
	if err := hasOutputs(name, stack, "IntakeQueueUrl", "ClaimsTableName", "SecretArn"); err != nil {
		return nil, err
	}
	return &backfill{
		environment: environment, options: options, stack: stack.ID, secret: stack.Outputs["SecretArn"], poll: backfillPoll,
		secrets: secretsmanager.NewFromConfig(cloud),
		intake:  intake{sqs.NewFromConfig(cloud), stack.Outputs["IntakeQueueUrl"]},
		claims:  claims{dynamodb.NewFromConfig(cloud), stack.Outputs["ClaimsTableName"]},
	}, nil
}

// of sends the entries of a file, or those of the filter, as far as the journal hasn't them.
func (b *backfill) of(ctx context.Context, ids []string) error {
	open := openJournal
	if b.options.DryRun {
		open = peekJournal
	}
	selection := b.options.Filter.String()
	if ids != nil {
		selection = fmt.Sprintf("a list of %d entries, %s", len(ids), fingerprint(ids))
	}
	var err error
	if b.journal, err = open(b.options.Journal); err != nil {
		b.journal = nil
		return err
	}
	if err := b.journal.check(b.stack, selection); err != nil {
		return err
	}
	if !b.journal.begun() {
		if ids == nil {
			if ids, err = b.listed(ctx); err != nil {
				return fmt.Errorf("%w\nnothing was sent", err)
			}
		}
		begun := selected{strings.ToLower(rand.Text()[:16]), b.stack, selection, ids}
		if b.options.DryRun {
			b.journal.selected = begun
		} else if err := b.journal.begin(begun); err != nil {
			return err
		}
	}
	return b.run(ctx)
}

// listed returns the entries of Benchling's list that the filter chooses.
func (b *backfill) listed(ctx context.Context) ([]string, error) {
	there, err := connection{secrets: b.secrets, secret: b.secret}.readSecret(ctx)
	if err != nil {
		return nil, err
	}
	all, _ := merge(there, nil)
	if err := all.check(); err != nil {
		return nil, fmt.Errorf("%w\n%s: `make connect ENVIRONMENT=%s` writes it", err, b.secret, b.environment)
	}
	list := entryList{app: newBenchlingApp(all), wait: pause, report: func(entries int) {
		b.progress.show(fmt.Sprintf("read %d entries of Benchling's list", entries))
	}}
	if list.base, list.token, err = list.app.signIn(ctx); err != nil {
		return nil, err
	}
	ids, err := list.read(ctx, b.options.Filter)
	b.progress.end()
	if err == nil && len(ids) == 0 {
		err = fmt.Errorf("%s: Benchling lists none to the app; look at the filter, and give the app access to the project", b.options.Filter)
	}
	return ids, err
}

// limiter lets as many events pass as the options allow.
func (b *backfill) limiter() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(float64(b.options.PerMinute)/60), 1)
}
