package resources

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// What a template names that it doesn't make: names that AWS gives are replaced by those
// of what is made for the test.
var (
	// bootstrap is the parameter that holds the version of the CDK's bootstrap stack.
	bootstrap      = regexp.MustCompile(`"Default":\s*"(/cdk-bootstrap/[^"]+)"`)
	existingVpc    = regexp.MustCompile(`"vpc-[0-9a-f]+"`)
	existingSubnet = regexp.MustCompile(`"subnet-[0-9a-f]+"`)
	existingKey    = regexp.MustCompile(`arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]+`)
	// queueAndKey is the statement by which the worker uses the queue's key.
	queueAndKey    = regexp.MustCompile(`"kms:EncryptionContext:aws:sqs:arn": "arn:aws:sqs:[a-z0-9-]+:[0-9]{12}:([A-Za-z0-9_.-]+)"\s*\}\s*\},\s*"Effect": "Allow",\s*"Resource": "(arn:aws:kms:[^"]+)"`)
	existingBucket = regexp.MustCompile(`"bucket":\s*\[\s*"([a-z0-9.-]+)"`)
	// The region and the account of ARNs and of a queue's URL.
	arnPlace   = regexp.MustCompile(`(arn:aws:[a-z0-9]+):[a-z0-9-]+:[0-9]{12}:`)
	queuePlace = regexp.MustCompile(`https://sqs\.[a-z0-9-]+\.`)
	queueOwner = regexp.MustCompile(`/[0-9]{12}/`)
)

// bootstrapVersion is that of the CDK's bootstrap stack, new enough for every template.
const bootstrapVersion = "30"

// MakeExisting makes what a template expects to exist: the bootstrap version, a VPC
// with subnets in two zones, a KMS key, a queue under it, and a bucket. It returns the
// template with their names, in the account and region of the configuration.
func MakeExisting(ctx context.Context, config aws.Config, template string) (string, error) {
	if parameter := bootstrap.FindStringSubmatch(template); parameter != nil {
		if err := putParameter(ctx, config, parameter[1], bootstrapVersion); err != nil {
			return "", err
		}
	}
	caller, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	if template, err = makeVpc(ctx, config, template); err != nil {
		return "", err
	}
	if template, err = makeQuilt(ctx, config, template); err != nil {
		return "", err
	}
	account := aws.ToString(caller.Account)
	template = arnPlace.ReplaceAllString(template, "$1:"+config.Region+":"+account+":")
	template = queuePlace.ReplaceAllString(template, "https://sqs."+config.Region+".")
	return queueOwner.ReplaceAllString(template, "/"+account+"/"), nil
}

// putParameter sets a parameter of Systems Manager.
func putParameter(ctx context.Context, config aws.Config, name, value string) error {
	_, err := ssm.NewFromConfig(config).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String(value), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true),
	})
	return err
}

// makeVpc makes the VPC and the subnets that a template names, if it does: private ones
// that reach the internet through NAT, as constructs.ExistingVpc says.
func makeVpc(ctx context.Context, config aws.Config, template string) (string, error) {
	if !existingVpc.MatchString(template) {
		return template, nil
	}
	client := ec2.NewFromConfig(config)
	vpc, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})
	if err != nil {
		return "", err
	}
	template = existingVpc.ReplaceAllString(template, `"`+aws.ToString(vpc.Vpc.VpcId)+`"`)
	made := map[string]string{}
	for _, name := range existingSubnet.FindAllString(template, -1) {
		if made[name] != "" {
			continue
		}
		n := len(made)
		subnet, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{
			VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("10.9.%d.0/24", n)),
			AvailabilityZone: aws.String(config.Region + string("abc"[n])),
		})
		if err != nil {
			return "", err
		}
		made[name] = `"` + aws.ToString(subnet.Subnet.SubnetId) + `"`
	}
	for name, id := range made {
		template = strings.ReplaceAll(template, name, id)
	}
	return template, addNat(ctx, client, aws.ToString(vpc.Vpc.VpcId))
}

// addNat adds a public subnet with a NAT gateway to a VPC, and leads all other subnets
// to it by the main route table.
func addNat(ctx context.Context, client *ec2.Client, vpcID string) error {
	internet, err := client.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{})
	if err != nil {
		return err
	}
	_, err = client.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{VpcId: aws.String(vpcID), InternetGatewayId: internet.InternetGateway.InternetGatewayId})
	// The gateway is new: it is attached already if the client repeated its request.
	var refusal smithy.APIError
	if err != nil && !(errors.As(err, &refusal) && refusal.ErrorCode() == "Resource.AlreadyAssociated") {
		return err
	}
	subnet, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: aws.String(vpcID), CidrBlock: aws.String("10.9.255.0/24")})
	if err != nil {
		return err
	}
	public, err := client.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: aws.String(vpcID)})
	if err != nil {
		return err
	}
	if _, err := client.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: public.RouteTable.RouteTableId, SubnetId: subnet.Subnet.SubnetId}); err != nil {
		return err
	}
	address, err := client.AllocateAddress(ctx, &ec2.AllocateAddressInput{})
	if err != nil {
		return err
	}
	nat, err := client.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: subnet.Subnet.SubnetId, AllocationId: address.AllocationId})
	if err != nil {
		return err
	}
	main, err := client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{
		{Name: aws.String("vpc-id"), Values: []string{vpcID}}, {Name: aws.String("association.main"), Values: []string{"true"}},
	}})
	if err != nil {
		return err
	}
	everywhere := aws.String("0.0.0.0/0")
	_, toInternet := client.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: public.RouteTable.RouteTableId, DestinationCidrBlock: everywhere, GatewayId: internet.InternetGateway.InternetGatewayId})
	_, toNat := client.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: main.RouteTables[0].RouteTableId, DestinationCidrBlock: everywhere, NatGatewayId: nat.NatGateway.NatGatewayId})
	return errors.Join(toInternet, toNat)
}

// makeQuilt makes the keys, the packaging queue and the bucket of the Quilt stack that a
// template names, if it does.
func makeQuilt(ctx context.Context, config aws.Config, template string) (string, error) {
	made := map[string]string{}
	for _, arn := range existingKey.FindAllString(template, -1) {
		if made[arn] != "" {
			continue
		}
		key, err := kms.NewFromConfig(config).CreateKey(ctx, &kms.CreateKeyInput{})
		if err != nil {
			return "", err
		}
		made[arn] = aws.ToString(key.KeyMetadata.Arn)
	}
	for arn, key := range made {
		template = strings.ReplaceAll(template, arn, key)
	}
	if queue := queueAndKey.FindStringSubmatch(template); queue != nil {
		if _, err := sqs.NewFromConfig(config).CreateQueue(ctx, &sqs.CreateQueueInput{
			QueueName: aws.String(queue[1]), Attributes: map[string]string{string(types.QueueAttributeNameKmsMasterKeyId): queue[2]},
		}); err != nil {
			return "", err
		}
	}
	if bucket := existingBucket.FindStringSubmatch(template); bucket != nil {
		storage := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
		if _, err := storage.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket[1])}); err != nil {
			return "", err
		}
	}
	return template, nil
}
