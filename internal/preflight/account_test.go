package preflight_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"benchlingwebhook/internal/preflight"
)

// account is an AWS account that answers what the checks ask. Its zero parts are
// absent; denied holds the actions that it forbids.
type account struct {
	region        string
	zones         map[string]string // by name: the ID
	defaultZones  []string          // zones with a default subnet
	subnets       []types.Subnet
	routeTables   []types.RouteTable
	vpc           string
	dns           map[types.VpcAttributeName]bool
	roles         []string
	bootstrap     string
	stack         *cfntypes.Stack
	denied        []string
	missingDocker string // the first argument of the docker command that fails

	created []string // the services of the roles that were created
}

// ready returns an account where a first deployment into a new VPC works.
func ready() *account {
	return &account{
		region: "us-east-1",
		zones: map[string]string{
			"us-east-1a": "use1-az4", "us-east-1b": "use1-az6", "us-east-1c": "use1-az1",
			"us-east-1d": "use1-az2", "us-east-1e": "use1-az3", "us-east-1f": "use1-az5",
		},
		roles: []string{
			"AWSServiceRoleForECS", "AWSServiceRoleForElasticLoadBalancing", "AWSServiceRoleForAPIGateway",
			"AWSServiceRoleForApplicationAutoScaling_ECSService",
		},
		bootstrap: "30",
	}
}

// clients returns the account's clients, with a Docker beside it.
func (a *account) clients() preflight.Clients {
	return preflight.Clients{
		Region: a.region, EC2: a, IAM: a, SSM: a, STS: a, CloudFormation: a,
		Docker: func(_ context.Context, args ...string) error {
			if args[0] == a.missingDocker {
				return errors.New("exit status 1")
			}
			return nil
		},
	}
}

func (a *account) deny(action string) error {
	if slices.Contains(a.denied, action) {
		return &smithy.GenericAPIError{Code: "AccessDenied", Message: "not allowed: " + action}
	}
	return nil
}

func (a *account) GetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.Options)) (*sts.GetCallerIdentityOutput, error) {
	return &sts.GetCallerIdentityOutput{Account: aws.String("123456789012")}, a.deny("GetCallerIdentity")
}

func (a *account) DescribeAvailabilityZones(context.Context, *ec2.DescribeAvailabilityZonesInput, ...func(*ec2.Options)) (*ec2.DescribeAvailabilityZonesOutput, error) {
	out := &ec2.DescribeAvailabilityZonesOutput{}
	for name, id := range a.zones {
		out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{ZoneName: aws.String(name), ZoneId: aws.String(id)})
	}
	return out, a.deny("DescribeAvailabilityZones")
}

func (a *account) DescribeSubnets(_ context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	out := &ec2.DescribeSubnetsOutput{}
	switch filter := in.Filters[0]; aws.ToString(filter.Name) {
	case "default-for-az":
		for _, name := range a.defaultZones {
			out.Subnets = append(out.Subnets, types.Subnet{AvailabilityZone: aws.String(name)})
		}
	case "subnet-id":
		for _, subnet := range a.subnets {
			if slices.Contains(filter.Values, aws.ToString(subnet.SubnetId)) {
				out.Subnets = append(out.Subnets, subnet)
			}
		}
	}
	return out, a.deny("DescribeSubnets")
}

func (a *account) DescribeRouteTables(context.Context, *ec2.DescribeRouteTablesInput, ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error) {
	return &ec2.DescribeRouteTablesOutput{RouteTables: a.routeTables}, a.deny("DescribeRouteTables")
}

func (a *account) DescribeVpcAttribute(_ context.Context, in *ec2.DescribeVpcAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error) {
	if err := a.deny("DescribeVpcAttribute"); err != nil {
		return nil, err
	}
	if aws.ToString(in.VpcId) != a.vpc {
		return nil, &smithy.GenericAPIError{Code: "InvalidVpcID.NotFound", Message: "no such VPC"}
	}
	value := &types.AttributeBooleanValue{Value: aws.Bool(a.dns[in.Attribute])}
	if in.Attribute == types.VpcAttributeNameEnableDnsSupport {
		return &ec2.DescribeVpcAttributeOutput{EnableDnsSupport: value}, nil
	}
	return &ec2.DescribeVpcAttributeOutput{EnableDnsHostnames: value}, nil
}

func (a *account) GetRole(_ context.Context, in *iam.GetRoleInput, _ ...func(*iam.Options)) (*iam.GetRoleOutput, error) {
	if err := a.deny("GetRole"); err != nil {
		return nil, err
	}
	if !slices.Contains(a.roles, aws.ToString(in.RoleName)) {
		return nil, &smithy.GenericAPIError{Code: "NoSuchEntity", Message: "no such role"}
	}
	return &iam.GetRoleOutput{}, nil
}

func (a *account) CreateServiceLinkedRole(_ context.Context, in *iam.CreateServiceLinkedRoleInput, _ ...func(*iam.Options)) (*iam.CreateServiceLinkedRoleOutput, error) {
	a.created = append(a.created, aws.ToString(in.AWSServiceName))
	return &iam.CreateServiceLinkedRoleOutput{}, a.deny("CreateServiceLinkedRole")
}

func (a *account) GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	if err := a.deny("GetParameter"); err != nil {
		return nil, err
	}
	if a.bootstrap == "" {
		return nil, &smithy.GenericAPIError{Code: "ParameterNotFound"}
	}
	return &ssm.GetParameterOutput{Parameter: &ssmtypes.Parameter{Value: aws.String(a.bootstrap)}}, nil
}

func (a *account) DescribeStacks(_ context.Context, in *cloudformation.DescribeStacksInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeStacksOutput, error) {
	if err := a.deny("DescribeStacks"); err != nil {
		return nil, err
	}
	if a.stack == nil {
		return nil, &smithy.GenericAPIError{Code: "ValidationError", Message: "Stack with id " + aws.ToString(in.StackName) + " does not exist"}
	}
	return &cloudformation.DescribeStacksOutput{Stacks: []cfntypes.Stack{*a.stack}}, nil
}

// lines returns errors as text, one a line.
func lines(problems []error) string {
	var text []string
	for _, problem := range problems {
		text = append(text, problem.Error())
	}
	return strings.Join(text, "\n")
}
