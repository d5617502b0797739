package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// zones reads the zones of a new VPC.
func zones(value any) ([]string, error) {
	names, err := allMatching(value, zoneName, "the zones of the new VPC, such as [\"us-east-1b\", \"us-east-1c\"]")
	if err != nil {
		return nil, err
	}
	if len(names) != constructs.Zones {
		return nil, fmt.Errorf("%d zones; name %d", len(names), constructs.Zones)
	}
	return names, nil
}

// addressRanges reads ranges of IPv4 addresses, as WAF takes them.
func addressRanges(value any) ([]string, error) {
	const remedy = "a list of IPv4 ranges, such as [\"203.0.113.0/24\", \"198.51.100.7/32\"]"
	values, isList := value.([]any)
	if !isList || len(values) == 0 {
		return nil, fmt.Errorf("%s is not a list of ranges; use %s", show(value), remedy)
	}
	ranges := make([]string, len(values))
	for i, value := range values {
		text, _ := value.(string)
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil || !prefix.Addr().Is4():
			return nil, fmt.Errorf("%s does not fit; use %s", show(value), remedy)
		case prefix.Bits() == 0:
			return nil, fmt.Errorf("%s is every address; leave allowedAddresses out for that", show(value))
		case prefix != prefix.Masked():
			return nil, fmt.Errorf("%s has bits below its mask; write %q", show(value), prefix.Masked())
		case slices.Contains(ranges[:i], text):
			return nil, fmt.Errorf("%q is there twice; use each once", text)
		}
		ranges[i] = text
	}
	return ranges, nil
}

func oneOf(value any, allowed ...string) (string, error) {
	text, isText := value.(string)
	if !isText || !slices.Contains(allowed, text) {
		return "", fmt.Errorf("%s is not a choice; use one of %s", show(value), strings.Join(allowed, ", "))
	}
	return text, nil
}

func matching(value any, pattern *regexp.Regexp, remedy string) (string, error) {
	text, isText := value.(string)
	if !isText || !pattern.MatchString(text) {
		return "", fmt.Errorf("%s does not fit; use %s", show(value), remedy)
	}
	return text, nil
}

func oneNumberOf(value any, allowed ...int) (int, error) {
	number, isNumber := wholeNumber(value)
	if !isNumber || !slices.Contains(allowed, number) {
		return 0, fmt.Errorf("%s is not a choice; use one of the numbers %s", show(value), numbers(allowed))
	}
	return number, nil
}

func between(value any, low, high int) (int, error) {
	number, isNumber := wholeNumber(value)
	if !isNumber || number < low || number > high {
		return 0, fmt.Errorf("%s does not fit; use a whole number from %d to %d, without quotes", show(value), low, high)
	}
	return number, nil
}

// wholeNumber returns a JSON number as an int.
func wholeNumber(value any) (int, bool) {
	number, isNumber := value.(float64)
	if !isNumber || number != math.Trunc(number) || math.Abs(number) > math.MaxInt32 {
		return 0, false
	}
	return int(number), true
}

// existingVpc reads {"id": …, "privateSubnetIds": […], "availabilityZones": […]}.
func existingVpc(value any) (*constructs.ExistingVpc, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s is not an object; write {\"id\": …, \"privateSubnetIds\": […], \"availabilityZones\": […]}", show(value))
	}
	problems := unknown(object, "id", "privateSubnetIds", "availabilityZones")
	id, err := matching(object["id"], vpcID, "a VPC's id, such as \"vpc-0123abcd\"")
	problems = append(problems, prefixed(".id", err))
	subnets, err := allMatching(object["privateSubnetIds"], subnetID, "the ids of private subnets, such as [\"subnet-0123abcd\", …]")
	problems = append(problems, prefixed(".privateSubnetIds", err))
	zones, err := allMatching(object["availabilityZones"], zoneName, "the subnets' zones in the same order, such as [\"eu-west-1a\", …]")
	problems = append(problems, prefixed(".availabilityZones", err))
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if len(subnets) != len(zones) || len(subnets) < 2 {
		return nil, fmt.Errorf("%d private subnets in %d zones; the load balancer needs at least two subnets, each in a zone of its own, one zone for each", len(subnets), len(zones))
	}
	return &constructs.ExistingVpc{ID: id, PrivateSubnetIDs: subnets, AvailabilityZones: zones}, nil
}

// domain reads {"name": …, "certificateArn": …}.
func domain(value any) (*constructs.Domain, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s is not an object; write {\"name\": …, \"certificateArn\": …}", show(value))
	}
	problems := unknown(object, "name", "certificateArn")
	name, err := matching(object["name"], hostName, "a host name in lower case without https://, such as \"webhooks.example.com\"")
	problems = append(problems, prefixed(".name", err))
	certificate, err := matching(object["certificateArn"], certificateArn, "the ARN of a certificate in the stack's region, such as \"arn:aws:acm:eu-west-1:123456789012:certificate/…\"")
	problems = append(problems, prefixed(".certificateArn", err))
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &constructs.Domain{Name: name, CertificateArn: certificate}, nil
}

// unknown returns a problem for each of the object's names that isn't allowed.
func unknown(object map[string]any, allowed ...string) []error {
	known := map[string]bool{}
	for _, name := range allowed {
		known[name] = true
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !known[name] {
			problems = append(problems, fmt.Errorf("unknown setting %q%s; the settings are %s", name, didYouMean(name, known), list(known)))
		}
	}
	return problems
}

func allMatching(value any, pattern *regexp.Regexp, remedy string) ([]string, error) {
	values, isList := value.([]any)
	if !isList {
		return nil, fmt.Errorf("%s is not a list; use %s", show(value), remedy)
	}
	texts := make([]string, len(values))
	for i, value := range values {
		text, err := matching(value, pattern, remedy)
		if err != nil {
			return nil, err
		}
		if slices.Contains(texts[:i], text) {
			return nil, fmt.Errorf("%q is there twice; use each once", text)
		}
		texts[i] = text
	}
	return texts, nil
}

// problem is a fault and its place in cdk.json.
type problem struct {
	place, fault string
}

func (p problem) Error() string {
	return p.place + ": " + p.fault
}

// prefixed returns err, or each of the errors that it joins, with the place
// before it; nil stays nil.
func prefixed(place string, err error) error {
	switch err := err.(type) {
	case nil:
		return nil
	case problem:
		return problem{place: place + err.place, fault: err.fault}
	case interface{ Unwrap() []error }:
		var all []error
		for _, one := range err.Unwrap() {
			all = append(all, prefixed(place, one))
		}
		return errors.Join(all...)
	default:
		return problem{place: place, fault: err.Error()}
	}
}

// show returns a value as cdk.json writes it.
func show(value any) string {
	if value == nil {
		return "nothing"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

func numbers(values []int) string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = strconv.Itoa(value)
	}
	return strings.Join(texts, ", ")
}
