package policy

import "benchlingwebhook/internal/cfn"

// logTargets are the buckets that take access logs, a load balancer's, or another
// bucket's, as references.
func logTargets(t cfn.Template) map[any]bool {
	targets := map[any]bool{}
	add := func(target any) {
		if text, isText := target.(string); isText {
			targets[text] = true
		}
	}
	for _, r := range t.OfType(balancer) {
		add(attribute(r, "access_logs.s3.bucket"))
	}
	for _, r := range t.OfType(bucket) {
		// A bucket that logs into itself holds something else as well.
		if target := cfn.At(r.Properties, "LoggingConfiguration", "DestinationBucketName"); target != cfn.Reference(r.ID) {
			add(target)
		}
	}
	return targets
}

// dataBuckets makes a rule of what must hold of each bucket that takes no access
// logs.
func dataBuckets(check func(r cfn.Resource) []Violation) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		targets := logTargets(t)
		return each(func(r cfn.Resource) []Violation {
			if targets[cfn.Reference(r.ID)] {
				return nil
			}
			return check(r)
		}, bucket)(t)
	}
}

func isRetained(r cfn.Resource) []Violation {
	if days := r.Properties["RetentionInDays"]; !isAtLeast(days, 1) {
		return fault("RetentionInDays", show(days)+", which keeps logs for good: choose a number of days")
	}
	return nil
}

func balancerLogs(r cfn.Resource) []Violation {
	found := attributeIs(r, "access_logs.s3.enabled", "true")
	if target := attribute(r, "access_logs.s3.bucket"); !isNamed(target) {
		found = append(found, fault("LoadBalancerAttributes[access_logs.s3.bucket]", show(target)+": name a bucket for logs")...)
	}
	return found
}

// namesLog demands that a property names where a log goes.
func namesLog(r cfn.Resource, remedy string, path ...string) []Violation {
	if target := cfn.At(r.Properties, path...); !isNamed(target) {
		return fault(path[0]+"."+path[1], show(target)+": "+remedy)
	}
	return nil
}

func bucketLogs(r cfn.Resource) []Violation {
	return namesLog(r, "name a bucket for logs", "LoggingConfiguration", "DestinationBucketName")
}

func stageLogs(r cfn.Resource) []Violation {
	return namesLog(r, "name a log group", "AccessLogSettings", "DestinationArn")
}

// flowLogged demands a flow log of all of each VPC's traffic.
func flowLogged(t cfn.Template) []Violation {
	logged := map[string]bool{}
	for _, r := range t.OfType("AWS::EC2::FlowLog") {
		if id, _ := r.Properties["ResourceId"].(string); is(r.Properties["TrafficType"], "ALL") {
			logged[id] = true
		}
	}
	return each(func(r cfn.Resource) []Violation {
		if logged[cfn.Reference(r.ID)] || logged[cfn.Reference(r.ID+".VpcId")] {
			return nil
		}
		return fault("FlowLog", "no AWS::EC2::FlowLog takes all of its traffic: make one")
	}, vpc)(t)
}

func isHeard(r cfn.Resource) []Violation {
	found := allows(r, "ActionsEnabled", "remove it", "true")
	for _, action := range flat(r.Properties["AlarmActions"]) {
		if isNamed(action) {
			return found
		}
	}
	return append(found, fault("AlarmActions", show(r.Properties["AlarmActions"])+": name an SNS topic")...)
}
