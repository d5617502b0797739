package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// PackageBucket holds the packages.
type PackageBucket struct {
	// Bucket is the new or existing bucket.
	Bucket awss3.IBucket
	// existing is whether it was there before.
	existing bool
	// keyArn is the KMS key of an existing bucket, or empty.
	keyArn string
}

// PackageBucketProps says which bucket holds the packages.
type PackageBucketProps struct {
	// Existing is the name of a bucket that is registered with a Quilt catalog. It
	// is used as it is; empty makes a new one.
	Existing string
	// KeyArn is the KMS key that encrypts an existing bucket, or empty.
	KeyArn string
	// Logs takes a new bucket's access logs.
	Logs LogBucket
}

// NewPackageBucket returns the existing bucket of the props; or a new one that is
// private, encrypted and versioned, refuses connections without TLS and outlives
// the stack. No version of a file expires there: each revision of a package in
// Quilt pins the versions of its files for good.
func NewPackageBucket(scope constructs.Construct, id string, props PackageBucketProps) *PackageBucket {
	if props.Existing != "" {
		return &PackageBucket{Bucket: awss3.Bucket_FromBucketName(scope, jsii.String(id), jsii.String(props.Existing)), existing: true, keyArn: props.KeyArn}
	}
	bucket := newBucket(scope, id, awss3.LifecycleRule{})
	props.Logs.takeBucketLogs(bucket)
	return &PackageBucket{Bucket: bucket}
}

// grantPackages lets a role read and write what lies below the packages' prefix.
func (b PackageBucket) grantPackages(role awsiam.IRole, prefix string) {
	for _, s := range b.statements(prefix) {
		role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&s))
	}
	if b.keyArn != "" {
		role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(b.keyStatement(prefix)))
	}
}

// statements are the rights that the packages take, of the bucket's policy too
// where the bucket is another account's.
func (b PackageBucket) statements(prefix string) []awsiam.PolicyStatementProps {
	packages := prefix + "/*"
	return []awsiam.PolicyStatementProps{
		{Actions: jsii.Strings(objectActions...), Resources: &[]*string{b.Bucket.ArnForObjects(jsii.String(packages))}},
		{
			Actions:    jsii.Strings(bucketActions...),
			Resources:  &[]*string{b.Bucket.BucketArn()},
			Conditions: &map[string]any{"StringLike": map[string]any{"s3:prefix": packages}},
		},
	}
}

// keyStatement allows the bucket's key for the packages alone. S3 says which
// object a data key is for, or with a bucket key which bucket.
//
// Source: Amazon S3's guide, SSE-KMS, encryption context.
func (b PackageBucket) keyStatement(prefix string) *awsiam.PolicyStatementProps {
	return useOfKey(b.Bucket, b.keyArn, "s3", map[string]any{
		"aws:s3:arn": []*string{b.Bucket.BucketArn(), b.Bucket.ArnForObjects(jsii.String(prefix + "/*"))},
	})
}
