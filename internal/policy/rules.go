package policy

import "benchlingwebhook/internal/cfn"

// Rules are all rules, in the order of the report. An ID of ECS and a number is
// the control of that number in Security Hub; docs/rules/security-hub.md says which
// rules keep the other controls.
var Rules = []Rule{
	{"ECS2", "tasks have no public address", each(service, func(r cfn.Resource) []Violation {
		return wants(r, "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "set DISABLED", "DISABLED")
	})},
	{"ECS3", "tasks share no namespace with their host", each(task, noHostNamespace)},
	{"ECS4", "containers have no privileges", eachContainer(func(c map[string]any) []Violation {
		if c["Privileged"] == true {
			return fault("Privileged", "true: remove it")
		}
		return nil
	})},
	{"ECS5", "the root file system is read-only", eachContainer(func(c map[string]any) []Violation {
		if c["ReadonlyRootFilesystem"] != true {
			return fault("ReadonlyRootFilesystem", show(c["ReadonlyRootFilesystem"])+": set true")
		}
		return nil
	})},
	{"ECS8", "no secret is in the environment", eachContainer(noSecretInEnvironment)},
	{"ECS9", "containers log", eachContainer(func(c map[string]any) []Violation {
		if cfn.At(c, "LogConfiguration", "LogDriver") == nil {
			return fault("LogConfiguration.LogDriver", "not set: name a driver, such as awslogs")
		}
		return nil
	})},
	{"ECS10", "services run on the latest Fargate platform", each(service, func(r cfn.Resource) []Violation {
		return wants(r, "PlatformVersion", "set LATEST", "LATEST")
	})},
	{"ECS12", "clusters have Container Insights", each("AWS::ECS::Cluster", hasInsights)},
	{"ECS20", "containers run as a numbered user other than root", eachContainer(isNumberedUser)},
	{"TASK1", "containers drop all capabilities and add none", eachContainer(hasNoCapabilities)},
	{"TASK2", "containers have a health check", eachContainer(func(c map[string]any) []Violation {
		if len(cfn.List(cfn.At(c, "HealthCheck", "Command"))) == 0 {
			return fault("HealthCheck.Command", "not set: ECS ignores the image's own: repeat it")
		}
		return nil
	})},
	{"DEPLOY1", "a deployment that fails is taken back", each(service, func(r cfn.Resource) []Violation {
		return wants(r, "DeploymentConfiguration.DeploymentCircuitBreaker.Rollback", "set true, and Enable", true)
	})},
	{"IAM1", "nothing is allowed on every resource", statements(noWildcardResource)},
	{"IAM2", "nothing is allowed that isn't named", statements(noWildcardAction)},
	{"IAM3", "nothing is allowed to everyone", statements(noWildcardPrincipal)},
	{"NET1", "nothing comes in from everywhere", notOpen},
	{"NET2", "load balancers are internal and drop invalid headers", each(balancer, isInternal)},
	{"NET3", "only webhooks are open", each("AWS::ApiGatewayV2::Route", hasAuthorization)},
	{"NET4", "traffic inside the VPC is encrypted up to the load balancer", byType(encryptsInside)},
	{"NET5", "subnets give out no public addresses", each("AWS::EC2::Subnet", func(r cfn.Resource) []Violation {
		if r.Properties["MapPublicIpOnLaunch"] == true {
			return fault("MapPublicIpOnLaunch", "true: set false")
		}
		return nil
	})},
	{"DATA1", "data outlives its stack", isKept},
	{"DATA2", "data is encrypted at rest", isEncrypted},
	{"DATA3", "data is reached by TLS alone", onlyTLS},
	{"DATA4", "buckets are closed to the public", each(bucket, isClosed)},
	{"DATA5", "no version of an object expires", dataBuckets(keepsVersions)},
	{"DATA6", "tables can be restored to any minute", each(table, func(r cfn.Resource) []Violation {
		return wants(r, "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", "set true", true)
	})},
	{"DATA7", "tables and load balancers are protected against deletion", byType(isProtected)},
	{"LOG1", "logs are kept for a time that somebody chose", each("AWS::Logs::LogGroup", func(r cfn.Resource) []Violation {
		if r.Properties["RetentionInDays"] == nil {
			return fault("RetentionInDays", "not set, which keeps logs for good: choose a number of days")
		}
		return nil
	})},
	{"LOG2", "the API logs each request", each("AWS::ApiGatewayV2::Stage", stageLogs)},
	{"LOG3", "load balancers log each request", each(balancer, balancerLogs)},
	{"LOG4", "buckets log each request", dataBuckets(bucketLogs)},
	{"ALARM1", "somebody hears of alarms", byType(each("AWS::CloudWatch::Alarm", isHeard))},
	{"TAG1", "resources are tagged", isTagged},
	{"CODE1", "no code runs while a stack is deployed", noCustomResource},
}

// The types that several rules are about.
const (
	balancer = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	bucket   = "AWS::S3::Bucket"
	queue    = "AWS::SQS::Queue"
	service  = "AWS::ECS::Service"
	table    = "AWS::DynamoDB::Table"
	task     = "AWS::ECS::TaskDefinition"
	topic    = "AWS::SNS::Topic"
)
