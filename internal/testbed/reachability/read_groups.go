package reachability

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// defaultGroup is the name of the group of what is given none. Source: the guide of
// Amazon VPC, default security groups.
const defaultGroup = "default"

func (n *Network) readGroups(ctx context.Context, client *ec2.Client, vpc string, of []types.Filter) error {
	n.groups = map[string]group{}
	pages := ec2.NewDescribeSecurityGroupsPaginator(client, &ec2.DescribeSecurityGroupsInput{Filters: of})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, it := range page.SecurityGroups {
			id := aws.ToString(it.GroupId)
			in, err := rulesOf(it.IpPermissions)
			if err != nil {
				return fmt.Errorf("security group %s: %w", id, err)
			}
			out, err := rulesOf(it.IpPermissionsEgress)
			if err != nil {
				return fmt.Errorf("security group %s: %w", id, err)
			}
			n.groups[id] = group{fmt.Sprintf("%s (%s)", id, aws.ToString(it.Description)), map[direction][]rule{ingress: in, egress: out}}
			if aws.ToString(it.GroupName) == defaultGroup {
				n.defaultGroup = id
			}
		}
	}
	n.VpcLink.Groups, n.LoadBalancer.Groups = n.orDefault(n.VpcLink.Groups), n.orDefault(n.LoadBalancer.Groups)
	for name, node := range n.Services {
		node.Groups = n.orDefault(node.Groups)
		n.Services[name] = node
	}
	for _, node := range n.nodes() {
		for _, id := range node.Groups {
			if _, known := n.groups[id]; !known {
				return fmt.Errorf("%s: security group %s isn't in VPC %s", node.Name, id, vpc)
			}
		}
	}
	return nil
}

// orDefault returns security groups, or the VPC's default for none.
func (n *Network) orDefault(groups []string) []string {
	if len(groups) == 0 {
		return []string{n.defaultGroup}
	}
	return groups
}

// rulesOf returns permissions as rules, without their IPv6 addresses.
func rulesOf(permissions []types.IpPermission) ([]rule, error) {
	var found []rule
	for _, it := range permissions {
		r := rule{protocol: aws.ToString(it.IpProtocol), low: -1, high: -1}
		if it.FromPort != nil && it.ToPort != nil {
			r.low, r.high = *it.FromPort, *it.ToPort
		}
		for _, block := range it.IpRanges {
			prefix, err := netip.ParsePrefix(aws.ToString(block.CidrIp))
			if err != nil {
				return nil, err
			}
			r.blocks = append(r.blocks, prefix)
		}
		for _, pair := range it.UserIdGroupPairs {
			r.groups = append(r.groups, aws.ToString(pair.GroupId))
		}
		for _, list := range it.PrefixListIds {
			r.lists = append(r.lists, aws.ToString(list.PrefixListId))
		}
		found = append(found, r)
	}
	return found, nil
}
