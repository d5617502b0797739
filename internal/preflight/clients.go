package preflight

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// EC2 is what the checks call of Amazon EC2.
type EC2 interface {
	DescribeAvailabilityZones(context.Context, *ec2.DescribeAvailabilityZonesInput, ...func(*ec2.Options)) (*ec2.DescribeAvailabilityZonesOutput, error)
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
	DescribeRouteTables(context.Context, *ec2.DescribeRouteTablesInput, ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error)
	DescribeVpcAttribute(context.Context, *ec2.DescribeVpcAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error)
}

// IAM is what the checks call of IAM.
type IAM interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	CreateServiceLinkedRole(context.Context, *iam.CreateServiceLinkedRoleInput, ...func(*iam.Options)) (*iam.CreateServiceLinkedRoleOutput, error)
}

// SSM is what the checks call of Systems Manager.
type SSM interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// STS is what the checks call of the Security Token Service.
type STS interface {
	GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error)
}

// CloudFormation is what the checks call of CloudFormation.
type CloudFormation interface {
	DescribeStacks(context.Context, *cloudformation.DescribeStacksInput, ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error)
}

// Clients are what the checks ask.
type Clients struct {
	// Region is where the stack goes, such as "us-east-1"; empty is refused.
	Region string
	EC2
	IAM
	SSM
	STS
	CloudFormation
	// Docker runs the Docker CLI and returns why it failed.
	Docker func(ctx context.Context, args ...string) error
	// Named are asked by Examine alone.
	Named NamedClients
}

// NewClients returns the clients of an AWS account and this machine's Docker.
func NewClients(config aws.Config) Clients {
	return Clients{
		Region:         config.Region,
		EC2:            ec2.NewFromConfig(config),
		IAM:            iam.NewFromConfig(config),
		SSM:            ssm.NewFromConfig(config),
		STS:            sts.NewFromConfig(config),
		CloudFormation: cloudformation.NewFromConfig(config),
		Docker:         runDocker,
		Named:          newNamedClients(config),
	}
}

// runDocker runs the program that the CDK CLI would run. Its error is what that
// program said first.
func runDocker(ctx context.Context, args ...string) error {
	_, err := runProgram(ctx, dockerProgram(), args...)
	return err
}

// dockerProgram returns the program that the CDK CLI takes for Docker's.
func dockerProgram() string {
	if program := os.Getenv("CDK_DOCKER"); program != "" {
		return program
	}
	return "docker"
}

// runProgram runs a program and returns what it printed. Its error is what it said
// first.
func runProgram(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, programTimeout)
	defer cancel()
	printed, err := exec.CommandContext(ctx, program, args...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return "", errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	return string(printed), err
}
