package stacks

import (
	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/policy"
)

// Acknowledged returns the violations of the policy that may stay in a stack of
// these settings, each with its reason.
func Acknowledged(s Settings) []policy.Acknowledgement {
	acknowledged := []policy.Acknowledgement{{
		Name:   "IAM1[ecr:GetAuthorizationToken]",
		Reason: "the action takes no resource; what may be pulled is named in the statement beside it",
	}}
	for _, route := range constructs.WebhookRoutes() {
		acknowledged = append(acknowledged, policy.Acknowledgement{
			Name: "NET3[" + route + "]", Reason: "Benchling can't sign for IAM; the service verifies Benchling's own signature",
		})
	}
	if s.Vpc == nil {
		acknowledged = append(acknowledged, policy.Acknowledgement{
			Name: "IAM1[VPCEndpoint s3:GetObject]",
			Reason: "an endpoint's policy gives nobody a right, it lets through what has one: " +
				"the image's layers lie in a bucket of ECR's, exports in one of Benchling's, whose names are theirs",
		})
	}
	return append(acknowledged, unbought(s)...)
}

// unbought returns the violations that a setting takes away.
func unbought(s Settings) []policy.Acknowledgement {
	var acknowledged []policy.Acknowledgement
	add := func(reason string, names ...string) {
		for _, name := range names {
			acknowledged = append(acknowledged, policy.Acknowledgement{Name: name, Reason: reason})
		}
	}
	if s.Domain == nil {
		add("without the setting domain, there is no name that a certificate could be for; API Gateway has the only way in",
			"NET4[AWS::ElasticLoadBalancingV2::Listener]", "NET4[AWS::ApiGatewayV2::Integration]")
	}
	if !s.DeletionProtection {
		add("the setting deletionProtection is off, for environments that come and go",
			"DATA7[AWS::DynamoDB::Table]", "DATA7[AWS::ElasticLoadBalancingV2::LoadBalancer]")
	}
	if s.AlarmTopicArn == "" && s.AlarmEmail == "" {
		add("neither alarmEmail nor alarmTopicArn is set, of which synthesis warns; alarms still take deployments back",
			"ALARM1[AWS::CloudWatch::Alarm]")
	}
	return acknowledged
}
