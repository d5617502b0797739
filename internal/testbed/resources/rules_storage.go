package resources

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	tabletypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func buckets(d *Deployed) map[string]Bucket { return d.Buckets }
func tables(d *Deployed) map[string]Table   { return d.Tables }

var storageRules = []Rule{
	{"bucket: versioned", "guide of S3, versioning", every(buckets, func(_ *Deployed, _ string, it Bucket) []string {
		return unless(it.Versioning == types.BucketVersioningStatusEnabled, "versioning is %q", it.Versioning)
	})},
	{"bucket: encrypted", "guides of Elastic Load Balancing and S3, access logs: their bucket has S3's own encryption, no other", every(buckets, func(_ *Deployed, _ string, it Bucket) []string {
		return unless(it.Encryption != nil && len(it.Encryption.Rules) == 1 &&
			it.Encryption.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm == types.ServerSideEncryptionAes256, "encrypted otherwise: %v", it.Encryption)
	})},
	{"bucket: private", "API reference of S3, PublicAccessBlockConfiguration", every(buckets, func(_ *Deployed, _ string, it Bucket) []string {
		block := it.PublicAccess
		return unless(block != nil && aws.ToBool(block.BlockPublicAcls) && aws.ToBool(block.BlockPublicPolicy) &&
			aws.ToBool(block.IgnorePublicAcls) && aws.ToBool(block.RestrictPublicBuckets), "public access isn't blocked")
	})},
	{"bucket: TLS only, no ACLs", "guide of S3, security best practices", every(buckets, func(_ *Deployed, _ string, it Bucket) []string {
		owner := len(it.Ownership) == 1 && it.Ownership[0].ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced
		return append(unless(deniesPlain(it.Policy), "its policy lets plain HTTP through"), unless(owner, "objects may have ACLs")...)
	})},
	{"bucket: unfinished uploads end", "guide of S3, aborting incomplete multipart uploads: they cost until somebody does", every(buckets, func(_ *Deployed, _ string, it Bucket) []string {
		return unless(slices.ContainsFunc(it.Lifecycle, func(rule types.LifecycleRule) bool {
			return rule.Status == types.ExpirationStatusEnabled && rule.AbortIncompleteMultipartUpload != nil
		}), "no rule aborts them")
	})},
	{"bucket: packages are kept, logs expire", "the project's own", every(buckets, func(_ *Deployed, id string, it Bucket) []string {
		expires := slices.ContainsFunc(it.Lifecycle, func(rule types.LifecycleRule) bool { return rule.Expiration != nil })
		return unless(expires == strings.HasPrefix(id, "Logs"), "objects expire: %t", expires)
	})},
	{"bucket: access is logged", "guide of S3, server access logging", every(buckets, func(d *Deployed, id string, it Bucket) []string {
		return unless(strings.HasPrefix(id, "Logs") || it.LogBucket == d.logBucket(), "its log goes to %q", it.LogBucket)
	})},
	{"table: expires, recoverable", "guide of DynamoDB, time to live and point-in-time recovery", every(tables, func(_ *Deployed, _ string, it Table) []string {
		return append(unless(it.Expires == "expires_at", "items expire by %q", it.Expires), unless(it.Recoverable, "no point-in-time recovery")...)
	})},
	{"table: pays per request", "API reference of DynamoDB, BillingMode", every(tables, func(_ *Deployed, _ string, it Table) []string {
		summary := it.Description.BillingModeSummary
		return unless(summary != nil && summary.BillingMode == tabletypes.BillingModePayPerRequest, "billing mode %v", summary)
	})},
	{"log group: retention", "API reference of CloudWatch Logs, PutRetentionPolicy: for ever where none is set", every(func(d *Deployed) map[string]int { return d.LogDays }, func(_ *Deployed, _ string, days int) []string {
		return unless(days > 0, "kept for ever")
	})},
	{"secret: made empty", "the project's own: setup writes it, and the template holds none", every(func(d *Deployed) map[string]string { return d.Secrets }, func(_ *Deployed, _ string, value string) []string {
		return unless(value == "{}", "it has a value")
	})},
}

// logBucket returns the name of the stack's bucket for logs.
func (d *Deployed) logBucket() string {
	for id, name := range d.Stack.ids("AWS::S3::Bucket") {
		if strings.HasPrefix(id, "Logs") {
			return name
		}
	}
	return ""
}

// holdData are the types whose resources outlive the stack.
var holdData = []string{"AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"}

var removalRules = []Rule{
	{"removal: data outlives the stack", "template reference, DeletionPolicy: RetainExceptOnCreate leaves nothing of a creation that failed", func(d *Deployed) []string {
		return every(func(d *Deployed) map[string]Resource { return d.Stack.Resources }, func(_ *Deployed, _ string, it Resource) []string {
			deletion, replacement := "", ""
			if slices.Contains(holdData, it.Type) {
				deletion, replacement = "RetainExceptOnCreate", "Retain"
			}
			return unless(it.DeletionPolicy == deletion && it.UpdateReplacePolicy == replacement, "%s: deleted by %q, replaced by %q", it.Type, it.DeletionPolicy, it.UpdateReplacePolicy)
		})(d)
	}},
	{"removal: one protection for all", "the project's own: the load balancer and the table are protected together, or neither is", func(d *Deployed) []string {
		balancer := d.FrontDoor.BalancerAttributes["deletion_protection.enabled"] == "true"
		return every(tables, func(_ *Deployed, _ string, it Table) []string {
			return unless(aws.ToBool(it.Description.DeletionProtectionEnabled) == balancer, "protected: %t, the load balancer: %t", aws.ToBool(it.Description.DeletionProtectionEnabled), balancer)
		})(d)
	}},
}
