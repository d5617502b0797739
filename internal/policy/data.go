package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// holdData are the types whose resources hold what can't be made anew.
var holdData = []string{bucket, table, queue, "AWS::SecretsManager::Secret"}

func isKept(t Template) []Violation {
	var found []Violation
	for _, kind := range holdData {
		for _, r := range t.of(kind) {
			for _, policy := range []struct {
				name, value string
				kept        []string
			}{
				// What a failed creation leaves is empty.
				{"DeletionPolicy", r.DeletionPolicy, []string{"RetainExceptOnCreate", "Retain"}},
				{"UpdateReplacePolicy", r.UpdateReplacePolicy, []string{"Retain"}},
			} {
				if !slices.Contains(policy.kept, policy.value) {
					found = append(found, Violation{Resource: r.id, Property: policy.name, Fault: fmt.Sprintf("%q: set %s", policy.value, policy.kept[0])})
				}
			}
		}
	}
	return found
}

func isEncrypted(t Template) []Violation {
	var found []Violation
	for _, r := range t.of(bucket) {
		if r.Properties["BucketEncryption"] == nil {
			found = append(found, Violation{Resource: r.id, Property: "BucketEncryption", Fault: "not set: name an algorithm"})
		}
	}
	for _, r := range t.of(queue) {
		if r.Properties["SqsManagedSseEnabled"] != true && r.Properties["KmsMasterKeyId"] == nil {
			found = append(found, Violation{Resource: r.id, Property: "SqsManagedSseEnabled", Fault: "no key: set true, or KmsMasterKeyId"})
		}
	}
	return found
}

// onlyTLS demands of each bucket, queue and topic a policy that denies what comes
// without TLS.
func onlyTLS(t Template) []Violation {
	var found []Violation
	for _, of := range []struct{ kind, policy, property string }{
		{bucket, "AWS::S3::BucketPolicy", "Bucket"}, {queue, "AWS::SQS::QueuePolicy", "Queues"}, {topic, "AWS::SNS::TopicPolicy", "Topics"},
	} {
		covered := map[any]bool{}
		for _, policy := range t.of(of.policy) {
			if !deniesPlain(policy) {
				continue
			}
			for _, target := range list(policy.Properties[of.property]) {
				covered[at(target, "Ref")] = true
			}
		}
		for _, r := range t.of(of.kind) {
			if !covered[r.id] {
				found = append(found, Violation{Resource: r.id, Property: "policy", Fault: "no " + of.policy + " denies what comes without TLS: enforce SSL"})
			}
		}
	}
	return found
}

func deniesPlain(policy resource) bool {
	return slices.ContainsFunc(list(at(policy.Properties, "PolicyDocument", "Statement")), func(statement any) bool {
		return at(statement, "Effect") == "Deny" && at(statement, "Condition", "Bool", "aws:SecureTransport") == "false"
	})
}

func isClosed(r resource) []Violation {
	var found []Violation
	for _, property := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		found = append(found, wants(r, "PublicAccessBlockConfiguration."+property, "set true", true)...)
	}
	return found
}

func isProtected(t Template) []Violation {
	var found []Violation
	for _, r := range t.of(table) {
		for _, v := range wants(r, "DeletionProtectionEnabled", "set true", true) {
			v.Resource = r.id
			found = append(found, v)
		}
	}
	for _, r := range t.of(balancer) {
		if value := attribute(r, "deletion_protection.enabled"); value != "true" {
			found = append(found, Violation{
				Resource: r.id, Property: "LoadBalancerAttributes",
				Fault: fmt.Sprintf("deletion_protection.enabled is %s: set true", show(value)),
			})
		}
	}
	return found
}

// unreadable are the storage classes whose objects must be restored before they
// can be read.
var unreadable = []any{"GLACIER", "DEEP_ARCHIVE"}

// keepsVersions demands of a bucket that every version of an object stays there
// and readable.
func keepsVersions(r resource) []Violation {
	found := wants(r, "VersioningConfiguration.Status", "set Enabled", "Enabled")
	for i, rule := range list(at(r.Properties, "LifecycleConfiguration", "Rules")) {
		place := fmt.Sprintf("LifecycleConfiguration.Rules.%d.", i)
		for _, property := range []string{"ExpirationDate", "ExpirationInDays", "NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"} {
			if value := at(rule, property); value != nil {
				found = append(found, Violation{Resource: r.id, Property: place + property, Fault: show(value) + ": remove it: revisions of packages pin versions of objects"})
			}
		}
		for _, property := range []string{"Transition", "Transitions", "NoncurrentVersionTransition", "NoncurrentVersionTransitions"} {
			for _, transition := range list(at(rule, property)) {
				if class := at(transition, "StorageClass"); slices.Contains(unreadable, class) {
					found = append(found, Violation{Resource: r.id, Property: place + property, Fault: show(class) + ": choose a class that can be read at once"})
				}
			}
		}
	}
	return found
}

func noCustomResource(t Template) []Violation {
	var found []Violation
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		kind := t.Resources[id].Type
		if strings.HasPrefix(kind, "Custom::") || kind == "AWS::CloudFormation::CustomResource" || kind == "AWS::Lambda::Function" {
			found = append(found, Violation{Resource: id, Property: "Type", Fault: kind + ": use what CloudFormation does itself"})
		}
	}
	return found
}
