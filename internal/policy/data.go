package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// holdData are the types whose resources hold data that can't be recreated, or the key
// without which it can't be read.
var holdData = []string{
	bucket, table, queue, secret, key, logGroup, "AWS::DynamoDB::GlobalTable", "AWS::EFS::FileSystem", "AWS::EC2::Volume",
	"AWS::FSx::FileSystem", "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster",
	"AWS::ElastiCache::ReplicationGroup", "AWS::OpenSearchService::Domain", "AWS::Kinesis::Stream", "AWS::Redshift::Cluster",
	"AWS::ECR::Repository", "AWS::Backup::BackupVault", "AWS::Cognito::UserPool",
}

func isKept(r cfn.Resource) []Violation {
	if !slices.Contains(holdData, r.Type) {
		return nil
	}
	var found []Violation
	for _, policy := range []struct {
		name string
		kept []string
	}{
		// What a failed creation leaves is empty.
		{"DeletionPolicy", []string{"RetainExceptOnCreate", "Retain"}},
		{"UpdateReplacePolicy", []string{"Retain"}},
	} {
		if value := r.Attributes[policy.name]; !is(value, policy.kept...) {
			found = append(found, fault(policy.name, show(value)+": set "+policy.kept[0])...)
		}
	}
	return found
}

func bucketEncrypted(r cfn.Resource) []Violation {
	rules := flat(cfn.At(r.Properties, "BucketEncryption", "ServerSideEncryptionConfiguration"))
	if len(rules) == 0 {
		return fault("BucketEncryption", show(r.Properties["BucketEncryption"])+": name an algorithm")
	}
	var found []Violation
	for _, rule := range rules {
		if algorithm := cfn.At(rule, "ServerSideEncryptionByDefault", "SSEAlgorithm"); !is(algorithm, "AES256", "aws:kms", "aws:kms:dsse") {
			found = append(found, fault("BucketEncryption", show(algorithm)+": name an algorithm")...)
		}
	}
	return found
}

func queueEncrypted(r cfn.Resource) []Violation {
	if is(r.Properties["SqsManagedSseEnabled"], "true") || isNamed(r.Properties["KmsMasterKeyId"]) {
		return nil
	}
	return fault("SqsManagedSseEnabled", "no key: set true, or KmsMasterKeyId")
}

// othersEncrypted demands of every other type that nothing says no to encryption, and
// of those that are plain otherwise that something says yes.
func othersEncrypted(r cfn.Resource) []Violation {
	var found []Violation
	plain := map[string]string{
		"AWS::EFS::FileSystem": "Encrypted", "AWS::EC2::Volume": "Encrypted", "AWS::RDS::DBInstance": "StorageEncrypted",
		"AWS::RDS::DBCluster": "StorageEncrypted", "AWS::DocDB::DBCluster": "StorageEncrypted", "AWS::Neptune::DBCluster": "StorageEncrypted",
		"AWS::ElastiCache::ReplicationGroup": "AtRestEncryptionEnabled", "AWS::Redshift::Cluster": "Encrypted", "AWS::Kinesis::Stream": "StreamEncryption.EncryptionType",
	}
	if property, isPlain := plain[r.Type]; isPlain {
		found = wants(r, property, "set true", "true", "KMS")
	}
	return append(found, anywhere("SSEEnabled", "remove it", "true")(r)...)
}

func isClosed(r cfn.Resource) []Violation {
	var found []Violation
	for _, property := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
		found = append(found, wants(r, "PublicAccessBlockConfiguration."+property, "set true", "true")...)
	}
	if website := r.Properties["WebsiteConfiguration"]; website != nil {
		found = append(found, fault("WebsiteConfiguration", "a website is for everybody: remove it")...)
	}
	return append(found, allows(r, "AccessControl", "remove it", "Private", "LogDeliveryWrite", "BucketOwnerRead", "BucketOwnerFullControl")...)
}

func tableProtected(r cfn.Resource) []Violation {
	return wants(r, "DeletionProtectionEnabled", "set true", "true")
}

func balancerProtected(r cfn.Resource) []Violation {
	return attributeIs(r, "deletion_protection.enabled", "true")
}

// expiring and moving are what a lifecycle rule does to objects.
var (
	expiring = []string{"ExpirationDate", "ExpirationInDays", "NoncurrentVersionExpiration", "NoncurrentVersionExpirationInDays"}
	moving   = []string{"Transition", "Transitions", "NoncurrentVersionTransition", "NoncurrentVersionTransitions"}
	// readAtOnce are the storage classes whose objects needn't be restored first.
	//
	// Source: CloudFormation's reference, AWS::S3::Bucket Transition.
	readAtOnce = []string{"STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"}
)

// keepsVersions demands of a bucket that every version of an object stays there
// and readable.
func keepsVersions(r cfn.Resource) []Violation {
	found := wants(r, "VersioningConfiguration.Status", "set Enabled", "Enabled")
	lifecycle := r.Properties["LifecycleConfiguration"]
	if _, isObject := lifecycle.(map[string]any); lifecycle != nil && !isObject {
		return append(found, fault("LifecycleConfiguration", show(lifecycle)+" can't be decided: write its rules")...)
	}
	for i, rule := range flat(cfn.At(lifecycle, "Rules")) {
		place := fmt.Sprintf("LifecycleConfiguration.Rules.%d", i)
		if _, isObject := rule.(map[string]any); !isObject {
			found = append(found, fault(place, show(rule)+" can't be decided: write the rule")...)
		}
		for _, property := range expiring {
			if value := cfn.At(rule, property); value != nil {
				found = append(found, fault(place+"."+property, show(value)+": remove it: revisions of packages pin versions of objects")...)
			}
		}
		for _, property := range moving {
			for _, transition := range flat(cfn.At(rule, property)) {
				if class := cfn.At(transition, "StorageClass"); !is(class, readAtOnce...) {
					found = append(found, fault(place+"."+property, show(class)+": choose a class that can be read at once")...)
				}
			}
		}
	}
	return found
}

