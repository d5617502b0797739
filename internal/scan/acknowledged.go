package scan

import "regexp"

var (
	everywhere = regexp.MustCompile(`.`)
	// withoutDomain are the templates without the setting domain.
	withoutDomain = regexp.MustCompile(`^(arm64|dev|existing-quilt|existing-vpc|frugal|guarded|linked-only|prod)\.`)
)

// Acknowledged is what checkov asks for and the stack doesn't have, with reasons.
var Acknowledged = []Acknowledgement{
	{
		Checks: []string{"CKV_AWS_27"}, Resources: regexp.MustCompile(`^AWS::SQS::Queue\.`), Templates: everywhere,
		Reason: "Every queue is encrypted by SQS's own keys (SSE-SQS), which the check doesn't know: it looks for a key of KMS. " +
			"What waits in them names entries and says nothing of what is in them; a key of KMS costs by the call.",
	},
	{
		Checks: []string{"CKV_AWS_158"}, Resources: regexp.MustCompile(`^AWS::Logs::LogGroup\.`), Templates: everywhere,
		Reason: "CloudWatch encrypts every log group by keys of its own. Log lines hold no secret and no entry's contents.",
	},
	{
		Checks: []string{"CKV_AWS_149"}, Resources: regexp.MustCompile(`^AWS::SecretsManager::Secret\.`), Templates: everywhere,
		Reason: "The account's key aws/secretsmanager encrypts it. Only another account's roles would need a customer's key, and none reads it.",
	},
	{
		Checks: []string{"CKV_AWS_119"}, Resources: regexp.MustCompile(`^AWS::DynamoDB::Table\.Claims`), Templates: everywhere,
		Reason: "DynamoDB encrypts it by a key of its own. It holds IDs of events and entries, and states.",
	},
	{
		Checks: []string{"CKV_AWS_18"}, Resources: regexp.MustCompile(`^AWS::S3::Bucket\.Logs`), Templates: everywhere,
		Reason: "It is where the access logs go: a log of the log bucket would log its own writing.",
	},
	{
		Checks: []string{"CKV_AWS_2", "CKV_AWS_103"}, Resources: regexp.MustCompile(`^AWS::ElasticLoadBalancingV2::Listener\.IngressLoadBalancerHttp`), Templates: withoutDomain,
		Reason: "Without a name there is no certificate. The way is private, from the VPC link's network interfaces to the load balancer's; " +
			"with the setting domain it is TLS.",
	},
	{
		Checks: []string{"CKV_AWS_65"}, Resources: regexp.MustCompile(`^AWS::ECS::Cluster\.`), Templates: regexp.MustCompile(`^dev\.`),
		Reason: "Container Insights cost 18.60 dollars a month, and no alarm is of them; with the setting containerInsights they are on.",
	},
	{
		Checks: []string{"CKV_AWS_192"}, Resources: regexp.MustCompile(`^AWS::WAFv2::WebACL\.`), Templates: regexp.MustCompile(`^guarded\.`),
		Reason: "The web ACL says which addresses may call. Nothing behind it is written in Java; a web ACL of your own is the setting webAclArn.",
	},
	{
		Checks: []string{"CKV_AWS_26"}, Resources: regexp.MustCompile(`^AWS::SNS::Topic\.AlarmTopic`), Templates: regexp.MustCompile(`^guarded\.`),
		Reason: "CloudWatch can't publish to a topic under the account's key aws/sns, and its messages are states of alarms, which leave as mail. " +
			"A topic under a key of your own is the setting alarmTopicArn.",
	},
}
