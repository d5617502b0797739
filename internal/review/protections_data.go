package review

import (
	"math"
	"regexp"
	"strings"

	"benchlingwebhook/internal/cfn"
)

var (
	bucket = []string{"AWS::S3::Bucket"}
	table  = []string{"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"}
	queue  = []string{"AWS::SQS::Queue"}
)

// dataProtections are those of what holds data.
//
// Sources: CloudFormation Template Reference of each type, for the defaults; Security
// Hub's controls of S3, DynamoDB, RDS and EFS.
var dataProtections = []protection{
	{"public exposure", bucket, regexp.MustCompile(`^PublicAccessBlockConfiguration\b`), func(r resource) map[string]strength {
		all := map[string]strength{}
		for _, name := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
			configuration := r.Properties["PublicAccessBlockConfiguration"]
			value := cfn.At(configuration, name)
			if configuration == nil {
				// S3 blocks all on a new bucket, and nothing where it is taken away.
				all[""] = strength{}
				continue
			}
			number := isTrue(value, false)
			if number == 0 {
				all[""] = strength{number: all[""].number, open: append(all[""].open, name+" off")}
				continue
			}
			all[""] = strength{number: all[""].number + number, open: all[""].open}
		}
		return all
	}, 0},
	{"public exposure", bucket, regexp.MustCompile(`^AccessControl$`), opens(func(r resource) (open []string) {
		if acl := cfn.Text(r.Properties["AccessControl"]); strings.HasPrefix(acl, "Public") || strings.HasPrefix(acl, "Authenticated") || strings.Contains(acl, "{") {
			open = append(open, acl)
		}
		return open
	}), 0},
	{"public exposure", bucket, regexp.MustCompile(`^(WebsiteConfiguration|CorsConfiguration)\b`), opens(func(r resource) (open []string) {
		if r.Properties["WebsiteConfiguration"] != nil {
			open = append(open, "a website")
		}
		for _, rule := range objects(at(r.Properties, "CorsConfiguration.CorsRules")) {
			for _, origin := range cfn.Texts(cfn.List(rule["AllowedOrigins"])) {
				if origin == "*" {
					open = append(open, "any origin")
				}
			}
		}
		return open
	}), 0},
	{"ownership", bucket, regexp.MustCompile(`^OwnershipControls\b`), func(r resource) map[string]strength {
		ownership := cfn.Text(at(r.Properties, "OwnershipControls"))
		return whole(oneIf(!strings.Contains(ownership, "ObjectWriter") && !strings.Contains(ownership, "BucketOwnerPreferred")))
	}, 0},
	{"encryption", bucket, regexp.MustCompile(`^BucketEncryption\b`), bucketEncryption, 0},
	{"versions", bucket, regexp.MustCompile(`^VersioningConfiguration\b`), ranked("VersioningConfiguration.Status", "Suspended", map[string]float64{"Enabled": 1}), 0},
	{"retention", bucket, regexp.MustCompile(`^LifecycleConfiguration\b`), func(r resource) map[string]strength {
		return map[string]strength{
			"":        {number: lifetime(r, "ExpirationInDays")},
			"version": {number: lifetime(r, "NoncurrentVersionExpiration.NoncurrentDays")},
		}
	}, 0},
	{"replication", bucket, regexp.MustCompile(`^ReplicationConfiguration\b`), func(r resource) map[string]strength {
		n := 0.0
		for _, rule := range objects(at(r.Properties, "ReplicationConfiguration.Rules")) {
			n += oneIf(rule["Status"] == "Enabled")
		}
		return whole(n)
	}, 0},
	{"access logs", bucket, regexp.MustCompile(`^LoggingConfiguration\b`), set("LoggingConfiguration"), 0},
	// Once on, it is on for good, and what is locked can't be deleted.
	{"what can't be taken back", bucket, regexp.MustCompile(`^ObjectLockEnabled$`), falsehood("ObjectLockEnabled"), 0},
	{"object lock", bucket, regexp.MustCompile(`^ObjectLockConfiguration\b`), func(r resource) map[string]strength {
		rule := at(r.Properties, "ObjectLockConfiguration.Rule.DefaultRetention")
		days := number(cfn.At(rule, "Days"), 0) + 365*number(cfn.At(rule, "Years"), 0)
		if cfn.At(rule, "Mode") == "COMPLIANCE" {
			days += 1e6
		}
		return whole(days)
	}, 0},
	{"point-in-time recovery", table, regexp.MustCompile(`PointInTimeRecovery`), func(r resource) map[string]strength {
		specification := r.Properties["PointInTimeRecoverySpecification"]
		if isTrue(cfn.At(specification, "PointInTimeRecoveryEnabled"), false) == 0 {
			return whole(0)
		}
		return whole(number(cfn.At(specification, "RecoveryPeriodInDays"), 35))
	}, 0},
	{"encryption", table, regexp.MustCompile(`^SSESpecification\b`), func(r resource) map[string]strength {
		specification := r.Properties["SSESpecification"]
		return whole(isTrue(cfn.At(specification, "SSEEnabled"), false) + oneIf(cfn.At(specification, "KMSMasterKeyId") != nil))
	}, 0},
	{"retention", table, regexp.MustCompile(`^TimeToLiveSpecification\b`), opens(func(r resource) (open []string) {
		specification := r.Properties["TimeToLiveSpecification"]
		if specification != nil && isTrue(cfn.At(specification, "Enabled"), true) == 1 {
			open = append(open, "deleted by "+cfn.Text(cfn.At(specification, "AttributeName")))
		}
		return open
	}), math.Inf(-1)},
	{"replication", []string{"AWS::DynamoDB::GlobalTable"}, regexp.MustCompile(`^Replicas\b`), set("Replicas"), 0},
	{"encryption", []string{"AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster"}, regexp.MustCompile(`^StorageEncrypted$`), truth("StorageEncrypted", false), 1},
	{"public exposure", []string{"AWS::RDS::DBInstance", "AWS::Redshift::Cluster", "AWS::DMS::ReplicationInstance"}, regexp.MustCompile(`^PubliclyAccessible$`), falsehood("PubliclyAccessible"), 1},
	{"backups", []string{"AWS::RDS::DBInstance", "AWS::RDS::DBCluster"}, regexp.MustCompile(`^BackupRetentionPeriod$`), least("BackupRetentionPeriod", 1), 1},
	{"spare", []string{"AWS::RDS::DBInstance"}, regexp.MustCompile(`^MultiAZ$`), truth("MultiAZ", false), 0},
	{"encryption", []string{"AWS::EFS::FileSystem", "AWS::EC2::Volume"}, regexp.MustCompile(`^Encrypted$`), truth("Encrypted", false), 1},
	{"backups", []string{"AWS::EFS::FileSystem"}, regexp.MustCompile(`^BackupPolicy\b`), ranked("BackupPolicy.Status", "DISABLED", map[string]float64{"ENABLED": 1}), 0},
	{"encryption", []string{"AWS::ElastiCache::ReplicationGroup"}, regexp.MustCompile(`Encryption`), func(r resource) map[string]strength {
		return whole(isTrue(r.Properties["AtRestEncryptionEnabled"], false) + isTrue(r.Properties["TransitEncryptionEnabled"], false))
	}, 2},
	{"key rotation", []string{"AWS::KMS::Key"}, regexp.MustCompile(`^EnableKeyRotation$`), truth("EnableKeyRotation", false), 0},
	{"key", []string{"AWS::KMS::Key"}, regexp.MustCompile(`^Enabled$`), truth("Enabled", true), 0},
	{"key", []string{"AWS::KMS::Key"}, regexp.MustCompile(`^PendingWindowInDays$`), least("PendingWindowInDays", 30), 0},
	{"immutable tags", []string{"AWS::ECR::Repository"}, regexp.MustCompile(`^ImageTagMutability$`), ranked("ImageTagMutability", "MUTABLE", map[string]float64{"IMMUTABLE": 1}), 0},
	{"image scans", []string{"AWS::ECR::Repository"}, regexp.MustCompile(`^ImageScanningConfiguration\b`), truth("ImageScanningConfiguration.ScanOnPush", false), 0},
	{"what happens to data", []string{"AWS::ECR::Repository"}, regexp.MustCompile(`^(EmptyOnDelete|LifecyclePolicy\b)`), opens(func(r resource) (open []string) {
		if isTrue(r.Properties["EmptyOnDelete"], false) == 1 {
			open = append(open, "emptied when deleted")
		}
		if policy := r.Properties["LifecyclePolicy"]; policy != nil {
			open = append(open, cfn.Text(policy))
		}
		return open
	}), 0},
	{"secrets in plain text", []string{"AWS::SecretsManager::Secret"}, regexp.MustCompile(`^SecretString$`), opens(func(r resource) (open []string) {
		// Empty values are for somebody to fill in.
		if text, isText := r.Properties["SecretString"].(string); isText && !emptySecret.MatchString(text) {
			open = append(open, "SecretString")
		}
		return open
	}), 0},
	{"retention", []string{"AWS::Logs::LogGroup"}, regexp.MustCompile(`^RetentionInDays$`), least("RetentionInDays", math.Inf(1)), 0},
	{"backups", []string{"AWS::Backup::BackupPlan"}, regexp.MustCompile(`^BackupPlan\b`), func(r resource) map[string]strength {
		return whole(float64(len(objects(at(r.Properties, "BackupPlan.BackupPlanRule")))))
	}, 0},
}

