package constructs

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// LinkedBucket is a bucket of Quilt's whose packages canvases only show.
type LinkedBucket struct {
	// Name is the bucket's.
	Name string
	// KeyArn is the KMS key that encrypts it, or empty.
	KeyArn string
}

// NewLinkedBuckets returns the existing buckets in which canvases search for linked
// packages, beside the stack's own. Nothing is written there.
func NewLinkedBuckets(scope constructs.Construct, id string, linked []LinkedBucket) []PackageBucket {
	if len(linked) == 0 {
		return nil
	}
	scope = constructs.NewConstruct(scope, jsii.String(id))
	buckets := make([]PackageBucket, len(linked))
	for i, it := range linked {
		bucket := awss3.Bucket_FromBucketName(scope, jsii.String(strconv.Itoa(i)), jsii.String(it.Name))
		buckets[i] = PackageBucket{Bucket: bucket, existing: true, keyArn: it.KeyArn}
	}
	return buckets
}
