package review

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// hardeningRule names a protection, the properties that make it up, and when a
// change of one weakens it.
type hardeningRule struct {
	name     string
	property *regexp.Regexp
	weaker   func(before, after string) bool
}

// hardeningRules are asked in order; the property is "TYPE PATH".
var hardeningRules = []hardeningRule{
	{"read-only root", regexp.MustCompile(`\.ReadonlyRootFilesystem$`), not("true")},
	{"user", regexp.MustCompile(`^AWS::ECS::TaskDefinition .*\.User$`), isRoot},
	{"privileges", regexp.MustCompile(`\.Privileged$`), becomes("true")},
	{"capabilities", regexp.MustCompile(`\.Capabilities\.Drop$`), not("[ALL]")},
	{"capabilities", regexp.MustCompile(`\.Capabilities\.Add$`), not(cfn.None, "[]")},
	{"init process", regexp.MustCompile(`\.InitProcessEnabled$`), never},
	{"host namespaces", regexp.MustCompile(`^AWS::ECS::TaskDefinition (NetworkMode|PidMode|IpcMode)$`), becomes("host")},
	{"health check", regexp.MustCompile(`^AWS::ECS::TaskDefinition .*\.HealthCheck\b`), becomes(cfn.None)},
	{"health check", regexp.MustCompile(`^AWS::ElasticLoadBalancingV2::TargetGroup (HealthCheck|UnhealthyThreshold|HealthyThreshold|Matcher)`), becomes("false")},
	{"health check", regexp.MustCompile(`\.?HealthCheckGracePeriodSeconds$`), never},
	{"public exposure", regexp.MustCompile(`\.AssignPublicIp$`), becomes("ENABLED")},
	{"public exposure", regexp.MustCompile(` (MapPublicIpOnLaunch|PubliclyAccessible)$`), becomes("true")},
	{"public exposure", regexp.MustCompile(`^AWS::ElasticLoadBalancingV2::LoadBalancer Scheme$`), not("internal")},
	{"public exposure", regexp.MustCompile(` PublicAccessBlockConfiguration\b`), not("true")},
	{"shell into tasks", regexp.MustCompile(` EnableExecuteCommand$`), becomes("true")},
	{"rollback", regexp.MustCompile(` DeploymentConfiguration\.(DeploymentCircuitBreaker|Alarms)\b`), becomes("false", cfn.None)},
	{"deletion protection", regexp.MustCompile(`(?i)(DeletionProtection|deletion_protection|TerminationProtection)`), not("true")},
	{"what happens to data", regexp.MustCompile(` (DeletionPolicy|UpdateReplacePolicy)$`), not("Retain", "RetainExceptOnCreate", "Snapshot")},
	{"encryption", regexp.MustCompile(`(Encrypt|Kms|KMS|SSE|Sse|SslPolicy|Certificates)`), becomes(cfn.None, "false")},
	{"retention", regexp.MustCompile(`(RetentionInDays|RetentionPeriod|PointInTimeRecovery|VersioningConfiguration|LifecycleConfiguration|TimeToLive)`), shorter},
}

// hardeningOf returns the rule that a property falls under.
func hardeningOf(c change) (hardeningRule, bool) {
	i := slices.IndexFunc(hardeningRules, func(rule hardeningRule) bool {
		return rule.property.MatchString(c.kind + " " + c.path())
	})
	if i < 0 {
		return hardeningRule{}, false
	}
	return hardeningRules[i], true
}

func never(string, string) bool { return false }

func becomes(values ...string) func(string, string) bool {
	return func(_, after string) bool { return slices.Contains(values, after) }
}

func not(values ...string) func(string, string) bool {
	return func(_, after string) bool { return !slices.Contains(values, after) }
}

func isRoot(_, after string) bool {
	user, _, _ := strings.Cut(after, ":")
	return user == cfn.None || user == "root" || user == "0"
}

// shorter says whether something is kept for less time, or no more. Logs
// without a retention are kept for good.
func shorter(before, after string) bool {
	was, wasErr := strconv.ParseFloat(before, 64)
	is, isErr := strconv.ParseFloat(after, 64)
	if wasErr == nil && isErr == nil {
		return is < was
	}
	return after == "false" || after == "Suspended" || before == "Enabled" || before == cfn.None && isErr == nil
}
