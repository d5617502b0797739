package operate

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// quiltTopic stands in the names of the topics that Quilt makes for the buckets that are
// registered with it: BUCKET-QuiltNotifications-UUID.
//
// Source: the source of Quilt's catalog, EventWiring.
const quiltTopic = "-QuiltNotifications-"

// topics returns the buckets that are registered with Quilt, as far as its topics tell,
// and the ARNs of the topics that may notify people.
func topics(ctx context.Context, cloud aws.Config) (buckets, others []string, err error) {
	pages := sns.NewListTopicsPaginator(sns.NewFromConfig(cloud), &sns.ListTopicsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, refused("sns:ListTopics", "topics", err)
		}
		for _, one := range page.Topics {
			topic := aws.ToString(one.TopicArn)
			bucket, _, isQuilts := strings.Cut(topic[strings.LastIndex(topic, ":")+1:], quiltTopic)
			switch {
			case isQuilts:
				buckets = append(buckets, bucket)
			case !strings.HasSuffix(topic, ".fifo"):
				others = append(others, topic)
			}
		}
	}
	slices.Sort(buckets)
	return slices.Compact(buckets), others, nil
}

// certificates returns the account's issued certificates, each as its domain, a space and
// its ARN.
func certificates(ctx context.Context, cloud aws.Config) ([]string, error) {
	var all []string
	pages := acm.NewListCertificatesPaginator(acm.NewFromConfig(cloud), &acm.ListCertificatesInput{
		CertificateStatuses: []acmtypes.CertificateStatus{acmtypes.CertificateStatusIssued},
		// Without these, only those of RSA with 1024 and 2048 bits are listed.
		Includes: &acmtypes.Filters{KeyTypes: []acmtypes.KeyAlgorithm{
			acmtypes.KeyAlgorithmRsa2048, acmtypes.KeyAlgorithmRsa3072, acmtypes.KeyAlgorithmRsa4096,
			acmtypes.KeyAlgorithmEcPrime256v1, acmtypes.KeyAlgorithmEcSecp384r1}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refused("acm:ListCertificates", "certificates", err)
		}
		for _, one := range page.CertificateSummaryList {
			all = append(all, aws.ToString(one.DomainName)+" "+aws.ToString(one.CertificateArn))
		}
	}
	return all, nil
}

// queueKey returns the ARN of the key that encrypts a queue; empty for none, or SQS's own.
func queueKey(ctx context.Context, cloud aws.Config, queueArn string) (string, error) {
	queue, err := arn.Parse(queueArn)
	if err != nil {
		return "", err
	}
	client := sqs.NewFromConfig(cloud)
	at, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(queue.Resource), QueueOwnerAWSAccountId: aws.String(queue.AccountID)})
	if err != nil {
		return "", refused("sqs:GetQueueUrl", queueArn, err)
	}
	got, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: at.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameKmsMasterKeyId}})
	if err != nil {
		return "", refused("sqs:GetQueueAttributes", queueArn, err)
	}
	return keyArn(ctx, cloud, got.Attributes[string(sqstypes.QueueAttributeNameKmsMasterKeyId)])
}

// bucketKey returns the ARN of the key that encrypts a bucket; empty for none, or S3's own.
func bucketKey(ctx context.Context, cloud aws.Config, bucket string) (string, error) {
	got, err := s3.NewFromConfig(cloud).GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: aws.String(bucket)})
	if hasCode(err, "ServerSideEncryptionConfigurationNotFoundError") {
		return "", nil
	}
	if err != nil {
		return "", refused("s3:GetEncryptionConfiguration", bucket, err)
	}
	for _, rule := range got.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
			return keyArn(ctx, cloud, aws.ToString(by.KMSMasterKeyID))
		}
	}
	return "", nil
}

// keyArn returns the ARN of a key, which may be named by its ID or an alias.
func keyArn(ctx context.Context, cloud aws.Config, named string) (string, error) {
	if named == "" {
		return "", nil
	}
	got, err := kms.NewFromConfig(cloud).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(named)})
	if err != nil {
		return "", refused("kms:DescribeKey", named, err)
	}
	return aws.ToString(got.KeyMetadata.Arn), nil
}
