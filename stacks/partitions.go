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

// checkPartitions returns a problem for each ARN of another partition or region
// than the first one's: no deployment could use both.
func checkPartitions(place string, arns []SettingArn) []error {
	var problems []error
	for _, other := range arns[min(1, len(arns)):] {
		first := arns[0]
		if other.Partition() != first.Partition() || other.Region() != first.Region() {
			problems = append(problems, fmt.Errorf("%s.%s: it is in %s of the partition %s, and %s in %s of %s; name what is in the stack's own region",
				place, other.Setting, other.Region(), other.Partition(), first.Setting, first.Region(), first.Partition()))
		}
	}
	return problems
}
