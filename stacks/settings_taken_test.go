package stacks_test

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/stacks"
)

// taken are values that AWS takes, many of them its guides' own examples.
var taken = []string{
	`"desiredCount": 2.0`, `"desiredCount": 1e0`,
	`"logRetentionDays": 1`, `"logRetentionDays": 120`, `"logRetentionDays": 3653`,

	`"packageBucket": "abc"`, `"packageBucket": "example.com"`, `"packageBucket": "my.example.s3.bucket"`, `"packageBucket": "2024-lab-data"`,
	`"packageBucket": "log-delivery-march-2020"`, `"packageBucket": "lab-111122223333-us-west-2-an"`, `"packageBucket": "192.168.5.4.backup"`,

	`"quiltCatalog": ""`, `"quiltCatalog": "x.xn--p1ai"`, `"quiltCatalog": "xn--bcher-kva.example.com"`, `"quiltCatalog": "xn--r8jz45g.xn--zckzah"`, `"quiltCatalog": "xn--i-7iq.ws"`,
	`"quiltCatalog": "a-b--c.3com.example"`, `"quiltCatalog": "` + strings.Repeat("a", 63) + `.example.com"`,

	`"alarmEmail": "first.last+tag@Lab.Example.COM"`, `"alarmEmail": "o'brien@xn--mnchen-3ya.de"`,

	`"packagingQueueArn": "arn:aws:sqs:us-east-2:123456789012:MyQueue"`, `"packagingQueueArn": "arn:aws:sqs:mx-central-1:000000000000:MyQueue.fifo"`,
	`"packagingQueueArn": "arn:aws:sqs:eu-west-1:123456789012:` + strings.Repeat("a", 75) + `.fifo"`, `"packagingQueueArn": "arn:aws:sqs:eu-west-1:123456789012:` + strings.Repeat("a", 80) + `"`,
	`"packagingQueueArn": "arn:aws-us-gov:sqs:us-gov-east-1:123456789012:q_1"`, `"packagingQueueArn": "arn:aws-eusc:sqs:eusc-de-east-1:123456789012:q"`,
	`"alarmTopicArn": "arn:aws-cn:sns:cn-northwest-1:123456789012:` + strings.Repeat("t", 256) + `"`,
	`"packageBucket": "lab", "packageBucketKeyArn": "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"`,
	`"packageBucket": "lab", "packageBucketKeyArn": "arn:aws:kms:us-east-2:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"`,
	`"webAclArn": "arn:aws:wafv2:us-west-2:111122223333:regional/webacl/My_web-ACL/1234abcd-12ab-34cd-56ef-1234567890ab"`,

	// A bucket's key, a queue, its key and a topic may be another account's.
	`"packageBucket": "lab", "packageBucketKeyArn": "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		"packagingQueueArn": "arn:aws:sqs:us-east-2:444455556666:q", "alarmTopicArn": "arn:aws:sns:us-east-2:777788889999:t"`,

	`"availabilityZones": ["us-east-1a", "us-east-1f"]`, `"availabilityZones": ["us-gov-west-1a", "us-gov-west-1b"]`, `"availabilityZones": ["eusc-de-east-1a", "eusc-de-east-1b"]`,
	`"vpc": {"id": "vpc-1a2b3c4d", "privateSubnetIds": ["subnet-1a2b3c4d", "subnet-0bb1c79de3a4b5c6d"], "availabilityZones": ["us-west-2a", "us-west-2b"]}`,
	`"vpc": {"id": "vpc-0123456789abcdef0", "privateSubnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], "availabilityZones": ["us-west-2-lax-1a", "us-west-2-lax-1b"]}`,
	`"vpc": {"id": "vpc-0123456789abcdef0", "privateSubnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"], "availabilityZones": ["us-east-1-wl1-bos-wlz-1", "us-east-1-foe-wlz-1a"]}`,

	`"allowedAddresses": ["192.0.2.44/32", "192.0.2.0/24", "192.0.0.0/16"]`, `"allowedAddresses": ["0.0.0.0/1"]`, `"allowedAddresses": ["0.0.0.0/1", "128.0.0.0/2"]`,

	`"account": "012345678901", "region": "eusc-de-east-1"`,

	`"workerHours": {"from": "00:00", "to": "23:59", "days": "SUN-SAT", "timeZone": "America/Argentina/Buenos_Aires"}`,
	`"workerHours": {"from": "07:05", "to": "20:00", "days": "MON,WED-FRI", "timeZone": "UTC"}`, `"workerHours": {"from": "07:00", "to": "20:00", "days": "SAT", "timeZone": "Etc/GMT+9"}`,

	`"quiltDatabase": "q", "linkedBuckets": ["lab-a", {"name": "lab-b", "keyArn": "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}]`,
	`"exportEntries": false, "quiltDatabase": "q", "linkedBuckets": ["lab-a"], "linkedBy": "notebook"`, `"exportEntries": true`,

	`"workflow": ""`, `"workflow": "_alpha-2"`,
}

func TestSettingsTakeWhatAWSTakes(t *testing.T) {
	for _, settings := range taken {
		_, err := stacks.ReadSettings(contextWith(t, "{"+settings+"}"))
		assert.Check(t, err, settings)
	}
}
