package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// The attributes that the worker writes: its key, and the time in seconds since
// the epoch after which DynamoDB removes the item.
const (
	claimsKey    = "id"
	claimsExpiry = "expires_at"
)

// ClaimsTable records which events are done, and how each entry's last export
// ended.
type ClaimsTable struct {
	// Table is encrypted with DynamoDB's own key and billed by request.
	Table awsdynamodb.Table
}

// NewClaimsTable returns the table. It outlives the stack: without it, an event
// that comes again is packaged again.
func NewClaimsTable(scope constructs.Construct, id string, deletionProtection bool) ClaimsTable {
	return ClaimsTable{Table: awsdynamodb.NewTable(scope, jsii.String(id), &awsdynamodb.TableProps{
		PartitionKey:                     &awsdynamodb.Attribute{Name: jsii.String(claimsKey), Type: awsdynamodb.AttributeType_STRING},
		TimeToLiveAttribute:              jsii.String(claimsExpiry),
		BillingMode:                      awsdynamodb.BillingMode_PAY_PER_REQUEST,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: jsii.Bool(true)},
		DeletionProtection:               jsii.Bool(deletionProtection),
		RemovalPolicy:                    retained,
	})}
}
