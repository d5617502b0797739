package policy

import (
	"fmt"
	"slices"

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
