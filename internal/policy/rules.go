package policy

import "benchlingwebhook/internal/cfn"

// Rules are all rules, in the order of the report. An ID of ECS and a number is
// the control of that number in Security Hub; docs/rules/security-hub.md says which
// rules keep the other controls.
var Rules = []Rule{
	{"ECS2", "tasks have no public address", both(each(func(r cfn.Resource) []Violation {
		return wants(r, "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "set DISABLED", "DISABLED")
	}, service), every(anywhere("AssignPublicIp", "set DISABLED", "DISABLED")))},
	{"ECS3", "tasks share no namespace with their host", each(noHostNamespace, task)},
	{"ECS4", "containers have no privileges", eachContainer(unprivileged)},
	{"ECS5", "the root file system is read-only", eachContainer(isReadOnly)},
	{"ECS8", "no secret is in the environment", both(eachContainer(noSecretIn), noSecretValue, noWrittenSecret)},
	{"ECS9", "containers log", eachContainer(logs)},
	{"ECS10", "services run on the latest Fargate platform", each(func(r cfn.Resource) []Violation {
		return wants(r, "PlatformVersion", "set LATEST", "LATEST")
	}, service)},
	{"ECS12", "clusters have Container Insights", each(hasInsights, cluster)},
	{"ECS20", "containers run as a numbered user other than root", eachContainer(isNumberedUser)},
	{"TASK1", "containers drop all capabilities and add none", eachContainer(hasNoCapabilities)},
	{"TASK2", "containers have a health check", both(eachContainer(hasHealthCheck), each(targetsChecked, targetGroup))},
	{"IMAGE1", "images are the account's own and can't change", eachContainer(hasOwnImage)},
	{"SVC1", "nobody opens a shell in a task", every(anywhere("EnableExecuteCommand", "remove it", "false"))},
	{"DEPLOY1", "a deployment that fails is taken back", each(takenBack, service)},
	{"IAM1", "nothing is allowed on every resource", every(noWildcardResource)},
	{"IAM2", "nothing is allowed that isn't named", statements(noWildcardAction)},
	{"IAM3", "nothing is allowed to everyone", both(statements(noWildcardPrincipal), each(permission, "AWS::Lambda::Permission"))},
	{"IAM4", "nobody has lasting keys", each(noLastingKey, noLastingKeys...)},
	{"NET1", "nothing comes in from everywhere", notOpen},
	{"NET2", "load balancers are internal and drop invalid headers", both(
		each(isInternal, balancer),
		every(anywhere("AssociatePublicIpAddress", "set false", "false")),
		each(func(r cfn.Resource) []Violation {
			return allows(r, "InstanceId", "an address of an instance: remove it")
		}, "AWS::EC2::EIP"),
		each(func(r cfn.Resource) []Violation { return wants(r, "Scheme", "set internal", "internal") }, "AWS::ElasticLoadBalancing::LoadBalancer"),
	)},
	{"NET3", "only webhooks are open", both(
		each(hasAuthorization, route, "AWS::ApiGateway::Method"),
		each(writtenRoutes, api, "AWS::ApiGateway::RestApi"),
		each(func(r cfn.Resource) []Violation { return wants(r, "AuthType", "set AWS_IAM", "AWS_IAM") }, "AWS::Lambda::Url"),
	)},
	{"NET4", "traffic inside the VPC is encrypted up to the load balancer", both(each(listensEncrypted, listener), each(callsEncrypted, integration))},
	{"NET5", "subnets give out no public addresses", each(func(r cfn.Resource) []Violation {
		return allows(r, "MapPublicIpOnLaunch", "set false", "false")
	}, subnet)},
	{"NET6", "what goes out is named", egressNamed},
	{"NET7", "the API's names take TLS 1.2 at least", both(each(domainTLS, apiDomain), each(func(r cfn.Resource) []Violation {
		return wants(r, "SecurityPolicy", "set TLS_1_2", "TLS_1_2")
	}, "AWS::ApiGateway::DomainName"))},
	{"API1", "the API limits requests", each(throttled, stage)},
	{"DATA1", "data outlives its stack", every(isKept)},
	{"DATA2", "data is encrypted at rest", both(each(bucketEncrypted, bucket), each(queueEncrypted, queue), every(othersEncrypted))},
	{"DATA3", "data is reached by TLS alone", onlyTLS},
	{"DATA4", "buckets are closed to the public", each(isClosed, bucket, "AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint")},
	{"DATA5", "no version of an object expires", dataBuckets(keepsVersions)},
	{"DATA6", "tables can be restored to any minute", each(func(r cfn.Resource) []Violation {
		return wants(r, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "set true", "true")
	}, table)},
	{"DATA7", "tables and load balancers are protected against deletion", both(each(tableProtected, table), each(balancerProtected, balancer))},
	{"QUEUE1", "every queue has a dead-letter queue", redrives},
	{"LOG1", "logs are kept for a time that somebody chose", each(isRetained, logGroup)},
	{"LOG2", "the API logs each request", each(stageLogs, stage)},
	{"LOG3", "load balancers log each request", each(balancerLogs, balancer)},
	{"LOG4", "buckets log each request", dataBuckets(bucketLogs)},
	{"LOG5", "VPCs log their traffic", flowLogged},
	{"ALARM1", "somebody hears of alarms", each(isHeard, alarm, compositeAlarm)},
	{"TAG1", "resources are tagged", each(isTagged, tagged...)},
	{"CODE1", "no code runs while a stack is deployed", noCode},
	{shownRule, "what is deployed stands in the template", every(whole)},
	{"TYPE1", "resources are of types that the rules know", every(isKnown)},
	{"STACK1", "the stack is protected against deletion", terminationProtection},
}

// The types that rules are about.
const (
	alarm                = "AWS::CloudWatch::Alarm"
	compositeAlarm       = "AWS::CloudWatch::CompositeAlarm"
	api                  = "AWS::ApiGatewayV2::Api"
	apiDomain            = "AWS::ApiGatewayV2::DomainName"
	integration          = "AWS::ApiGatewayV2::Integration"
	route                = "AWS::ApiGatewayV2::Route"
	stage                = "AWS::ApiGatewayV2::Stage"
	balancer             = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	listener             = "AWS::ElasticLoadBalancingV2::Listener"
	targetGroup          = "AWS::ElasticLoadBalancingV2::TargetGroup"
	bucket               = "AWS::S3::Bucket"
	cluster              = "AWS::ECS::Cluster"
	key                  = "AWS::KMS::Key"
	logGroup             = "AWS::Logs::LogGroup"
	networkAclEntry      = "AWS::EC2::NetworkAclEntry"
	queue                = "AWS::SQS::Queue"
	secret               = "AWS::SecretsManager::Secret"
	securityGroup        = "AWS::EC2::SecurityGroup"
	securityGroupEgress  = securityGroup + "Egress"
	securityGroupIngress = securityGroup + "Ingress"
	service              = "AWS::ECS::Service"
	subnet               = "AWS::EC2::Subnet"
	table                = "AWS::DynamoDB::Table"
	task                 = "AWS::ECS::TaskDefinition"
	topic                = "AWS::SNS::Topic"
	vpc                  = "AWS::EC2::VPC"
)
