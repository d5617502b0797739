package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// abandonedUploadDays is after how long the parts of an upload that was never
// completed are removed.
const abandonedUploadDays = 7

// newBucket returns a private, encrypted, versioned bucket that refuses connections
// without TLS and outlives the stack. The rule says what expires in it, beside
// abandoned uploads.
func newBucket(scope constructs.Construct, id string, rule awss3.LifecycleRule) awss3.Bucket {
	rule.AbortIncompleteMultipartUploadAfter = days(abandonedUploadDays)
	return awss3.NewBucket(scope, jsii.String(id), &awss3.BucketProps{
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		Versioned:         jsii.Bool(true),
		RemovalPolicy:     retained,
		LifecycleRules:    &[]*awss3.LifecycleRule{&rule},
	})
}
