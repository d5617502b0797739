package stacks

import (
	"fmt"
	"regexp"
	"time"

	"benchlingwebhook/constructs"
)

var (
	environmentName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,39}$`)
	hostName        = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
	namePart        = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_-]*$`)
	workflowName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$`)
	vpcID           = regexp.MustCompile(`^vpc-[0-9a-f]+$`)
	subnetID        = regexp.MustCompile(`^subnet-[0-9a-f]+$`)
	bucketName      = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	queueArn        = regexp.MustCompile(`^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(\.fifo)?$`)
	keyArn          = regexp.MustCompile(`^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]{36}$`)
	webACLArn       = regexp.MustCompile(`^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/[A-Za-z0-9_-]{1,128}/[0-9a-f-]{36}$`)
	mailAddress     = regexp.MustCompile(`^[^@\s]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$`)
	topicArn        = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$`)
	certificateArn  = regexp.MustCompile(`^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]{36}$`)
	zoneName        = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+[a-z]$`)
)

// reader checks a value of cdk.json and puts it into the settings. Its error
// begins with the value.
type reader func(value any, into *Settings) error

// readers are the settings that cdk.json may hold.
var readers = map[string]reader{
	"architecture": func(value any, into *Settings) error {
		text, err := oneOf(value, string(constructs.X86), string(constructs.ARM))
		into.Architecture = constructs.Architecture(text)
		return err
	},
	"imageCompression": func(value any, into *Settings) error {
		text, err := oneOf(value, string(constructs.Gzip), string(constructs.Zstd))
		into.Compression = constructs.Compression(text)
		return err
	},
	"cpu": func(value any, into *Settings) (err error) {
		// One process, whose threads share one interpreter: more than one virtual
		// processor would idle.
		into.Size.CPU, err = oneNumberOf(value, 256, 512, 1024)
		return err
	},
	"memory": func(value any, into *Settings) (err error) {
		into.Size.MemoryMiB, err = between(value, 512, 30*1024)
		return err
	},
	"desiredCount": func(value any, into *Settings) (err error) {
		into.Size.Desired, err = between(value, 1, 100)
		return err
	},
	"maxCount": func(value any, into *Settings) (err error) {
		into.MaxCount, err = between(value, 1, 100)
		return err
	},
	"workerCpu": func(value any, into *Settings) (err error) {
		into.WorkerSize.CPU, err = oneNumberOf(value, 256, 512, 1024, 2048, 4096)
		return err
	},
	"workerMemory": func(value any, into *Settings) (err error) {
		into.WorkerSize.MemoryMiB, err = between(value, 512, 30*1024)
		return err
	},
	"workerMinCount": func(value any, into *Settings) (err error) {
		into.WorkerSize.Desired, err = between(value, 1, 100)
		return err
	},
	"workerMaxCount": func(value any, into *Settings) (err error) {
		into.WorkerMaxCount, err = between(value, 1, 100)
		return err
	},
	"natGateways": func(value any, into *Settings) (err error) {
		into.NatGateways, err = between(value, 1, 2)
		return err
	},
	"availabilityZones": func(value any, into *Settings) (err error) {
		into.AvailabilityZones, err = zones(value)
		return err
	},
	"flowLogs":           onOff(func(into *Settings) *bool { return &into.FlowLogs }),
	"interfaceEndpoints": onOff(func(into *Settings) *bool { return &into.InterfaceEndpoints }),
	"vpc": func(value any, into *Settings) (err error) {
		into.Vpc, err = existingVpc(value)
		return err
	},
	"logRetentionDays": func(value any, into *Settings) (err error) {
		into.LogRetentionDays, err = oneNumberOf(value, constructs.LogRetentionDays()...)
		return err
	},
	"logLevel": func(value any, into *Settings) (err error) {
		into.LogLevel, err = oneOf(value, "DEBUG", "INFO", "WARNING", "ERROR")
		return err
	},
	"packagePrefix": func(value any, into *Settings) (err error) {
		into.PackagePrefix, err = matching(value, namePart, "letters, digits, - and _, such as \"benchling\"")
		return err
	},
	"quiltCatalog": func(value any, into *Settings) (err error) {
		if value == "" {
			return nil
		}
		into.QuiltCatalog, err = matching(value, hostName, "a host name in lower case without https://, such as \"quilt.example.com\"")
		return err
	},
	"packageBucket": func(value any, into *Settings) (err error) {
		into.PackageBucket, err = matching(value, bucketName, "the name of an existing bucket, such as \"quilt-packages\"")
		return err
	},
	"packagingQueueArn": func(value any, into *Settings) (err error) {
		into.PackagingQueueArn, err = matching(value, queueArn, "a queue's ARN, such as \"arn:aws:sqs:eu-west-1:123456789012:quilt-packager\"")
		return err
	},
	"packageBucketKeyArn": func(value any, into *Settings) (err error) {
		into.PackageBucketKeyArn, err = matching(value, keyArn, "the ARN of the bucket's KMS key, such as \"arn:aws:kms:eu-west-1:123456789012:key/…\"")
		return err
	},
	"packagingQueueKeyArn": func(value any, into *Settings) (err error) {
		into.PackagingQueueKeyArn, err = matching(value, keyArn, "the ARN of the queue's KMS key, such as \"arn:aws:kms:eu-west-1:123456789012:key/…\"")
		return err
	},
	"confirmWithinMinutes": func(value any, into *Settings) error {
		minutes, err := between(value, 1, 24*60)
		into.ConfirmWithin = time.Duration(minutes) * time.Minute
		return err
	},
	"exportTimeoutMinutes": func(value any, into *Settings) error {
		minutes, err := between(value, 1, 12*60)
		into.ExportTimeout = time.Duration(minutes) * time.Minute
		return err
	},
	"workflow": func(value any, into *Settings) error {
		name := ""
		if value != "" {
			var err error
			if name, err = matching(value, workflowName, "the name of a workflow of the registry, such as \"alpha\", or \"\" for none"); err != nil {
				return err
			}
		}
		into.Workflow = &name
		return nil
	},
	"domain": func(value any, into *Settings) (err error) {
		into.Domain, err = domain(value)
		return err
	},
	"allowedAddresses": func(value any, into *Settings) (err error) {
		into.AllowedAddresses, err = addressRanges(value)
		return err
	},
	"webAclArn": func(value any, into *Settings) (err error) {
		into.WebACLArn, err = matching(value, webACLArn, "the ARN of a regional web ACL, such as \"arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/…\"")
		return err
	},
	"alarmTopicArn": func(value any, into *Settings) (err error) {
		into.AlarmTopicArn, err = matching(value, topicArn, "an SNS topic's ARN, such as \"arn:aws:sns:eu-west-1:123456789012:on-call\"")
		return err
	},
	"alarmEmail": func(value any, into *Settings) (err error) {
		into.AlarmEmail, err = matching(value, mailAddress, "a mail address, such as \"on-call@example.com\"")
		return err
	},
	"deletionProtection": onOff(func(into *Settings) *bool { return &into.DeletionProtection }),
}

// onOff returns the reader of a setting that is true or false.
func onOff(of func(into *Settings) *bool) reader {
	return func(value any, into *Settings) error {
		on, isBool := value.(bool)
		if !isBool {
			return fmt.Errorf("%s is not true or false; write it without quotes", show(value))
		}
		*of(into) = on
		return nil
	}
}