// emptySecret matches a JSON object without values, or with empty ones.
var emptySecret = regexp.MustCompile(`^\{?(\s*"\w+"\s*:\s*""\s*,?)*\}?$`)

// bucketEncryption is 1 for S3's own keys, 2 for AWS's key of KMS, and 3 for a key
// of the customer's.
func bucketEncryption(r resource) map[string]strength {
	weakest := strength{}
	for i, rule := range objects(at(r.Properties, "BucketEncryption.ServerSideEncryptionConfiguration")) {
		algorithm := cfn.Text(cfn.At(rule, "ServerSideEncryptionByDefault", "SSEAlgorithm"))
		n := map[string]float64{"AES256": 1, "aws:kms": 2, "aws:kms:dsse": 2}[algorithm]
		if n == 2 {
			n += oneIf(cfn.At(rule, "ServerSideEncryptionByDefault", "KMSMasterKeyID") != nil)
		}
		if i == 0 || n < weakest.number {
			weakest.number = n
		}
	}
	return map[string]strength{"": weakest}
}

// lifetime is after how many days something is deleted by a bucket's rules; infinite
// where nothing is.
func lifetime(r resource, property string) float64 {
	days := math.Inf(1)
	for _, rule := range objects(at(r.Properties, "LifecycleConfiguration.Rules")) {
		if rule["Status"] == "Disabled" {
			continue
		}
		days = min(days, number(at(rule, property), math.Inf(1)))
		if property == "ExpirationInDays" && rule["ExpirationDate"] != nil {
			days = 0
		}
		if property != "ExpirationInDays" {
			days = min(days, number(rule["NoncurrentVersionExpirationInDays"], math.Inf(1)))
		}
	}
	return days
}

