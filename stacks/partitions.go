package stacks

import (
	"fmt"
	"strings"
)

// SettingArn is an ARN that cdk.json has.
type SettingArn struct {
	// Setting is the setting's name, such as "domain.certificateArn".
	Setting string
	// Arn is the ARN.
	Arn string
}

// Partition is the group of regions that share accounts and IAM, such as "aws" or
// "aws-cn".
func (a SettingArn) Partition() string {
	return strings.Split(a.Arn, ":")[1]
}

// Region is the region in the ARN.
func (a SettingArn) Region() string {
	return strings.Split(a.Arn, ":")[3]
}

// account is the account in the ARN.
func (a SettingArn) account() string {
	return strings.Split(a.Arn, ":")[4]
}

// Arns returns the ARNs in the settings. Each must be of the region to which the
// stack is deployed: load balancer and API take certificates of their own region,
// CloudWatch topics, WAF web ACLs, and the tasks call their own region's endpoints.
func (s Settings) Arns() []SettingArn {
	all := []SettingArn{
		{"alarmTopicArn", s.AlarmTopicArn},
		{"packageBucketKeyArn", s.PackageBucketKeyArn},
		{"packagingQueueArn", s.PackagingQueueArn},
		{"packagingQueueKeyArn", s.PackagingQueueKeyArn},
		{"webAclArn", s.WebACLArn},
	}
	for i, bucket := range s.LinkedBuckets {
		all = append(all, SettingArn{fmt.Sprintf("linkedBuckets[%d].keyArn", i), bucket.KeyArn})
	}
	if s.Domain != nil {
		all = append(all, SettingArn{"domain.certificateArn", s.Domain.CertificateArn})
	}
	var set []SettingArn
	for _, one := range all {
		if one.Arn != "" {
			set = append(set, one)
		}
	}
	return set
}

// located is the region in which a setting's value is.
type located struct {
	setting, region, partition string
}

// locations returns the regions that the settings name, the setting's own first, then
// those of zones: where the VPC is, there the stack is.
func (s Settings) locations() []located {
	var found []located
	if s.Region != "" {
		found = append(found, located{"region", s.Region, regions[s.Region]})
	}
	addZones := func(setting string, names []string) {
		if len(names) > 0 {
			first, _ := readZone(names[0])
			found = append(found, located{setting, first.region, regions[first.region]})
		}
	}
	if s.Vpc != nil {
		addZones("vpc.availabilityZones", s.Vpc.AvailabilityZones)
	}
	addZones("availabilityZones", s.AvailabilityZones)
	for _, one := range s.Arns() {
		found = append(found, located{one.Setting, one.Region(), one.Partition()})
	}
	return found
}

// checkRegions returns a problem for each value in another region than the first
// one's: no deployment could use both.
func checkRegions(place string, s Settings) []error {
	var problems []error
	all := s.locations()
	for _, other := range all[min(1, len(all)):] {
		if first := all[0]; other.region != first.region {
			problems = append(problems, fmt.Errorf("%s.%s: it is in %s of the partition %s, and %s in %s of %s; name what is in the stack's own region",
				place, other.setting, other.region, other.partition, first.setting, first.region, first.partition))
		}
	}
	return problems
}

// checkAccounts returns a problem for each of account, certificate and web ACL that is of
// another account than the first: each is the stack's own, where queues, topics and keys
// may be another account's.
//
// Sources: AWS Security Blog, deploy public ACM certificates across accounts; the
// model of AWS WAF V2, GetWebACL, which names one within the account.
func checkAccounts(place string, s Settings) []error {
	var all []owned
	if s.Account != "" {
		all = append(all, owned{"account", s.Account})
	}
	for _, one := range s.Arns() {
		if one.Setting == "domain.certificateArn" || one.Setting == "webAclArn" {
			all = append(all, owned{one.Setting, one.account()})
		}
	}
	var problems []error
	for _, other := range all[min(1, len(all)):] {
		if first := all[0]; other.account != first.account {
			problems = append(problems, fmt.Errorf("%s.%s: it is of the account %s, and %s of %s; name what is in the stack's own account",
				place, other.setting, other.account, first.setting, first.account))
		}
	}
	return problems
}

// owned is the account that a setting's value is of.
type owned struct {
	setting, account string
}
