package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// abandonedUploadDays is after how long the parts of an upload that was never
// completed are removed.
const abandonedUploadDays = 7

// PackageBucket holds the packages.
type PackageBucket struct {
	// Bucket is the new or existing bucket.
	Bucket awss3.IBucket
}

// NewPackageBucket returns a private, encrypted, versioned bucket that refuses
// connections without TLS and outlives the stack. No version of a file expires:
// each revision of a package in Quilt pins the versions of its files for good.
//
// An existing bucket, named by its name, is used as it is: one that is
// registered with a Quilt catalog.
func NewPackageBucket(scope constructs.Construct, id, existing string) PackageBucket {
	if existing != "" {
		return PackageBucket{Bucket: awss3.Bucket_FromBucketName(scope, jsii.String(id), jsii.String(existing))}
	}
	return PackageBucket{Bucket: awss3.NewBucket(scope, jsii.String(id), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		Versioned:         jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
		LifecycleRules: &[]*awss3.LifecycleRule{{
			AbortIncompleteMultipartUploadAfter: days(abandonedUploadDays),
		}},
	})}
}
