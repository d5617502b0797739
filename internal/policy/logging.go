package policy

import "benchlingwebhook/internal/cfn"

// logTargets are the logical IDs of the buckets that take access logs: a load
// balancer's, or another bucket's.
func logTargets(t cfn.Template) map[any]bool {
	targets := map[any]bool{}
	for _, r := range t.OfType(balancer) {
		targets[cfn.At(attribute(r, "access_logs.s3.bucket"), "Ref")] = true
	}
	for _, r := range t.OfType(bucket) {
		// A bucket that logs into itself holds something else as well.
		if target := cfn.At(r.Properties, "LoggingConfiguration", "DestinationBucketName", "Ref"); target != r.ID {
			targets[target] = true
		}
	}
	delete(targets, nil)
	return targets
}

// dataBuckets makes a rule of what must hold of each bucket that takes no access
// logs.
func dataBuckets(check func(r cfn.Resource) []Violation) func(cfn.Template) []Violation {
	return func(t cfn.Template) []Violation {
		targets := logTargets(t)
		return each(bucket, func(r cfn.Resource) []Violation {
			if targets[r.ID] {
				return nil
			}
			return check(r)
		})(t)
	}
}

func balancerLogs(r cfn.Resource) []Violation {
	if attribute(r, "access_logs.s3.enabled") == "true" && attribute(r, "access_logs.s3.bucket") != nil {
		return nil
	}
	return fault("LoadBalancerAttributes", "access_logs.s3.enabled is not true, or no access_logs.s3.bucket: name a bucket for logs")
}

func bucketLogs(r cfn.Resource) []Violation {
	if cfn.At(r.Properties, "LoggingConfiguration", "DestinationBucketName") == nil {
		return fault("LoggingConfiguration.DestinationBucketName", "not set: name a bucket for logs")
	}
	return nil
}

func stageLogs(r cfn.Resource) []Violation {
	if cfn.At(r.Properties, "AccessLogSettings", "DestinationArn") == nil {
		return fault("AccessLogSettings.DestinationArn", "not set: name a log group")
	}
	return nil
}
