package operate

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// quiltStack is a deployed Quilt stack, by its outputs.
type quiltStack struct {
	// Name is the stack's name.
	Name string
	// queueArn is the packaging queue.
	queueArn string
	// catalog is the catalog's host name, or empty.
	catalog string
	// database and workgroup are those of Quilt's views in Athena, or empty.
	database, workgroup string
}

// quiltStacks returns the Quilt stacks of a region, by name. A Quilt stack is one with an
// output for the packaging queue; of a stack and those nested in it, the outer one counts.
//
// Sources: Quilt's documentation, packaging (PackagerQueueArn, PackagerQueueUrl) and
// installation (QuiltWebHost).
func quiltStacks(ctx context.Context, cloud aws.Config) ([]quiltStack, error) {
	var found, nested []quiltStack
	pages := cloudformation.NewDescribeStacksPaginator(cloudformation.NewFromConfig(cloud), &cloudformation.DescribeStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, refused("cloudformation:DescribeStacks", "stacks of "+cloud.Region, err)
		}
		for _, one := range page.Stacks {
			stack := readQuiltStack(one)
			switch {
			case stack.queueArn == "":
			case one.ParentId != nil:
				nested = append(nested, stack)
			default:
				found = append(found, stack)
			}
		}
	}
	for _, inner := range nested {
		if !slices.ContainsFunc(found, func(s quiltStack) bool { return s.queueArn == inner.queueArn }) {
			found = append(found, inner)
		}
	}
	slices.SortFunc(found, func(a, b quiltStack) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// readQuiltStack returns what a stack's outputs say; one that isn't Quilt's has no queue.
func readQuiltStack(stack types.Stack) quiltStack {
	outputs := map[string]string{}
	for _, one := range stack.Outputs {
		outputs[aws.ToString(one.OutputKey)] = aws.ToString(one.OutputValue)
	}
	queue := outputs["PackagerQueueArn"]
	if queue == "" {
		queue = queueOfURL(outputs["PackagerQueueUrl"], aws.ToString(stack.StackId))
	}
	return quiltStack{
		Name: aws.ToString(stack.StackName), queueArn: queue, catalog: hostOf(outputs["QuiltWebHost"]),
		database: outputs["UserAthenaDatabaseName"], workgroup: outputs["UserAthenaWorkgroupName"],
	}
}

// queueOfURL returns the ARN of the queue at a URL, https://HOST/ACCOUNT/NAME, in the
// partition and region of a stack; nothing where it isn't such a URL.
func queueOfURL(text, stackArn string) string {
	at, err := url.Parse(text)
	stack, wrong := arn.Parse(stackArn)
	if err != nil || wrong != nil {
		return ""
	}
	account, name, found := strings.Cut(strings.Trim(at.Path, "/"), "/")
	if at.Host == "" || !found {
		return ""
	}
	return arn.ARN{Partition: stack.Partition, Service: "sqs", Region: stack.Region, AccountID: account, Resource: name}.String()
}

// hostOf returns the host of a URL, or a host's name as it is, in lower case.
func hostOf(text string) string {
	if at, err := url.Parse(text); err == nil && at.Host != "" {
		text = at.Hostname()
	}
	return strings.ToLower(strings.TrimSuffix(text, "/"))
}

// otherRegions returns the account's regions other than the configuration's that have
// Quilt stacks, with a stack of each.
func otherRegions(ctx context.Context, cloud aws.Config) (map[string]string, error) {
	regions, err := ec2.NewFromConfig(cloud).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil, refused("ec2:DescribeRegions", "regions", err)
	}
	found := map[string]string{}
	var problems []error
	for _, one := range regions.Regions {
		other := cloud.Copy()
		if other.Region = aws.ToString(one.RegionName); other.Region == cloud.Region {
			continue
		}
		stacks, err := quiltStacks(ctx, other)
		if err != nil {
			problems = append(problems, err)
		} else if len(stacks) > 0 {
			found[other.Region] = stacks[0].Name
		}
	}
	return found, errors.Join(problems...)
}
