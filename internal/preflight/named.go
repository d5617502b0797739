package preflight

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// checkNamed asks for what the settings name: bucket, queue, keys and topic. Where they
// are another account's, a note says what that must allow.
func (i *inspection) checkNamed(ctx context.Context) {
	s := i.settings
	if s.PackageBucket != "" {
		i.checkBucket(ctx, "packageBucket", s.PackageBucket, "PackageBucketPolicy")
	}
	for n, bucket := range s.LinkedBuckets {
		setting, output := fmt.Sprintf("linkedBuckets[%d]", n), fmt.Sprintf("LinkedBucket%d", n+1)
		i.checkBucket(ctx, setting, bucket.Name, output+"Policy")
		i.checkKey(ctx, setting+".keyArn", bucket.KeyArn, output+"KeyPolicy")
	}
	if s.PackagingQueueArn != "" {
		i.checkQueue(ctx, s.PackagingQueueArn)
	}
	i.checkKey(ctx, "packageBucketKeyArn", s.PackageBucketKeyArn, "PackageBucketKeyPolicy")
	i.checkKey(ctx, "packagingQueueKeyArn", s.PackagingQueueKeyArn, "PackagingQueueKeyPolicy")
	if s.AlarmTopicArn != "" {
		i.checkTopic(ctx, s.AlarmTopicArn)
	}
	if s.WebACLArn != "" {
		i.note("%s: not checked", i.setting("webAclArn"))
	}
}

// allow notes what another account must add to a policy.
func (i *inspection) allow(setting, owner, output string) {
	i.note("%s: %s; its policy must have the statements of the stack's output %s (docs/deployment.md says how)", i.setting(setting), owner, output)
}

func (i *inspection) checkBucket(ctx context.Context, setting, name, output string) {
	place := i.setting(setting)
	got, err := i.Named.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(name), ExpectedBucketOwner: aws.String(i.account)})
	response := (*awshttp.ResponseError)(nil)
	status := http.StatusOK
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	switch {
	case status == http.StatusForbidden:
		i.allow(setting, "it is another account's, or you may not s3:ListBucket", output)
	case status == http.StatusNotFound:
		i.refuse(place, "there is no bucket "+name, "name one that is registered with Quilt, or leave it out")
	case status == http.StatusMovedPermanently || err == nil && aws.ToString(got.BucketRegion) != "" && aws.ToString(got.BucketRegion) != i.Region:
		i.refuse(place, name+" is in another region, and the stack goes to "+i.Region, "name one in "+i.Region+", or set AWS_REGION")
	case err != nil:
		i.refuseCall("s3:ListBucket", err)
	default:
		i.pass("bucket %s: exists, in this account", name)
	}
}

func (i *inspection) checkQueue(ctx context.Context, named string) {
	place := i.setting("packagingQueueArn")
	queue, err := arn.Parse(named)
	if err != nil {
		return
	}
	if queue.AccountID != i.account {
		i.allow("packagingQueueArn", "it is account "+queue.AccountID+"'s", "PackagingQueuePolicy")
		return
	}
	at, err := i.Named.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(queue.Resource)})
	if hasCode(err, "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist") {
		i.refuse(place, "there is no queue "+queue.Resource, "name your Quilt stack's output PackagerQueueArn, or leave the setting out")
		return
	}
	if err != nil {
		i.refuseCall("sqs:GetQueueUrl", err)
		return
	}
	got, err := i.Named.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: at.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameKmsMasterKeyId}})
	if err != nil {
		i.refuseCall("sqs:GetQueueAttributes", err)
		return
	}
	if key := got.Attributes[string(sqstypes.QueueAttributeNameKmsMasterKeyId)]; key != "" && i.settings.PackagingQueueKeyArn == "" {
		i.refuse(place, "a key encrypts it: "+key, "set packagingQueueKeyArn to that key's ARN")
		return
	}
	i.pass("queue %s: exists, in this account", queue.Resource)
}

func (i *inspection) checkKey(ctx context.Context, setting, named, output string) {
	if named == "" {
		return
	}
	owner := accountOf(named)
	if owner != i.account {
		i.allow(setting, "it is account "+owner+"'s", output)
	}
	got, err := i.Named.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(named)})
	switch {
	case hasCode(err, "NotFoundException"):
		i.refuse(i.setting(setting), "there is no such key", "name the key that encrypts it")
	case err != nil && owner != i.account:
		// The note above says what is wanted.
	case err != nil:
		i.refuseCall("kms:DescribeKey", err)
	case got.KeyMetadata.KeyState != kmstypes.KeyStateEnabled:
		i.refuse(i.setting(setting), "the key is "+string(got.KeyMetadata.KeyState), "enable it")
	default:
		i.pass("key of %s: enabled", setting)
	}
}

func (i *inspection) checkTopic(ctx context.Context, named string) {
	owner := accountOf(named)
	_, err := i.Named.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(named)})
	switch {
	case hasCode(err, "NotFound", "NotFoundException"):
		i.refuse(i.setting("alarmTopicArn"), "there is no such topic", "name one that is there, or set alarmEmail")
	case err != nil && owner != i.account:
		i.note("%s: it is account %s's; its policy must allow sns:Publish to cloudwatch.amazonaws.com for account %s", i.setting("alarmTopicArn"), owner, i.account)
	case err != nil:
		i.refuseCall("sns:GetTopicAttributes", err)
	default:
		i.pass("topic of alarmTopicArn: exists")
	}
}
