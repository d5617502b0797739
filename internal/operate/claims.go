package operate

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The states of a claim and of an export, as the worker writes them.
//
// Source: docker/src/queues/claims.py and docker/src/export/export_status.py; a test of
// the service has the worker write the items of testdata/events.json.
const (
	claimDone     = "done"
	claimFailed   = "failed"
	notConfirmed  = "not confirmed"
	attemptsField = "tries"
)

// claims is the claims table: what the worker says of events and entries.
type claims struct {
	client *dynamodb.Client
	table  string
}

// claim is how an event stands; without a state no worker has taken it yet.
type claim struct {
	state, reason string
	// attempts is how many have failed.
	attempts int
	// stored is where the export's files are, once they all are.
	stored *storedPackage
}

// storedPackage is a package's files in the bucket.
type storedPackage struct {
	bucket, name, metadata string
	files, leftOut         int
}

// exportStatus is how an entry's last export stands. Times are in seconds since 1970.
type exportStatus struct {
	state, packageName, topHash string
	// handedAt is when Quilt was asked last, and confirmedAt when it made its last revision.
	handedAt, confirmedAt float64
}

// claim returns how the event of a webhook ID stands.
func (c claims) claim(ctx context.Context, webhookID string) (claim, error) {
	item, err := c.item(ctx, "webhook#"+webhookID)
	return claimOf(item), err
}

// status returns how an entry's last export stands.
func (c claims) status(ctx context.Context, entry string) (exportStatus, error) {
	item, err := c.item(ctx, "entry#"+entry)
	return statusOf(item), err
}

func claimOf(item attributes) claim {
	found := claim{state: item.text("state"), reason: item.text("reason"), attempts: int(item.number(attemptsField))}
	if in, is := item["package"].(*types.AttributeValueMemberM); is {
		its := attributes(in.Value)
		found.stored = &storedPackage{
			bucket: its.text("bucket"), name: its.text("name"), metadata: its.text("metadata"),
			files: int(its.number("files")), leftOut: int(its.number("left_out")),
		}
	}
	return found
}

func statusOf(item attributes) exportStatus {
	return exportStatus{
		state: item.text("state"), packageName: item.text("package_name"), topHash: item.text("top_hash"),
		handedAt: item.number("handed_at"), confirmedAt: item.number("confirmed_at"),
	}
}

func (c claims) item(ctx context.Context, key string) (attributes, error) {
	got, err := c.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(c.table), ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: key}},
	})
	if err != nil {
		return nil, refused("dynamodb:GetItem", c.table, err)
	}
	return got.Item, nil
}

// attributes are an item's.
type attributes map[string]types.AttributeValue

// text returns a text, or nothing.
func (a attributes) text(name string) string {
	value, _ := a[name].(*types.AttributeValueMemberS)
	if value == nil {
		return ""
	}
	return value.Value
}

// number returns a number, or 0.
func (a attributes) number(name string) float64 {
	value, _ := a[name].(*types.AttributeValueMemberN)
	if value == nil {
		return 0
	}
	number, _ := strconv.ParseFloat(value.Value, 64)
	return number
}