// redrives demands of each queue a dead-letter queue, of which it isn't one itself.
func redrives(t cfn.Template) []Violation {
	targets := map[string]bool{}
	policies := map[string]map[string]any{}
	for _, r := range t.OfType(queue) {
		policy, isObject := r.Properties["RedrivePolicy"].(map[string]any)
		if text, isText := r.Properties["RedrivePolicy"].(string); isText && !isObject {
			policy, _ = readDocument(text)
		}
		policies[r.ID] = policy
		if target, _ := policy["deadLetterTargetArn"].(string); target != cfn.Reference(r.ID+".Arn") {
			targets[target] = true
		}
	}
	return each(func(r cfn.Resource) []Violation {
		policy := policies[r.ID]
		target := policy["deadLetterTargetArn"]
		switch {
		case targets[cfn.Reference(r.ID+".Arn")]:
			return nil
		case !isNamed(target) || is(target, cfn.Reference(r.ID+".Arn")):
			return fault("RedrivePolicy", "no dead-letter queue: name one")
		case !isAtLeast(policy["maxReceiveCount"], 1):
			return fault("RedrivePolicy", "maxReceiveCount "+show(policy["maxReceiveCount"])+": set a number")
		}
		return nil
	}, queue)(t)
}

// protocols are what denies requests without TLS: the type of the policy, the property
// that names its targets, and what it must deny of which part of a target.
var onTLS = []struct {
	kind, policy, property string
	actions                []string
	parts                  []string
}{
	{bucket, "AWS::S3::BucketPolicy", "Bucket", []string{"s3:*"}, []string{"", "/*"}},
	{queue, "AWS::SQS::QueuePolicy", "Queues", []string{"sqs:*"}, []string{""}},
	// A topic has no action of its messages but to publish.
	{topic, "AWS::SNS::TopicPolicy", "Topics", []string{"sns:*", "sns:publish"}, []string{""}},
}

// onlyTLS demands of each bucket, queue and topic a policy that denies
// requests without TLS.
func onlyTLS(t cfn.Template) []Violation {
	var found []Violation
	for _, of := range onTLS {
		for _, r := range t.OfType(of.kind) {
			denied := map[string]bool{}
			for _, policy := range t.OfType(of.policy) {
				targets := flat(policy.Properties[of.property])
				if !slices.ContainsFunc(targets, func(target any) bool { return slices.Contains(namesOf(r), fmt.Sprint(target)) }) {
					continue
				}
				maps.Copy(denied, deniedOf(policy, of.actions))
			}
			for _, part := range of.parts {
				covered := denied["*"] || slices.ContainsFunc(arnsOf(r), func(arn string) bool { return denied[arn+part] || denied[arn+"*"] })
				if !covered {
					found = append(found, Violation{
						Resource: r.ID, Property: "policy" + part,
						Fault: "no " + of.policy + " denies what comes without TLS: enforce SSL",
					})
				}
			}
		}
	}
	return found
}

// namesOf returns how a policy names a resource of the template as its target.
func namesOf(r cfn.Resource) []string {
	names := []string{cfn.Reference(r.ID)}
	if name, _ := r.Properties["BucketName"].(string); name != "" {
		names = append(names, name)
	}
	return names
}

// arnsOf returns how a statement names a resource of the template.
func arnsOf(r cfn.Resource) []string {
	arns := []string{cfn.Reference(r.ID + ".Arn"), cfn.Reference(r.ID + ".TopicArn")}
	if r.Type == topic {
		arns = append(arns, cfn.Reference(r.ID))
	}
	if r.Type == bucket {
		for _, name := range namesOf(r) {
			for _, partition := range []string{"aws", "aws-cn", "aws-us-gov", cfn.Reference("AWS::Partition")} {
				arns = append(arns, "arn:"+partition+":s3:::"+name)
			}
		}
	}
	return arns
}

// deniedOf returns the resources of which a policy denies everybody the actions without
// TLS.
func deniedOf(policy cfn.Resource, actions []string) map[string]bool {
	denied := map[string]bool{}
	all, _ := statementsOf(policy)
	for _, s := range all {
		principal := s.element("Principal")
		if kinds, isObject := principal.(map[string]any); isObject {
			principal = kinds["AWS"]
		}
		everyone := slices.Contains(flat(principal), any("*"))
		whole := slices.ContainsFunc(actionsOf(s), func(action string) bool {
			return action == "*" || slices.Contains(actions, strings.ToLower(action))
		})
		if !is(s.element("Effect"), "Deny") || !everyone || !whole || !isWithoutTLS(s.element("Condition")) {
			continue
		}
		for _, resource := range flat(s.element("Resource")) {
			text, _ := cfn.Scalar(resource)
			denied[text] = true
		}
	}
	return denied
}

// isWithoutTLS reports whether a condition is that a request comes without TLS, and
// nothing else.
func isWithoutTLS(condition any) bool {
	operators, _ := condition.(map[string]any)
	for operator, keys := range operators {
		compared, _ := keys.(map[string]any)
		if len(operators) != 1 || len(compared) != 1 || !strings.EqualFold(strings.TrimSuffix(operator, "IfExists"), "Bool") {
			return false
		}
		for key, value := range compared {
			values := flat(value)
			return strings.EqualFold(key, "aws:SecureTransport") && len(values) == 1 && is(values[0], "false")
		}
	}
	return false
}
