package review

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/secrets"
)

var (
	alarm  = []string{"AWS::CloudWatch::Alarm"}
	alarms = []string{"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
)

// watchProtections are those of what watches: an alarm is weaker that rings later,
// less often, or to fewer.
//
// Source: API reference of CloudWatch, PutMetricAlarm.
var watchProtections = []protection{
	{"who is told", alarms, regexp.MustCompile(`^AlarmActions\b`), set("AlarmActions"), math.Inf(-1)},
	{"who is told", alarms, regexp.MustCompile(`^ActionsEnabled$`), truth("ActionsEnabled", true), 0},
	{"threshold", alarm, regexp.MustCompile(`^Threshold$`), func(r resource) map[string]strength {
		threshold := number(r.Properties["Threshold"], 0)
		if strings.HasPrefix(cfn.Text(r.Properties["ComparisonOperator"]), "Greater") && !math.IsInf(threshold, 0) {
			return whole(-threshold)
		}
		return whole(threshold)
	}, math.Inf(-1)},
	{"time until the alarm", alarm, regexp.MustCompile(`^(EvaluationPeriods|DatapointsToAlarm|Period)$`), func(r resource) map[string]strength {
		periods := number(r.Properties["EvaluationPeriods"], 1)
		needed := number(r.Properties["DatapointsToAlarm"], periods)
		return whole(-needed * number(r.Properties["Period"], 60))
	}, math.Inf(-1)},
	{"missing data", alarm, regexp.MustCompile(`^TreatMissingData$`), ranked("TreatMissingData", "missing", map[string]float64{"breaching": 2, "missing": 1, "notBreaching": 1}), 0},
	{"what is watched", alarm, regexp.MustCompile(`^(ComparisonOperator|Namespace|MetricName|Dimensions|Statistic|ExtendedStatistic)\b`), opens(func(r resource) (open []string) {
		for _, name := range []string{"ComparisonOperator", "Namespace", "MetricName", "Dimensions"} {
			open = append(open, cfn.Symbol(r.Properties[name]))
		}
		return open
	}), math.Inf(-1)},
	{"what is watched", []string{"AWS::CloudWatch::CompositeAlarm"}, regexp.MustCompile(`^AlarmRule$`), opens(func(r resource) []string {
		return []string{cfn.Symbol(r.Properties["AlarmRule"])}
	}), math.Inf(-1)},
	{"running", []string{"AWS::Events::Rule", "AWS::Scheduler::Schedule"}, regexp.MustCompile(`^State$`), ranked("State", "ENABLED", map[string]float64{"ENABLED": 1}), 0},
	{"audit", []string{"AWS::CloudTrail::Trail"}, regexp.MustCompile(`^(IsLogging|IsMultiRegionTrail|EnableLogFileValidation)$`), func(r resource) map[string]strength {
		return whole(isTrue(r.Properties["IsLogging"], true) + isTrue(r.Properties["IsMultiRegionTrail"], false) + isTrue(r.Properties["EnableLogFileValidation"], false))
	}, 1},
	{"audit", []string{"AWS::GuardDuty::Detector"}, regexp.MustCompile(`^Enable$`), truth("Enable", true), 1},
	{"logging", []string{"AWS::ECS::Cluster"}, regexp.MustCompile(`^Configuration\b`), func(r resource) map[string]strength {
		return whole(oneIf(at(r.Properties, "Configuration.ExecuteCommandConfiguration.Logging") != "NONE"))
	}, 1},
}

// networkProtections are those of networks, beside the rules of security groups.
var networkProtections = []protection{
	{"public exposure", []string{"AWS::EC2::Subnet"}, regexp.MustCompile(`^MapPublicIpOnLaunch$`), falsehood("MapPublicIpOnLaunch"), 0},
	{"private way", []string{"AWS::EC2::Route"}, regexp.MustCompile(`^(GatewayId|NatGatewayId|RouteTableId|DestinationCidrBlock|DestinationIpv6CidrBlock|VpcPeeringConnectionId|TransitGatewayId|InstanceId|NetworkInterfaceId|EgressOnlyInternetGatewayId)$`), opens(func(r resource) (open []string) {
		gateway := cfn.Text(r.Properties["GatewayId"])
		if kind := r.template.Resources[gateway].Type; gateway != cfn.None && (kind == "AWS::EC2::InternetGateway" || strings.HasPrefix(gateway, "igw-")) && !isOfPublicTable(r) {
			open = append(open, "the internet by "+gateway)
		}
		return open
	}), math.Inf(-1)},
	{"public exposure", []string{"AWS::EC2::NetworkAclEntry"}, regexp.MustCompile(`.`), opens(func(r resource) (open []string) {
		cidr := cfn.Text(r.Properties["CidrBlock"])
		if cidr == cfn.None {
			cidr = cfn.Text(r.Properties["Ipv6CidrBlock"])
		}
		if r.Properties["RuleAction"] == "allow" && isWide(cidr) {
			open = append(open, cidr+" "+cfn.Text(r.Properties["PortRange"]))
		}
		return open
	}), 0},
	{"session tokens for metadata", []string{"AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"}, regexp.MustCompile(`HttpTokens$`), func(r resource) map[string]strength {
		return whole(oneIf(strings.Contains(cfn.JSON(r.Properties), `"HttpTokens":"required"`)))
	}, 0},
}

// isOfPublicTable says whether CDK made the route's table for public subnets.
func isOfPublicTable(r resource) bool {
	table := cfn.Text(r.Properties["RouteTableId"])
	for _, tag := range objects(r.template.Resources[table].Properties["Tags"]) {
		if tag["Key"] == "Name" && strings.Contains(cfn.Text(tag["Value"]), "Public") {
			return true
		}
	}
	return false
}

// publicSubnets returns the subnets from which a route leads to the internet itself,
// and not through a NAT gateway.
func publicSubnets(t cfn.Template) map[string]bool {
	tables := map[string]bool{}
	for _, route := range t.OfType("AWS::EC2::Route") {
		gateway := cfn.Text(route.Properties["GatewayId"])
		if t.Resources[gateway].Type == "AWS::EC2::InternetGateway" {
			tables[cfn.Text(route.Properties["RouteTableId"])] = true
		}
	}
	public := map[string]bool{}
	for _, association := range t.OfType("AWS::EC2::SubnetRouteTableAssociation") {
		if tables[cfn.Text(association.Properties["RouteTableId"])] {
			public[cfn.Text(association.Properties["SubnetId"])] = true
		}
	}
	return public
}

// generalProtections are those of any type.
var generalProtections = []protection{
	{"what happens to data", nil, regexp.MustCompile(`^(DeletionPolicy|UpdateReplacePolicy)$`), func(r resource) map[string]strength {
		ranks := map[string]float64{"Retain": 2, "RetainExceptOnCreate": 2, "Snapshot": 1}
		return map[string]strength{"": {number: ranks[r.Attribute("DeletionPolicy")]*10 + ranks[r.Attribute("UpdateReplacePolicy")]}}
	}, math.Inf(-1)},
	{"deletion protection", nil, regexp.MustCompile(`^(DeletionProtectionEnabled|DeletionProtection|TerminationProtection)$`), func(r resource) map[string]strength {
		return whole(isTrue(r.Properties["DeletionProtectionEnabled"], false) + oneIf(r.Properties["DeletionProtection"] == "true" || r.Properties["DeletionProtection"] == "ACTIVE"))
	}, 0},
	{"encryption", nil, regexp.MustCompile(`^(KmsKeyId|KMSKeyId|KmsKeyArn)$`), func(r resource) map[string]strength {
		return whole(oneIf(slices.ContainsFunc([]string{"KmsKeyId", "KMSKeyId", "KmsKeyArn"}, func(name string) bool { return r.Properties[name] != nil })))
	}, 0},
	{"boundary", []string{"AWS::IAM::Role", "AWS::IAM::User"}, regexp.MustCompile(`^PermissionsBoundary$`), set("PermissionsBoundary"), 0},
	{"keys that last", []string{"AWS::IAM::AccessKey"}, regexp.MustCompile(`.`), func(resource) map[string]strength { return whole(0) }, 1},
	{"people's passwords", []string{"AWS::IAM::User"}, regexp.MustCompile(`^LoginProfile\b`), falsehoodOfSet("LoginProfile"), 1},
	{"members", []string{"AWS::IAM::UserToGroupAddition"}, regexp.MustCompile(`^Users\b`), opens(func(r resource) []string { return cfn.Texts(cfn.List(r.Properties["Users"])) }), 0},
	{"what isn't read here", []string{"AWS::CloudFormation::Stack"}, regexp.MustCompile(`^TemplateURL$`), opens(func(r resource) []string { return []string{cfn.Symbol(r.Properties["TemplateURL"])} }), 0},
	{"made under a condition", nil, regexp.MustCompile(`^Condition$`), opens(func(r resource) (open []string) {
		if condition := r.Attribute("Condition"); condition != "" {
			open = append(open, condition)
		}
		return open
	}), math.Inf(-1)},
}

func falsehoodOfSet(name string) func(resource) map[string]strength {
	return func(r resource) map[string]strength { return whole(oneIf(r.Properties[name] == nil)) }
}

// restDanger says whether a change outside the resources loses a protection, and
// which.
func restDanger(c change, before cfn.Template) (name string, danger bool) {
	switch {
	case c.path() == "TerminationProtection":
		return "deletion protection", c.before == "true"
	case c.steps[0] == "Parameters" && strings.HasSuffix(c.path(), ".NoEcho"):
		return "secrets in plain text", c.after != "true"
	case c.steps[0] == "Parameters" && strings.HasSuffix(c.path(), ".Default") && len(c.steps) > 1 && secrets.Named(c.steps[1]):
		return "secrets in plain text", c.after != cfn.None && c.after != `""`
	case c.steps[0] == "Outputs" && strings.Contains(c.path(), ".Export"):
		return "what other stacks import", c.before != cfn.None
	case c.steps[0] == "Outputs" && strings.Contains(c.after, "{{resolve:"):
		return "secrets in plain text", true
	case c.steps[0] == "Transform":
		return "what isn't read here", c.after != cfn.None
	case c.steps[0] == "Conditions" && len(c.steps) > 1:
		for _, r := range before.All() {
			if r.Attribute("Condition") == c.steps[1] {
				return "made under a condition", true
			}
		}
	}
	return "", false
}
