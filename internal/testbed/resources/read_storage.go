package resources

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	buckettypes "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// Bucket is what S3 says of a bucket; what it has not is nil or empty.
type Bucket struct {
	Versioning   buckettypes.BucketVersioningStatus
	PublicAccess *buckettypes.PublicAccessBlockConfiguration
	Encryption   *buckettypes.ServerSideEncryptionConfiguration
	Lifecycle    []buckettypes.LifecycleRule
	Ownership    []buckettypes.OwnershipControlsRule
	Policy       string
	// LogBucket is where S3 writes the access log.
	LogBucket string
}

// Table is what DynamoDB says of a table.
type Table struct {
	Description *tabletypes.TableDescription
	// Expires is the attribute that holds when an item expires, empty where none does.
	Expires string
	// Recoverable says whether point-in-time recovery is on.
	Recoverable bool
}

// absent says whether S3 has no such configuration of a bucket.
func absent(err error) bool {
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.ErrorCode() {
	case "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration", "NoSuchBucketPolicy",
		"ServerSideEncryptionConfigurationNotFoundError", "OwnershipControlsNotFoundError":
		return true
	}
	return false
}

func (d *Deployed) readBuckets(ctx context.Context, config aws.Config) (err error) {
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	d.Buckets, err = each(d.Stack, "AWS::S3::Bucket", func(id string) (Bucket, error) { return readBucket(ctx, client, aws.String(id)) })
	return err
}

func readBucket(ctx context.Context, client *s3.Client, name *string) (Bucket, error) {
	var b Bucket
	reads := []func() error{
		func() error {
			out, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name})
			if err == nil {
				b.Versioning = out.Status
			}
			return err
		},
		func() error {
			out, err := client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name})
			if err == nil {
				b.PublicAccess = out.PublicAccessBlockConfiguration
			}
			return err
		},
		func() error {
			out, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name})
			if err == nil {
				b.Encryption = out.ServerSideEncryptionConfiguration
			}
			return err
		},
		func() error {
			out, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: name})
			if err == nil {
				b.Lifecycle = out.Rules
			}
			return err
		},
		func() error {
			out, err := client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: name})
			if err == nil {
				b.Ownership = out.OwnershipControls.Rules
			}
			return err
		},
		func() error {
			out, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: name})
			if err == nil {
				b.Policy = aws.ToString(out.Policy)
			}
			return err
		},
		func() error {
			out, err := client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: name})
			if err == nil && out.LoggingEnabled != nil {
				b.LogBucket = aws.ToString(out.LoggingEnabled.TargetBucket)
			}
			return err
		},
	}
	for _, read := range reads {
		if err := read(); err != nil && !absent(err) {
			return b, err
		}
	}
	return b, nil
}

func (d *Deployed) readTables(ctx context.Context, config aws.Config) (err error) {
	client := dynamodb.NewFromConfig(config)
	d.Tables, err = each(d.Stack, "AWS::DynamoDB::Table", func(id string) (Table, error) {
		name := aws.String(id)
		table, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: name})
		if err != nil {
			return Table{}, err
		}
		expiry, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: name})
		if err != nil {
			return Table{}, err
		}
		backups, err := client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: name})
		if err != nil {
			return Table{}, err
		}
		recovery := backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription
		return Table{
			Description: table.Table,
			Expires:     aws.ToString(expiry.TimeToLiveDescription.AttributeName),
			Recoverable: recovery.PointInTimeRecoveryStatus == tabletypes.PointInTimeRecoveryStatusEnabled,
		}, nil
	})
	return err
}
