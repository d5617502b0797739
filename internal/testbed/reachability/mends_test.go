package reachability

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"benchlingwebhook/internal/testbed/resources"
)

// mendsAreReadBack holds what the package mends of the local AWS keeps of a network:
// internal/testbed/emulator/mends says for each mend what AWS does.
func mendsAreReadBack(t *testing.T, config aws.Config) {
	text := shape(t, config, "guarded")
	n := deployed(t, config, "mends", text)
	stack, err := resources.Find(t.Context(), config, "mends")
	assert.NilError(t, err)
	id := func(logical string) string { return stack.Resources[logical].ID }
	client := ec2.NewFromConfig(config)
	nat := func(logical string) types.NatGateway {
		described, err := client.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{id(logical)}})
		assert.NilError(t, err)
		return described.NatGateways[0]
	}

	t.Run("apigatewayv2: VPC link", func(t *testing.T) {
		links := apigatewayv2.NewFromConfig(config)
		link, err := links.GetVpcLink(t.Context(), &apigatewayv2.GetVpcLinkInput{VpcLinkId: aws.String(id("IngressVpcLinkC0D9B6BB"))})
		assert.NilError(t, err)
		assert.Equal(t, link.VpcLinkStatus, apitypes.VpcLinkStatusAvailable)
		assert.DeepEqual(t, link.SecurityGroupIds, []string{id("IngressVpcLinkGroup27112F2C")})
		assert.DeepEqual(t, link.SubnetIds, []string{id("NetworkPrivateSubnet1SubnetC4D46731"), id("NetworkPrivateSubnet2SubnetB345BF84")})
		_, err = links.GetVpcLink(t.Context(), &apigatewayv2.GetVpcLinkInput{VpcLinkId: aws.String("none")})
		var missing *apitypes.NotFoundException
		assert.Assert(t, errors.As(err, &missing), err)
	})
	t.Run("ec2: default egress", func(t *testing.T) {
		rules := n.groups[id("IngressLoadBalancerGroup19622DF7")].rules[egress]
		assert.Equal(t, len(rules), 1)
		assert.DeepEqual(t, rules[0].groups, []string{id("WebhookGroupEBA49837")})
	})
	t.Run("ec2: endpoint routes and groups", func(t *testing.T) {
		assert.DeepEqual(t, n.Endpoints["sqs"].Groups, []string{id("NetworkEndpointsGroupA986A755")})
		list := n.Endpoints["s3"].prefixList
		assert.Assert(t, list != "")
		route, found := n.subnets[id("NetworkPrivateSubnet1SubnetC4D46731")].leads(func(r route) bool { return r.list == list })
		assert.Assert(t, found)
		assert.Equal(t, route.target, id("NetworkS3C0D10ADE"))
	})
	t.Run("ec2: NAT gateway", func(t *testing.T) {
		before := nat("NetworkPublicSubnet1NATGatewayCA136767")
		assert.Equal(t, before.State, types.NatGatewayStateAvailable)
		assert.Equal(t, before.ConnectivityType, types.ConnectivityTypePublic)
		assert.Equal(t, aws.ToString(before.SubnetId), id("NetworkPublicSubnet1Subnet5B78347B"))
		_, err := resources.Update(t.Context(), config, "mends", changed(t, text, func(in template) {
			in.properties("NetworkPublicSubnet1NAT")["SubnetId"] = ref(in.find("NetworkPublicSubnet2Subnet"))
			in.drop("NetworkS3")
		}), nil)
		assert.NilError(t, err)
		assert.Equal(t, nat("NetworkPublicSubnet1NATGatewayCA136767").State, types.NatGatewayStateDeleted)
		n, err := Read(t.Context(), config, "mends")
		assert.NilError(t, err)
		_, has := n.Endpoints["s3"]
		assert.Assert(t, !has)
		in := n.subnets[id("NetworkPrivateSubnet1SubnetC4D46731")]
		assert.Assert(t, !slices.ContainsFunc(in.routes, func(r route) bool { return r.target == id("NetworkS3C0D10ADE") }))
		for _, task := range n.Services {
			allowed, reason := n.Allows(task, Internet, TCP, HTTPSPort)
			assert.Assert(t, allowed, reason)
		}
	})
}

// publicAddressesReachTheInternet deploys tasks with public addresses in public subnets:
// they need no NAT, and only their group keeps the internet out.
func publicAddressesReachTheInternet(t *testing.T, config aws.Config) {
	n := deployed(t, config, "public", changed(t, shape(t, config, "dev"), func(in template) {
		at := in.awsvpc("WorkerService3")
		at["Subnets"], at["AssignPublicIp"] = []any{ref(in.find("NetworkPublicSubnet1Subnet"))}, "ENABLED"
	}))
	worker := n.Services["worker"]
	allowed, reason := n.Allows(worker, Internet, TCP, HTTPSPort)
	assert.Assert(t, allowed, reason)
	allowed, reason = n.Allows(Internet, worker, TCP, HTTPSPort)
	assert.Assert(t, !allowed)
	assert.Assert(t, cmp.Contains(reason, "no ingress rule of sg-"))
}
