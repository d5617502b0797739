package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// sourceHeader carries the caller's IP address from API Gateway to the load balancer,
// which sees IP addresses of the VPC link alone. API Gateway overwrites whatever a
// caller sends by that name.
const sourceHeader = "x-source-address"

// FirewallProps says what stands between API Gateway and the tasks: nothing, the
// one or the other.
type FirewallProps struct {
	// AllowedAddresses are the IPv4 ranges from which webhooks may come.
	AllowedAddresses []string
	// WebACLArn is an existing web ACL.
	WebACLArn string
}

// addFirewall puts a web ACL in front of the load balancer, for HTTP APIs can't
// have one (docs/decisions/0011). It returns what API Gateway must add to each
// request, nil without a web ACL.
func addFirewall(scope constructs.Construct, id string, balancer elb.ApplicationLoadBalancer, props FirewallProps) awsapigatewayv2.ParameterMapping {
	arn := jsii.String(props.WebACLArn)
	if len(props.AllowedAddresses) > 0 {
		arn = newAllowList(constructs.NewConstruct(scope, jsii.String(id)), props.AllowedAddresses).AttrArn()
	} else if props.WebACLArn == "" {
		return nil
	}
	awswafv2.NewCfnWebACLAssociation(scope, jsii.String(id+"Association"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: balancer.LoadBalancerArn(), WebAclArn: arn,
	})
	return awsapigatewayv2.NewParameterMapping().OverwriteHeader(
		jsii.String(sourceHeader), awsapigatewayv2.MappingValue_ContextVariable(jsii.String("identity.sourceIp")))
}

// newAllowList returns a web ACL that refuses webhooks from elsewhere. The other
// routes are GET, and IAM decides about them.
func newAllowList(scope constructs.Construct, ranges []string) awswafv2.CfnWebACL {
	addresses := awswafv2.NewCfnIPSet(scope, jsii.String("Addresses"), &awswafv2.CfnIPSetProps{
		Description:      jsii.String("From where webhooks may come"),
		Scope:            jsii.String("REGIONAL"),
		IpAddressVersion: jsii.String("IPV4"),
		Addresses:        jsii.Strings(ranges...),
	})
	webhook := map[string]any{"byteMatchStatement": map[string]any{
		"fieldToMatch":         map[string]any{"method": map[string]any{}},
		"positionalConstraint": "EXACTLY",
		"searchString":         "POST",
		"textTransformations":  []any{map[string]any{"priority": 0, "type": "NONE"}},
	}}
	elsewhere := map[string]any{"notStatement": map[string]any{"statement": map[string]any{"ipSetReferenceStatement": map[string]any{
		"arn": addresses.AttrArn(),
		// To a request without the header WAF wouldn't apply the rule at all; but
		// only API Gateway reaches the load balancer, and always adds it.
		"ipSetForwardedIpConfig": map[string]any{"headerName": sourceHeader, "fallbackBehavior": "NO_MATCH", "position": "FIRST"},
	}}}}
	return awswafv2.NewCfnWebACL(scope, jsii.String("WebAcl"), &awswafv2.CfnWebACLProps{
		Description:      jsii.String("Webhooks from allowed addresses alone"),
		Scope:            jsii.String("REGIONAL"),
		DefaultAction:    map[string]any{"allow": map[string]any{}},
		VisibilityConfig: visibility(scope, "WebAcl"),
		Rules: &[]any{map[string]any{
			"name":             "webhooks-from-elsewhere",
			"priority":         0,
			"action":           map[string]any{"block": map[string]any{}},
			"statement":        map[string]any{"andStatement": map[string]any{"statements": []any{webhook, elsewhere}}},
			"visibilityConfig": visibility(scope, "WebhooksFromElsewhere"),
		}},
	})
}

// visibility gives a web ACL or a rule a metric, and no copies of requests.
func visibility(scope constructs.Construct, name string) map[string]any {
	return map[string]any{
		"cloudWatchMetricsEnabled": true,
		"metricName":               jsii.String(*awscdk.Stack_Of(scope).StackName() + "-" + name),
		"sampledRequestsEnabled":   false,
	}
}
