package actions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

// settled is for how long a table doesn't change that nobody writes.
const settled = 3 * time.Second

// waitMessages waits until a queue has a number of messages that can be received.
func (a drills) waitMessages(ctx context.Context, queue string, n int) error {
	client := sqs.NewFromConfig(a.Emulator.Config())
	return testbed.Until(ctx, a.PackageTimeout, func() (bool, string) {
		name := sqstypes.QueueAttributeNameApproximateNumberOfMessages
		read, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(queue), AttributeNames: []sqstypes.QueueAttributeName{name}})
		if err != nil {
			return false, err.Error()
		}
		return read.Attributes[string(name)] == strconv.Itoa(n), fmt.Sprintf("%s of %d messages in %s", read.Attributes[string(name)], n, queue)
	})
}

// onePackage makes a package of a new entry, and returns its name and what was accepted.
func (a drills) onePackage(ctx context.Context) (string, stage.Accepted, error) {
	sent, err := a.StartLoad(ctx, 1, "etr_", 0).Wait()
	if err == nil {
		_, err = a.Account(ctx, sent)
	}
	for entry := range sent.Entries {
		return stage.PackageName(entry), sent, err
	}
	return "", sent, errors.Join(err, errors.New("no event was accepted"))
}

// leakedSecret has the former client secret refused from the moment that a new one is made.
func (a drills) leakedSecret(ctx context.Context, p *procedure) (string, error) {
	file := filepath.Join(p.shell.scratch, credentialsFile)
	if err := os.WriteFile(file, []byte(a.NewSecret()), 0o600); err != nil {
		return "", err
	}
	a.Benchling.API.AcceptClientSecret(a.App.ClientSecret)
	defer a.Benchling.API.AcceptClientSecret("")
	// CloudWatch has the worker's word that it is ready.
	publishing, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for since := time.Now(); publishing.Err() == nil; time.Sleep(keepEvery) {
			since = publish(publishing, a.Stage, since)
		}
	}()
	output, err := p.follow(ctx, "FILE="+file)
	stop()
	<-over
	if err == nil {
		err = p.says(output, "ready: both services work with the secret")
	}
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s: the credentials are still there", file)
	}
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return "", err
	}
	return a.Account(ctx, sent)
}

// restoreObject overwrites an object of a package, and then deletes it.
func (a drills) restoreObject(ctx context.Context, p *procedure) (string, error) {
	name, sent, err := a.onePackage(ctx)
	if err != nil {
		return "", err
	}
	revisions := a.Packager.Revisions(name)
	if len(revisions) == 0 || len(revisions[0].Objects) == 0 {
		return "", fmt.Errorf("%s: no revision with an object", name)
	}
	pinned := revisions[0].Objects[0]
	before, err := a.ReadObject(ctx, pinned.Key)
	if err != nil {
		return "", err
	}
	if _, err := a.S3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(pinned.Bucket), Key: aws.String(pinned.Key), Body: strings.NewReader("damaged")}); err != nil {
		return "", err
	}
	if _, err := a.S3().DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(pinned.Bucket), Key: aws.String(pinned.Key)}); err != nil {
		return "", err
	}
	listed, err := p.follow(ctx, "KEY="+pinned.Key)
	if err == nil {
		err = p.says(listed, pinned.VersionID)
	}
	if err == nil {
		_, err = p.follow(ctx, "KEY="+pinned.Key, "VERSION="+pinned.VersionID)
	}
	if err != nil {
		return "", err
	}
	after, err := a.ReadObject(ctx, pinned.Key)
	if err == nil && !bytes.Equal(before, after) {
		err = fmt.Errorf("%s: %d bytes that aren't those of before", pinned.Key, len(after))
	}
	if err != nil {
		return "", err
	}
	versions, err := a.CheckPinned(ctx)
	if err != nil {
		return "", err
	}
	_, err = a.Account(ctx, sent)
	return "overwritten and deleted, restored; revisions pin " + versions + ", all there", err
}

// restoreTable restores the table to a new name, then loses its items.
func (a drills) restoreTable(ctx context.Context, p *procedure) (string, error) {
	if _, _, err := a.onePackage(ctx); err != nil {
		return "", err
	}
	client, table := dynamodb.NewFromConfig(a.Emulator.Config()), a.Stack.ClaimsTable
	before, err := settledItems(ctx, client, table)
	if err != nil {
		return "", err
	}
	const restored = "RESTORED=restored-claims"
	if _, err := p.follow(ctx, restored, "WHEN="+time.Now().UTC().Format(time.RFC3339)); err != nil {
		return "", err
	}
	for id := range before {
		if _, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(table), Key: map[string]dynamotypes.AttributeValue{"id": &dynamotypes.AttributeValueMemberS{Value: id}}}); err != nil {
			return "", err
		}
	}
	if left, err := items(ctx, client, table); err != nil || len(left) > 0 {
		return "", errors.Join(err, fmt.Errorf("%d items are left, none was to be", len(left)))
	}
	output, err := p.follow(ctx, restored)
	if err != nil {
		return "", err
	}
	after, err := items(ctx, client, table)
	if err == nil && !reflect.DeepEqual(before, after) {
		err = fmt.Errorf("%d of %d items, or others than before: %s", len(after), len(before), output)
	}
	return fmt.Sprintf("%d items, deleted and copied back from the restored table", len(before)), err
}

// settledItems returns a table's items once nobody writes them any more.
func settledItems(ctx context.Context, client *dynamodb.Client, table string) (map[string]map[string]dynamotypes.AttributeValue, error) {
	var before map[string]map[string]dynamotypes.AttributeValue
	looked := time.Now()
	err := testbed.Until(ctx, faultTimeout, func() (bool, string) {
		now, err := items(ctx, client, table)
		if err != nil || !reflect.DeepEqual(before, now) {
			before, looked = now, time.Now()
		}
		return time.Since(looked) > settled, fmt.Sprintf("table %s changes: %v", table, err)
	})
	return before, err
}

// items returns a table's items by their IDs.
func items(ctx context.Context, client *dynamodb.Client, table string) (map[string]map[string]dynamotypes.AttributeValue, error) {
	found := map[string]map[string]dynamotypes.AttributeValue{}
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: aws.String(table)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			id, isText := item["id"].(*dynamotypes.AttributeValueMemberS)
			if !isText {
				return nil, fmt.Errorf("table %s: an item without the key id", table)
			}
			found[id.Value] = item
		}
	}
	return found, nil
}

// restoreSecret deletes the secret while the tasks run on.
func (a drills) restoreSecret(ctx context.Context, p *procedure) (string, error) {
	if _, err := secretsmanager.NewFromConfig(a.Emulator.Config()).DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String(a.Stack.SecretARN), RecoveryWindowInDays: aws.Int64(7)}); err != nil {
		return "", err
	}
	if running, err := a.RunTask(ctx, a.Stack.WorkerTask, nil); err == nil {
		_, err = a.StopTask(ctx, running)
		return "", errors.Join(err, errors.New("a task started without its secret"))
	}
	if _, err := p.follow(ctx); err != nil {
		return "", err
	}
	if err := replaceBoth(ctx, a.Stage); err != nil {
		return "", err
	}
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return "", err
	}
	return a.Account(ctx, sent)
}
