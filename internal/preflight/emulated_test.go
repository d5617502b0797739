package preflight_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/preflight"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// TestEmulatedAccount makes every call with the SDK's own clients: first in a
// fresh account, then in one that was made ready, whose stack exists and whose
// VPC has one private and one public subnet.
func TestEmulatedAccount(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud := emulatortest.Start(t)
	clients := preflight.NewClients(cloud.Config())
	clients.Docker = func(context.Context, ...string) error { return nil }

	report := preflight.Run(ctx, clients, prod(), preflight.Options{CreateRoles: true})
	assert.Equal(t, lines(report.Problems), "CDK bootstrap: nothing in this account and region; run `cdk bootstrap` once for this account and region")
	assert.Check(t, report.First)
	assert.Equal(t, report.Passed[2], "service-linked role AWSServiceRoleForECS: created")
	assert.Equal(t, report.Passed[5], "service-linked role AWSServiceRoleForApplicationAutoScaling_ECSService: created")

	_, err := ssm.NewFromConfig(cloud.Config()).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(preflight.BootstrapParameter), Value: aws.String(fmt.Sprint(preflight.BootstrapVersion)), Type: ssmtypes.ParameterTypeString,
	})
	assert.NilError(t, err)
	emulatortest.MakeStack(ctx, t, cloud.Config(), "BenchlingWebhook-prod", `{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}`)
	settings := prod()
	settings.Vpc = makeVpc(ctx, t, ec2.NewFromConfig(cloud.Config()))
	public := settings.Vpc.PrivateSubnetIDs[1]
	report = preflight.Run(ctx, clients, settings, preflight.Options{})
	assert.Equal(t, lines(report.Problems), place+"vpc.id: "+settings.Vpc.ID+" has enableDnsHostnames off; run `aws ec2 modify-vpc-attribute --vpc-id "+settings.Vpc.ID+" --enable-dns-hostnames`\n"+
		place+"vpc.privateSubnetIds: "+public+" is a public subnet: its default route is an internet gateway, which tasks without a public address can't use; route 0.0.0.0/0 of a private subnet to a NAT gateway or a transit gateway, or name other subnets")
	assert.Check(t, !report.First)
	assert.Equal(t, report.Passed[1], "stack BenchlingWebhook-prod: CREATE_COMPLETE, will be updated")
	assert.Equal(t, report.Passed[3], "service-linked role AWSServiceRoleForECS: exists")
}

// makeVpc returns a VPC with a subnet behind a NAT gateway, by a route table of
// its own, and one behind the internet gateway, by the main table.
func makeVpc(ctx context.Context, t *testing.T, client *ec2.Client) *constructs.ExistingVpc {
	t.Helper()
	vpc, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	assert.NilError(t, err)
	made := &constructs.ExistingVpc{ID: aws.ToString(vpc.Vpc.VpcId), AvailabilityZones: []string{"us-east-1a", "us-east-1b"}}
	for n, zone := range made.AvailabilityZones {
		subnet, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.Vpc.VpcId, AvailabilityZone: aws.String(zone), CidrBlock: aws.String(fmt.Sprintf("10.9.%d.0/24", n))})
		assert.NilError(t, err)
		made.PrivateSubnetIDs = append(made.PrivateSubnetIDs, aws.ToString(subnet.Subnet.SubnetId))
	}
	gateway, err := client.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{})
	assert.NilError(t, err)
	nat, err := client.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: aws.String(made.PrivateSubnetIDs[1]), ConnectivityType: types.ConnectivityTypePrivate})
	assert.NilError(t, err)
	private, err := client.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: vpc.Vpc.VpcId})
	assert.NilError(t, err)
	tables, err := client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{made.ID}}, {Name: aws.String("association.main"), Values: []string{"true"}}}})
	assert.NilError(t, err)
	_, err = client.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: private.RouteTable.RouteTableId, SubnetId: aws.String(made.PrivateSubnetIDs[0])})
	assert.NilError(t, err)
	for _, route := range []ec2.CreateRouteInput{
		{RouteTableId: private.RouteTable.RouteTableId, NatGatewayId: nat.NatGateway.NatGatewayId},
		{RouteTableId: tables.RouteTables[0].RouteTableId, GatewayId: gateway.InternetGateway.InternetGatewayId},
	} {
		route.DestinationCidrBlock = aws.String("0.0.0.0/0")
		_, err := client.CreateRoute(ctx, &route)
		assert.NilError(t, err)
	}
	return made
}

// emulatedAccount is the account of the local AWS.
const emulatedAccount = "000000000000"

// TestExamineTheEmulator asks with the SDK's own clients for what the settings name:
// first it isn't there, then it is.
func TestExamineTheEmulator(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud := emulatortest.Start(t).Config()
	clients := preflight.NewClients(cloud)
	clients.Docker = func(context.Context, ...string) error { return nil }
	clients.Named.Program = func(context.Context, string, ...string) (string, error) { return "", errors.New("none") }
	settings := naming(emulatedAccount)
	settings.PackageBucketKeyArn = "arn:aws:kms:us-east-1:" + emulatedAccount + ":key/00000000-0000-0000-0000-000000000000"
	settings.Domain.CertificateArn = "arn:aws:acm:us-east-1:" + emulatedAccount + ":certificate/00000000-0000-0000-0000-000000000000"
	text := lines(preflight.Examine(ctx, clients, settings).Problems)
	for _, fault := range []string{"there is no such certificate", "there is no bucket packages", "there is no queue packaging", "there is no such key", "there is no such topic"} {
		assert.Check(t, strings.Contains(text, fault), "%s: %s", fault, text)
	}

	_, err := s3.NewFromConfig(cloud).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("packages")})
	assert.NilError(t, err)
	_, err = sqs.NewFromConfig(cloud).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("packaging")})
	assert.NilError(t, err)
	_, err = sns.NewFromConfig(cloud).CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("on-call")})
	assert.NilError(t, err)
	key, err := kms.NewFromConfig(cloud).CreateKey(ctx, &kms.CreateKeyInput{})
	assert.NilError(t, err)
	settings.PackageBucketKeyArn = aws.ToString(key.KeyMetadata.Arn)
	certificate, err := acm.NewFromConfig(cloud).RequestCertificate(ctx, &acm.RequestCertificateInput{DomainName: aws.String("*.example.com")})
	assert.NilError(t, err)
	settings.Domain.CertificateArn = aws.ToString(certificate.CertificateArn)
	report := preflight.Examine(ctx, clients, settings)
	text = lines(report.Problems)
	for _, gone := range []string{"packageBucket", "packagingQueueArn", "alarmTopicArn", "no such certificate"} {
		assert.Check(t, !strings.Contains(text, gone), "%s: %s", gone, text)
	}
	assert.Check(t, strings.Contains(strings.Join(report.Passed, "\n"), "bucket packages: exists, in this account\nqueue packaging: exists, in this account\nkey of packageBucketKeyArn: enabled\ntopic of alarmTopicArn: exists"), report.Passed)
}
