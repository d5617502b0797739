package policy

// logTargets are the logical IDs of the buckets that take access logs: a load
// balancer's, or another bucket's.
func logTargets(t Template) map[any]bool {
	targets := map[any]bool{}
	for _, r := range t.of(balancer) {
		targets[at(attribute(r, "access_logs.s3.bucket"), "Ref")] = true
	}
	for _, r := range t.of(bucket) {
		// A bucket that logs into itself holds something else as well.
		if target := at(r.Properties, "LoggingConfiguration", "DestinationBucketName", "Ref"); target != r.id {
			targets[target] = true
		}
	}
	delete(targets, nil)
	return targets
}

// dataBuckets makes a rule of what must hold of each bucket that takes no access
// logs.
func dataBuckets(check func(r resource) []Violation) func(Template) []Violation {
	return func(t Template) []Violation {
		targets := logTargets(t)
		return each(bucket, func(r resource) []Violation {
			if targets[r.id] {
				return nil
			}
			return check(r)
		})(t)
	}
}

func balancerLogs(r resource) []Violation {
	if attribute(r, "access_logs.s3.enabled") == "true" && attribute(r, "access_logs.s3.bucket") != nil {
		return nil
	}
	return fault("LoadBalancerAttributes", "access_logs.s3.enabled is not true, or no access_logs.s3.bucket: name a bucket for logs")
}

func bucketLogs(r resource) []Violation {
	if at(r.Properties, "LoggingConfiguration", "DestinationBucketName") == nil {
		return fault("LoggingConfiguration.DestinationBucketName", "not set: name a bucket for logs")
	}
	return nil
}

func stageLogs(r resource) []Violation {
	if at(r.Properties, "AccessLogSettings", "DestinationArn") == nil {
		return fault("AccessLogSettings.DestinationArn", "not set: name a log group")
	}
	return nil
}