// queueProtections are those of queues and topics.
//
// Source: API reference of SQS, SetQueueAttributes, for the defaults.
var queueProtections = []protection{
	{"retention", queue, regexp.MustCompile(`^MessageRetentionPeriod$`), least("MessageRetentionPeriod", 345600), 0},
	{"time for a message", queue, regexp.MustCompile(`^VisibilityTimeout$`), least("VisibilityTimeout", 30), 0},
	{"dead letters", queue, regexp.MustCompile(`^RedrivePolicy\b`), func(r resource) map[string]strength {
		policy := r.Properties["RedrivePolicy"]
		if policy == nil {
			return whole(0)
		}
		const many = 100 // More attempts than anybody would wait for.
		receives := number(cfn.At(policy, "maxReceiveCount"), 10)
		if receives > many {
			return whole(1)
		}
		return whole(1 + receives)
	}, 0},
	{"encryption", queue, regexp.MustCompile(`^(KmsMasterKeyId|SqsManagedSseEnabled)$`), func(r resource) map[string]strength {
		if r.Properties["KmsMasterKeyId"] != nil {
			return whole(2)
		}
		return whole(isTrue(r.Properties["SqsManagedSseEnabled"], true))
	}, 1},
	{"dead letters", queue, regexp.MustCompile(`^RedriveAllowPolicy\b`), ranked("RedriveAllowPolicy.redrivePermission", "allowAll", map[string]float64{"byQueue": 1, "denyAll": 2}), 0},
	{"encryption", []string{"AWS::SNS::Topic"}, regexp.MustCompile(`^KmsMasterKeyId$`), set("KmsMasterKeyId"), 0},
	{"who listens", []string{"AWS::SNS::Subscription"}, regexp.MustCompile(`^(Protocol|Endpoint|TopicArn)$`), opens(func(r resource) (open []string) {
		protocol, endpoint := cfn.Text(r.Properties["Protocol"]), cfn.Symbol(r.Properties["Endpoint"])
		if strings.HasPrefix(protocol, "http") && !strings.Contains(endpoint, "${") || protocol == "http" || strings.HasPrefix(endpoint, "arn:") && foreign.MatchString(endpoint) {
			open = append(open, protocol+" "+endpoint)
		}
		return open
	}), 0},
}

// foreign matches an ARN that names an account by its number.
var foreign = regexp.MustCompile(`^arn:[^:]*:[^:]*:[^:]*:\d{12}:`)
