package policy

import (
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// shownRule is the rule that also reports what no case of a template shows.
const shownRule = "CODE2"

func notShown(problems []cfn.Problem) []Violation {
	var found []Violation
	for _, problem := range problems {
		name, remedy, _ := strings.Cut(problem.Fault, ": ")
		found = append(found, Violation{Resource: problem.Resource, Property: name, Fault: remedy})
	}
	return found
}

// whole demands that all that is deployed stands in this template.
func whole(r cfn.Resource) []Violation {
	if r.Type == "AWS::CloudFormation::Stack" || r.Type == "AWS::CloudFormation::StackSet" {
		return fault("Type", r.Type+": its template is another: put its resources into this one")
	}
	return nil
}

// noCode demands that nothing runs while the template is deployed, and nothing
// rewrites it.
func noCode(t cfn.Template) []Violation {
	var found []Violation
	for _, part := range []struct{ name, fault string }{
		{"Transform", "a macro rewrites the template where it is deployed: write what it makes"},
		{"Hooks", "code decides about the deployment: remove them"},
	} {
		if t.Rest[part.name] != nil {
			found = append(found, fault(part.name, part.fault)...)
		}
	}
	eachValue(t.Rest, "", func(path, name string, _ any) {
		if name == "Fn::Transform" || strings.HasPrefix(name, "Fn::ForEach") {
			found = append(found, fault(path, "a macro rewrites the template where it is deployed: write what it makes")...)
		}
	})
	return append(found, every(func(r cfn.Resource) []Violation {
		if !isCode(r.Type) {
			return nil
		}
		return fault("Type", show(r.Type)+": use what CloudFormation does itself")
	})(t)...)
}

// isCode reports whether a resource of a type runs somebody's code, or makes resources
// that the template doesn't show.
func isCode(kind string) bool {
	return !strings.HasPrefix(kind, "AWS::") || strings.HasSuffix(kind, "::MODULE") || strings.HasPrefix(kind, "AWS::Serverless::") ||
		kind == "AWS::Lambda::Function" || strings.HasPrefix(kind, "AWS::CloudFormation::") && !slices.Contains(known, kind)
}

// stackProperties is where a template has the properties of its stack that CDK's
// manifest has, if the policy is asked at synthesis.
const stackProperties = "StackProperties"

func terminationProtection(t cfn.Template) []Violation {
	properties, known := t.Rest[stackProperties].(map[string]any)
	if !known {
		return nil
	}
	return wantsIn(properties, "terminationProtection", "set true", "true")
}

// known are the types without a rule of their own that the other rules cover, and
// those that hold, open and run nothing.
var known = []string{
	"AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::VpcLink",
	"AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy",
	"AWS::Backup::BackupPlan", "AWS::Backup::BackupSelection", "AWS::Backup::BackupVault",
	"AWS::CDK::Metadata", "AWS::CertificateManager::Certificate", "AWS::CloudWatch::Dashboard",
	"AWS::CloudFormation::WaitCondition", "AWS::CloudFormation::WaitConditionHandle",
	"AWS::EC2::EIP", "AWS::EC2::FlowLog", "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::NetworkAcl",
	"AWS::EC2::PrefixList", "AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::EC2::SubnetNetworkAclAssociation",
	"AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VPCEndpoint", "AWS::EC2::VPCGatewayAttachment",
	"AWS::ECS::ClusterCapacityProviderAssociations",
	"AWS::ElasticLoadBalancingV2::ListenerCertificate", "AWS::ElasticLoadBalancingV2::ListenerRule",
	"AWS::Events::Rule", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::RolePolicy",
	"AWS::KMS::Alias", "AWS::Logs::LogStream", "AWS::Logs::MetricFilter", "AWS::Logs::QueryDefinition", "AWS::Logs::ResourcePolicy",
	"AWS::Route53::RecordSet", "AWS::S3::BucketPolicy", "AWS::SecretsManager::ResourcePolicy", "AWS::SecretsManager::RotationSchedule",
	"AWS::ServiceDiscovery::PrivateDnsNamespace", "AWS::ServiceDiscovery::Service",
	"AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::SSM::Parameter",
	"AWS::WAFv2::IPSet", "AWS::WAFv2::LoggingConfiguration", "AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation",
	// With rules of their own.
	alarm, compositeAlarm, api, apiDomain, integration, route, stage, balancer, listener, targetGroup, bucket, cluster,
	queue, service, table, task, topic, secret, key, logGroup, networkAclEntry, securityGroup, securityGroupEgress,
	securityGroupIngress, subnet, vpc,
	// Another rule says why not.
	"AWS::CloudFormation::Stack", "AWS::CloudFormation::StackSet",
}

// isKnown demands a type that the rules were written for, so that what is added can't
// be past them.
func isKnown(r cfn.Resource) []Violation {
	if slices.Contains(known, r.Type) || slices.Contains(noLastingKeys, r.Type) || isCode(r.Type) {
		return nil
	}
	return fault("Type", show(r.Type)+": no rule is written for this type: write one, then add it to internal/policy/template.go")
}
