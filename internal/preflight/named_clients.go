package preflight

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// Quotas is what the checks call of Service Quotas.
type Quotas interface {
	GetServiceQuota(context.Context, *servicequotas.GetServiceQuotaInput, ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error)
}

// Usage is what the checks call for how much of a quota is used.
type Usage interface {
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
	DescribeAddresses(context.Context, *ec2.DescribeAddressesInput, ...func(*ec2.Options)) (*ec2.DescribeAddressesOutput, error)
	DescribeNatGateways(context.Context, *ec2.DescribeNatGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error)
}

// CloudWatch is what the checks call of Amazon CloudWatch.
type CloudWatch interface {
	GetMetricStatistics(context.Context, *cloudwatch.GetMetricStatisticsInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricStatisticsOutput, error)
}

// ACM is what the checks call of AWS Certificate Manager.
type ACM interface {
	DescribeCertificate(context.Context, *acm.DescribeCertificateInput, ...func(*acm.Options)) (*acm.DescribeCertificateOutput, error)
}

// S3 is what the checks call of Amazon S3.
type S3 interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
}

// SQS is what the checks call of Amazon SQS.
type SQS interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// KMS is what the checks call of AWS Key Management Service.
type KMS interface {
	DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error)
}

// SNS is what the checks call of Amazon SNS.
type SNS interface {
	GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
}

// NamedClients are asked for quotas, for what the settings name, and for this machine's
// programs.
type NamedClients struct {
	Quotas
	Usage
	CloudWatch
	ACM
	S3
	SQS
	KMS
	SNS
	// Program runs a program and returns what it printed, or why it failed.
	Program func(ctx context.Context, program string, args ...string) (string, error)
}

func newNamedClients(config aws.Config) NamedClients {
	return NamedClients{
		Quotas: servicequotas.NewFromConfig(config), Usage: ec2.NewFromConfig(config), CloudWatch: cloudwatch.NewFromConfig(config),
		ACM: acm.NewFromConfig(config), S3: s3.NewFromConfig(config), SQS: sqs.NewFromConfig(config),
		KMS: kms.NewFromConfig(config), SNS: sns.NewFromConfig(config), Program: runProgram,
	}
}
