package preflight_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"benchlingwebhook/internal/preflight"
)

// surroundings is what Examine asks beside the account: quotas and their use, what the
// settings name, and this machine's programs.
type surroundings struct {
	*account
	limits                map[string]float64 // by the quota's code; none can't be read
	vpcs, addresses, nats int
	vcpus                 float64
	certificate           *acmtypes.CertificateDetail
	bucketStatus          int
	bucketRegion          string
	queueKey              string
	missing               []string // calls whose resource isn't there
	keyState              kmstypes.KeyState
	programs              map[string]string // what each prints; none fails
}

// prepared returns surroundings where a first deployment works that names everything.
func prepared() *surroundings {
	return &surroundings{
		account: ready(), limits: map[string]float64{"L-3032A538": 20, "L-F678F1CE": 5, "L-0263D0A3": 5, "L-FE5A380F": 5}, vpcs: 1,
		certificate:  &acmtypes.CertificateDetail{Status: acmtypes.CertificateStatusIssued, DomainName: aws.String("*.example.com")},
		bucketStatus: http.StatusOK, bucketRegion: "us-east-1", keyState: kmstypes.KeyStateEnabled,
		programs: map[string]string{
			"go env GOVERSION": "go1.99.1\n", "node --version": "v99.1.0\n", "cdk --version": "PINNED (build 0)\n",
			"docker buildx inspect": "Name: default\nPlatforms: linux/amd64*, linux/arm64\n",
		},
	}
}

func (s *surroundings) clients() preflight.Clients {
	clients := s.account.clients()
	clients.Named = preflight.NamedClients{Quotas: s, Usage: s, CloudWatch: s, ACM: s, S3: s, SQS: s, KMS: s, SNS: s,
		Program: func(_ context.Context, program string, args ...string) (string, error) {
			printed, is := s.programs[strings.Join(append([]string{program}, args...), " ")]
			if !is {
				return "", errors.New("executable file not found in $PATH")
			}
			return printed, nil
		}}
	return clients
}

// gone returns that a call's resource isn't there, or isn't allowed.
func (s *surroundings) gone(call, code string) error {
	if slices.Contains(s.missing, call) {
		return &smithy.GenericAPIError{Code: code, Message: "none"}
	}
	return s.deny(call)
}

func (s *surroundings) GetServiceQuota(_ context.Context, in *servicequotas.GetServiceQuotaInput, _ ...func(*servicequotas.Options)) (*servicequotas.GetServiceQuotaOutput, error) {
	limit, is := s.limits[aws.ToString(in.QuotaCode)]
	if !is {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
	}
	return &servicequotas.GetServiceQuotaOutput{Quota: &quotatypes.ServiceQuota{Value: aws.Float64(limit)}}, nil
}

func (s *surroundings) DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error) {
	return &ec2.DescribeVpcsOutput{Vpcs: make([]types.Vpc, s.vpcs)}, s.deny("DescribeVpcs")
}

func (s *surroundings) DescribeAddresses(context.Context, *ec2.DescribeAddressesInput, ...func(*ec2.Options)) (*ec2.DescribeAddressesOutput, error) {
	return &ec2.DescribeAddressesOutput{Addresses: make([]types.Address, s.addresses)}, s.deny("DescribeAddresses")
}

func (s *surroundings) DescribeNatGateways(context.Context, *ec2.DescribeNatGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error) {
	out := &ec2.DescribeNatGatewaysOutput{}
	for range s.nats {
		out.NatGateways = append(out.NatGateways, types.NatGateway{SubnetId: aws.String("subnet-1")})
	}
	return out, s.deny("DescribeNatGateways")
}

func (s *surroundings) GetMetricStatistics(_ context.Context, in *cloudwatch.GetMetricStatisticsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricStatisticsOutput, error) {
	return &cloudwatch.GetMetricStatisticsOutput{Datapoints: []cwtypes.Datapoint{{Maximum: aws.Float64(s.vcpus)}}}, s.deny("GetMetricStatistics")
}

func (s *surroundings) DescribeCertificate(context.Context, *acm.DescribeCertificateInput, ...func(*acm.Options)) (*acm.DescribeCertificateOutput, error) {
	return &acm.DescribeCertificateOutput{Certificate: s.certificate}, s.gone("DescribeCertificate", "ResourceNotFoundException")
}

func (s *surroundings) HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	if s.bucketStatus != http.StatusOK {
		return nil, &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: s.bucketStatus}}, Err: errors.New("refused")}}
	}
	return &s3.HeadBucketOutput{BucketRegion: aws.String(s.bucketRegion)}, nil
}

func (s *surroundings) GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error) {
	return &sqs.GetQueueUrlOutput{QueueUrl: aws.String("https://q")}, s.gone("GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue")
}

func (s *surroundings) GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return &sqs.GetQueueAttributesOutput{Attributes: map[string]string{"KmsMasterKeyId": s.queueKey}}, s.deny("GetQueueAttributes")
}

func (s *surroundings) DescribeKey(context.Context, *kms.DescribeKeyInput, ...func(*kms.Options)) (*kms.DescribeKeyOutput, error) {
	return &kms.DescribeKeyOutput{KeyMetadata: &kmstypes.KeyMetadata{KeyState: s.keyState}}, s.gone("DescribeKey", "NotFoundException")
}

func (s *surroundings) GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	return &sns.GetTopicAttributesOutput{}, s.gone("GetTopicAttributes", "NotFound")
}
