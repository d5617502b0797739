package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	// claimPrefix is what the keys of claims begin with; other items are an entry's
	// own, and stay.
	claimPrefix = "webhook#"
	// longestClaim is what no claim needs: one that is dated in milliseconds would stay
	// for good.
	longestClaim = 90 * 24 * time.Hour
)

// claimsAreKept looks at when DynamoDB removes each claim, by the table's own attribute
// for that: not before its event can't come again, from the queue or from its dead
// letters, and not never.
//
// Source: the developer guide of DynamoDB, "Using time to live (TTL)": a number of
// seconds since the epoch; an item whose attribute is anything else stays.
func (a finish) claimsAreKept(ctx context.Context) (string, error) {
	config, table := a.Emulator.Config(), a.Stack.ClaimsTable
	client := dynamodb.NewFromConfig(config)
	expiry, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	if err != nil {
		return "", err
	}
	again, err := mayComeAgain(ctx, sqs.NewFromConfig(config), a.Stack.IntakeURL)
	if err != nil {
		return "", err
	}
	attribute, now := aws.ToString(expiry.TimeToLiveDescription.AttributeName), time.Now()
	counts := map[bool]int{}
	var problem error
	wrong := 0
	all, err := items(ctx, client, table)
	if err != nil {
		return "", err
	}
	for id, item := range all {
		claim := strings.HasPrefix(id, claimPrefix)
		counts[claim]++
		if fault := keptUntil(item[attribute], claim, now, again); fault != nil {
			problem, wrong = fmt.Errorf("table %s, item %s, %s: %w", table, id, attribute, fault), wrong+1
		}
	}
	switch {
	case wrong > 0:
		return "", fmt.Errorf("%d of %d items, one of them: %w", wrong, len(all), problem)
	case counts[true] == 0:
		return "", errors.New("the table has no claim")
	}
	return fmt.Sprintf("%d claims, %d items of entries; an event may come again for %.0f days", counts[true], counts[false], again.Hours()/24), nil
}

// keptUntil says what is wrong with when an item is removed.
func keptUntil(value types.AttributeValue, claim bool, now time.Time, again time.Duration) error {
	number, is := value.(*types.AttributeValueMemberN)
	switch {
	case value == nil && claim:
		return errors.New("a claim that nothing removes")
	case value == nil:
		return nil
	case !claim:
		return errors.New("what is known of an entry would be forgotten")
	case !is:
		return fmt.Errorf("%T is no number, and the item stays for good", value)
	}
	seconds, err := strconv.ParseInt(number.Value, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no whole number of seconds", number.Value)
	}
	// Claims of this run are as old as the run.
	if left := time.Unix(seconds, 0).Sub(now); left < again-time.Hour || left > longestClaim {
		return fmt.Errorf("the claim is removed in %.1f days; %.0f to %.0f were due", left.Hours()/24, again.Hours()/24, longestClaim.Hours()/24)
	}
	return nil
}

// mayComeAgain returns for how long an event may wait: in the intake queue, and then in
// its dead letters, from which it is sent again.
func mayComeAgain(ctx context.Context, queues *sqs.Client, intake string) (time.Duration, error) {
	kept, letters, err := retention(ctx, queues, intake)
	if err != nil {
		return 0, err
	}
	if letters == "" {
		return 0, fmt.Errorf("%s: it has no dead-letter queue", intake)
	}
	found, err := queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(letters[strings.LastIndex(letters, ":")+1:])})
	if err != nil {
		return 0, err
	}
	afterwards, _, err := retention(ctx, queues, aws.ToString(found.QueueUrl))
	return kept + afterwards, err
}

// retention returns for how long a queue keeps a message, and the ARN of its dead-letter
// queue, if it has one.
func retention(ctx context.Context, queues *sqs.Client, url string) (time.Duration, string, error) {
	attributes, err := queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(url), AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	if err != nil {
		return 0, "", err
	}
	seconds, err := strconv.Atoi(attributes.Attributes[string(sqstypes.QueueAttributeNameMessageRetentionPeriod)])
	if err != nil {
		return 0, "", fmt.Errorf("%s: retention: %w", url, err)
	}
	var redrive struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if policy := attributes.Attributes[string(sqstypes.QueueAttributeNameRedrivePolicy)]; policy != "" {
		if err := json.Unmarshal([]byte(policy), &redrive); err != nil {
			return 0, "", fmt.Errorf("%s: redrive policy: %w", url, err)
		}
	}
	return time.Duration(seconds) * time.Second, redrive.Target, nil
}
