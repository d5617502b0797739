package architecture

import (
	"fmt"
	"slices"
	"strings"
)

// Types of resources, as CloudFormation names them.
const (
	apiType      = "AWS::ApiGatewayV2::Api"
	balancerType = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	bucketType   = "AWS::S3::Bucket"
	queueType    = "AWS::SQS::Queue"
	ruleType     = "AWS::Events::Rule"
	secretType   = "AWS::SecretsManager::Secret"
	serviceType  = "AWS::ECS::Service"
	tableType    = "AWS::DynamoDB::Table"
	topicType    = "AWS::SNS::Topic"
	alarmType    = "AWS::CloudWatch::Alarm"
	logGroupType = "AWS::Logs::LogGroup"
	// More of CloudWatch.
	compositeType = "AWS::CloudWatch::CompositeAlarm"
	dashboardType = "AWS::CloudWatch::Dashboard"
	queryType     = "AWS::Logs::QueryDefinition"
)

const daySeconds = 24 * 60 * 60

// apiFacts are the routes, what passes them, and how long the API waits.
func apiFacts(t *Template, id string) []string {
	open, signed := 0, 0
	for _, route := range t.ids("AWS::ApiGatewayV2::Route") {
		if t.at(route, "AuthorizationType") == "NONE" {
			open++
		} else {
			signed++
		}
	}
	stage, integration := t.one("AWS::ApiGatewayV2::Stage", ""), t.one("AWS::ApiGatewayV2::Integration", "")
	return []string{
		fmt.Sprintf("%d webhook routes, open:", open),
		fmt.Sprintf("%d requests a second each", t.number(stage, "RouteSettings", "POST /", "ThrottlingRateLimit")),
		fmt.Sprintf("%d operator routes, IAM:", signed),
		fmt.Sprintf("%d a second in all", t.number(stage, "DefaultRouteSettings", "ThrottlingRateLimit")),
		fmt.Sprintf("gives up after %d s", t.number(integration, "TimeoutInMillis")/1000),
	}
}

func balancerFacts(t *Template, id string) []string {
	listener := t.one("AWS::ElasticLoadBalancingV2::Listener", "")
	group := t.one("AWS::ElasticLoadBalancingV2::TargetGroup", "")
	return []string{
		fmt.Sprintf("%v, %v %d", t.at(id, "Scheme"), t.at(listener, "Protocol"), t.number(listener, "Port")),
		fmt.Sprintf("GET %v, every %d s", t.at(group, "HealthCheckPath"), t.number(group, "HealthCheckIntervalSeconds")),
		fmt.Sprintf("drains for %s s", t.named("deregistration_delay.timeout_seconds", group, "TargetGroupAttributes")),
		fmt.Sprintf("idle after %s s", t.named("idle_timeout.timeout_seconds", id, "LoadBalancerAttributes")),
	}
}

// taskFacts are those of a service's tasks. The service's logical ID begins with the
// name of its construct, as those of its task definition and its scaling do.
func taskFacts(t *Template, construct string) (definition string, facts []string) {
	definition = t.one("AWS::ECS::TaskDefinition", construct)
	scaling := t.one("AWS::ApplicationAutoScaling::ScalableTarget", construct)
	return definition, []string{
		fmt.Sprintf("%d to %d tasks, port %d", t.number(scaling, "MinCapacity"), t.number(scaling, "MaxCapacity"),
			t.number(definition, "ContainerDefinitions", 0, "PortMappings", 0, "ContainerPort")),
		fmt.Sprintf("%d CPU, %d MiB each", t.number(definition, "Cpu"), t.number(definition, "Memory")),
		fmt.Sprintf("user %v, read-only root", t.at(definition, "ContainerDefinitions", 0, "User")),
		fmt.Sprintf("SIGKILL %d s after SIGTERM", t.number(definition, "ContainerDefinitions", 0, "StopTimeout")),
	}
}

func webFacts(t *Template, id string) []string {
	_, facts := taskFacts(t, "Webhook")
	return facts
}

func workerFacts(t *Template, id string) []string {
	definition, facts := taskFacts(t, "Worker")
	limit := t.named("EXPORT_TIMEOUT_SECONDS", definition, "ContainerDefinitions", 0, "Environment")
	return append(facts, "an export ends after "+limit+" s at the latest")
}

// queueFacts are how a queue keeps its messages.
func queueFacts(t *Template, id string) []string {
	order := "standard"
	if t.Resources[id].Properties["FifoQueue"] == true {
		order = "FIFO"
	}
	facts := []string{fmt.Sprintf("%s, keeps %d days", order, t.number(id, "MessageRetentionPeriod")/daySeconds)}
	if t.Resources[id].Properties["RedrivePolicy"] != nil {
		facts = append(facts, fmt.Sprintf("%d receives at most", t.number(id, "RedrivePolicy", "maxReceiveCount")))
	}
	return facts
}

func tableFacts(t *Template, id string) []string {
	return []string{
		fmt.Sprintf("key %v, on demand", t.at(id, "KeySchema", 0, "AttributeName")),
		fmt.Sprintf("items end at %v", t.at(id, "TimeToLiveSpecification", "AttributeName")),
	}
}

func packageFacts(t *Template, id string) []string {
	facts := []string{"versioning " + strings.ToLower(fmt.Sprint(t.at(id, "VersioningConfiguration", "Status")))}
	rules, _ := t.at(id, "LifecycleConfiguration", "Rules").([]any)
	expires := slices.ContainsFunc(rules, func(rule any) bool {
		of, _ := rule.(map[string]any)
		return of["ExpirationInDays"] != nil || of["NoncurrentVersionExpiration"] != nil
	})
	return append(facts, map[bool]string{true: "versions expire", false: "no version expires"}[expires])
}

func logBucketFacts(t *Template, id string) []string {
	return []string{
		"access logs of load",
		"balancer and packages",
		fmt.Sprintf("expire after %d days", t.number(id, "LifecycleConfiguration", "Rules", 0, "ExpirationInDays")),
	}
}

func ruleFacts(t *Template, id string) []string {
	return []string{
		fmt.Sprint(t.at(id, "EventPattern", "source", 0)),
		fmt.Sprint(t.at(id, "EventPattern", "detail-type", 0)),
	}
}

func secretFacts(t *Template, id string) []string {
	definition := t.one("AWS::ECS::TaskDefinition", "Webhook")
	return []string{
		fmt.Sprint(t.at(definition, "ContainerDefinitions", 0, "Secrets", 0, "Name")),
		"read when a task starts,",
	}
}

func watchFacts(t *Template, _ string) []string {
	group := t.one(logGroupType, "Worker")
	return []string{
		fmt.Sprintf("%d alarms, %d dashboard", len(t.ids(alarmType)), len(t.ids(dashboardType))),
		fmt.Sprintf("%d log groups, %d days", len(t.ids(logGroupType)), t.number(group, "RetentionInDays")),
	}
}
