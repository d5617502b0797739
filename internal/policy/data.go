package policy

import (
	"fmt"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// holdData are the types whose resources hold data that can't be recreated.
var holdData = []string{bucket, table, queue, "AWS::SecretsManager::Secret"}

func isKept(t cfn.Template) []Violation {
	var found []Violation
	for _, kind := range holdData {
		for _, r := range t.OfType(kind) {
			for _, policy := range []struct {
				name, value string
				kept        []string
			}{
				// What a failed creation leaves is empty.
				{"DeletionPolicy", r.Attribute("DeletionPolicy"), []string{"RetainExceptOnCreate", "Retain"}},
				{"UpdateReplacePolicy", r.Attribute("UpdateReplacePolicy"), []string{"Retain"}},
			} {
				if !slices.Contains(policy.kept, policy.value) {
					found = append(found, Violation{Resource: r.ID, Property: policy.name, Fault: fmt.Sprintf("%q: set %s", policy.value, policy.kept[0])})
				}
			}
		}
	}
	return found
}

func isEncrypted(t cfn.Template) []Violation {
	var found []Violation
	for _, r := range t.OfType(bucket) {
		if r.Properties["BucketEncryption"] == nil {
			found = append(found, Violation{Resource: r.ID, Property: "BucketEncryption", Fault: "not set: name an algorithm"})
		}
	}
	for _, r := range t.OfType(queue) {
		if r.Properties["SqsManagedSseEnabled"] != true && r.Properties["KmsMasterKeyId"] == nil {
			found = append(found, Violation{Resource: r.ID, Property: "SqsManagedSseEnabled", Fault: "no key: set true, or KmsMasterKeyId"})
		}
	}
	return found
}

// onlyTLS demands of each bucket, queue and topic a policy that denies
// requests without TLS.
func onlyTLS(t cfn.Template) []Violation {
	var found []Violation
	for _, of := range []struct{ kind, policy, property string }{
		{bucket, "AWS::S3::BucketPolicy", "Bucket"}, {queue, "AWS::SQS::QueuePolicy", "Queues"}, {topic, "AWS::SNS::TopicPolicy", "Topics"},
	} {
		covered := map[any]bool{}
		for _, policy := range t.OfType(of.policy) {
			if !deniesPlain(policy) {
				continue
			}
			for _, target := range cfn.List(policy.Properties[of.property]) {
				covered[cfn.At(target, "Ref")] = true
			}
		}
		for _, r := range t.OfType(of.kind) {
			if !covered[r.ID] {
				found = append(found, Violation{Resource: r.ID, Property: "policy", Fault: "no " + of.policy + " denies what comes without TLS: enforce SSL"})
			}
		}
	}
	return found
}

func deniesPlain(policy cfn.Resource) bool {
	return slices.ContainsFunc(cfn.List(cfn.At(policy.Properties, "PolicyDocument", "Statement")), func(statement any) bool {
		return cfn.At(statement, "Effect") == "Deny" && cfn.At(statement, "Condition", "Bool", "aws:SecureTransport") == "false"
	})
}

func isClosed(r cfn.Resource) []Violation {
	var found []Violation
	for _, property := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		found = append(found, wants(r, "PublicAccessBlockConfiguration."+property, "set true", true)...)
	}
	return found
}

func isProtected(t cfn.Template) []Violation {
	var found []Violation
	for _, r := range t.OfType(table) {
		for _, v := range wants(r, "DeletionProtectionEnabled", "set true", true) {
			v.Resource = r.ID
			found = append(found, v)
		}
	}
	for _, r := range t.OfType(balancer) {
		if value := attribute(r, "deletion_protection.enabled"); value != "true" {
			found = append(found, Violation{
				Resource: r.ID, Property: "LoadBalancerAttributes",
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
func keepsVersions(r cfn.Resource) []Violation {
	found := wants(r, "VersioningConfiguration.Status", "set Enabled", "Enabled")
	for i, rule := range cfn.List(cfn.At(r.Properties, "LifecycleConfiguration", "Rules")) {
		place := fmt.Sprintf("LifecycleConfiguration.Rules.%d.", i)
		for _, property := range []string{"ExpirationDate", "ExpirationInDays", "NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"} {
			if value := cfn.At(rule, property); value != nil {
				found = append(found, Violation{Resource: r.ID, Property: place + property, Fault: show(value) + ": remove it: revisions of packages pin versions of objects"})
			}
		}
		for _, property := range []string{"Transition", "Transitions", "NoncurrentVersionTransition", "NoncurrentVersionTransitions"} {
			for _, transition := range cfn.List(cfn.At(rule, property)) {
				if class := cfn.At(transition, "StorageClass"); slices.Contains(unreadable, class) {
					found = append(found, Violation{Resource: r.ID, Property: place + property, Fault: show(class) + ": choose a class that can be read at once"})
				}
			}
		}
	}
	return found
}

func noCustomResource(t cfn.Template) []Violation {
	var found []Violation
	for _, r := range t.All() {
		if strings.HasPrefix(r.Type, "Custom::") || r.Type == "AWS::CloudFormation::CustomResource" || r.Type == "AWS::Lambda::Function" {
			found = append(found, Violation{Resource: r.ID, Property: "Type", Fault: r.Type + ": use what CloudFormation does itself"})
		}
	}
	return found
}
