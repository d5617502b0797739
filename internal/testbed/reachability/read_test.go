package reachability

import (
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"gotest.tools/v3/assert"
)

// TestRoutesOf holds that a subnet has its own route table, or else the main one.
func TestRoutesOf(t *testing.T) {
	table := func(target string, association types.RouteTableAssociation) types.RouteTable {
		return types.RouteTable{Associations: []types.RouteTableAssociation{association}, Routes: []types.Route{
			{DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: aws.String(target), State: types.RouteStateActive},
		}}
	}
	tables := []types.RouteTable{
		table("igw-main", types.RouteTableAssociation{Main: aws.Bool(true)}),
		table("igw-own", types.RouteTableAssociation{SubnetId: aws.String("subnet-own")}),
	}
	for id, target := range map[string]string{"subnet-own": "igw-own", "subnet-other": "igw-main"} {
		found, err := routesOf(id, tables)
		assert.NilError(t, err)
		assert.Equal(t, found[0], route{block: everywhere, target: target, active: true})
	}
	_, err := routesOf("subnet-other", tables[1:])
	assert.Error(t, err, "no route table")
	tables[0].Routes[0].DestinationCidrBlock = aws.String("10.0.0.0")
	_, err = routesOf("subnet-other", tables)
	assert.ErrorContains(t, err, `netip.ParsePrefix("10.0.0.0")`)
}

// TestEntriesOf holds that a subnet has its own network ACL, or else the default one,
// whose entries are in the order of their numbers.
func TestEntriesOf(t *testing.T) {
	one := func(number int32) types.NetworkAclEntry {
		return types.NetworkAclEntry{
			RuleNumber: aws.Int32(number), Protocol: aws.String("6"), CidrBlock: aws.String("10.0.0.0/16"), Egress: aws.Bool(true),
			RuleAction: types.RuleActionAllow, PortRange: &types.PortRange{From: aws.Int32(1), To: aws.Int32(2)},
		}
	}
	acls := []types.NetworkAcl{
		{IsDefault: aws.Bool(true), Entries: []types.NetworkAclEntry{{Ipv6CidrBlock: aws.String("::/0")}}},
		{Associations: []types.NetworkAclAssociation{{SubnetId: aws.String("subnet-own")}}, Entries: []types.NetworkAclEntry{one(200), one(100)}},
	}
	found, err := entriesOf("subnet-own", acls)
	assert.NilError(t, err)
	block := netip.MustParsePrefix("10.0.0.0/16")
	for i, number := range []int32{100, 200} {
		assert.Equal(t, found[i], entry{number, egress, TCP, 1, 2, block, true})
	}
	found, err = entriesOf("subnet-other", acls)
	assert.NilError(t, err)
	assert.Equal(t, len(found), 0)
	_, err = entriesOf("subnet-other", acls[1:])
	assert.Error(t, err, "no network ACL")
	acls[0].Entries[0].CidrBlock = aws.String("10.0.0.0/40")
	_, err = entriesOf("subnet-other", acls)
	assert.ErrorContains(t, err, `netip.ParsePrefix("10.0.0.0/40")`)
}

// TestRulesOf holds how a rule is told of, and which it can't be.
func TestRulesOf(t *testing.T) {
	found, err := rulesOf([]types.IpPermission{
		{IpProtocol: aws.String("tcp"), PrefixListIds: []types.PrefixListId{{PrefixListId: aws.String("pl-1")}}},
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(2), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}},
	})
	assert.NilError(t, err)
	assert.Equal(t, found[0].String(), "tcp pl-1")
	assert.Equal(t, found[1].String(), "tcp 1-2 10.0.0.0/8")
	assert.Assert(t, found[0].among(peer{Node{prefixList: "pl-1"}, subnet{}}, whole))
	assert.Assert(t, !found[0].among(peer{Node{prefixList: "pl-2"}, subnet{}}, part))
	_, err = rulesOf([]types.IpPermission{{IpRanges: []types.IpRange{{CidrIp: aws.String("anywhere")}}}})
	assert.ErrorContains(t, err, `netip.ParsePrefix("anywhere")`)
}
