package stacks

import (
	"fmt"
	"regexp"
	"strings"
)

// arnKind is a kind of ARN that a setting takes.
type arnKind struct {
	// service is the part after the partition, such as "sqs".
	service string
	// resource is the pattern of what follows the account.
	resource *regexp.Regexp
	// form is that pattern in words.
	form string
	// mistake returns what a resource is that doesn't match, in words; empty for
	// none in particular.
	mistake func(resource string) string
}

// uuid is the pattern of the IDs that AWS gives to keys, certificates and web ACLs.
//
// Source: the model of AWS WAF V2, EntityId.
const uuid = `[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}`

// longestQueueName is how many characters a queue's name may have, ".fifo"
// included.
const longestQueueName = 80

var (
	// queueArn is a queue's.
	//
	// Source: the model of Amazon SQS, CreateQueue.
	queueArn = arnKind{"sqs", regexp.MustCompile(fmt.Sprintf(`^([A-Za-z0-9_-]{1,%d}|[A-Za-z0-9_-]{1,%d}\.fifo)$`, longestQueueName, longestQueueName-len(".fifo"))), "NAME or NAME.fifo, of letters, digits, - and _", func(name string) string {
		if len(name) > longestQueueName {
			return fmt.Sprintf("a queue's name has at most %d characters, not %d", longestQueueName, len(name))
		}
		return ""
	}}
	// topicArn is that of a standard topic: a FIFO topic delivers to queues alone,
	// not to people.
	//
	// Source: the model of Amazon SNS, CreateTopic; Amazon SNS Developer Guide,
	// message delivery for FIFO topics.
	topicArn = arnKind{"sns", regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`), "NAME, of letters, digits, - and _", func(name string) string {
		switch {
		case strings.HasSuffix(name, ".fifo"):
			return "it is a FIFO topic, which notifies no person"
		case strings.Contains(name, ":"):
			return "it is a subscription's ARN"
		case len(name) > 256:
			return fmt.Sprintf("a topic's name has at most 256 characters, not %d", len(name))
		}
		return ""
	}}
	// keyArn is a KMS key's, of one region or of several. Policies don't take an
	// alias for a key.
	//
	// Source: AWS Key Management Service Developer Guide, key identifiers.
	keyArn = arnKind{"kms", regexp.MustCompile(`^key/(` + uuid + `|mrk-[0-9a-f]{32})$`), "key/ID, in lower case", func(resource string) string {
		if strings.HasPrefix(resource, "alias/") {
			return "it is an alias, and not the key's own ARN"
		}
		return ""
	}}
	// webACLArn is that of a web ACL for load balancers.
	//
	// Source: the model of AWS WAF V2, EntityName and EntityId.
	webACLArn = arnKind{"wafv2", regexp.MustCompile(`^regional/webacl/[A-Za-z0-9_-]{1,128}/` + uuid + `$`), "regional/webacl/NAME/ID", func(resource string) string {
		if strings.HasPrefix(resource, "global/") {
			return "it is a web ACL of CloudFront's"
		}
		return ""
	}}
	// certificateArn is that of a certificate of AWS Certificate Manager's.
	//
	// Source: AWS Certificate Manager User Guide, DescribeCertificate.
	certificateArn = arnKind{"acm", regexp.MustCompile(`^certificate/` + uuid + `$`), "certificate/ID, in lower case", nil}
)

// faults returns what is wrong with an ARN.
func (k arnKind) faults(text string) []string {
	parts := strings.SplitN(text, ":", 6)
	switch {
	case strings.Contains(text, "://"):
		return []string{"it is a URL"}
	case len(parts) < 6 || parts[0] != "arn":
		return []string{""}
	case strings.ContainsAny(text, "*?"):
		return []string{"it has a wildcard"}
	case strings.Contains(text, "${"):
		return []string{"it has a variable, which nothing fills in"}
	}
	partition, service, region, account, resource := parts[1], parts[2], parts[3], parts[4], parts[5]
	var faults []string
	if !partitionNames[partition] {
		faults = append(faults, fmt.Sprintf("AWS has no partition %q%s", partition, didYouMean(partition, partitionNames)))
	}
	if service != k.service {
		return append(faults, fmt.Sprintf("it is an ARN of %q, not of %q", service, k.service))
	}
	if fault := regionFault(region); fault != "" {
		faults = append(faults, fault)
	} else if partitionNames[partition] && regions[region] != partition {
		faults = append(faults, fmt.Sprintf("%s is a region of %s, not of %s", region, regions[region], partition))
	}
	if !accountID.MatchString(account) {
		faults = append(faults, fmt.Sprintf("an account has 12 digits, not %q", account))
	}
	if !k.resource.MatchString(resource) {
		fault := ""
		if k.mistake != nil {
			fault = k.mistake(resource)
		}
		if fault == "" {
			fault = fmt.Sprintf("%q is not of the form %s", resource, k.form)
		}
		faults = append(faults, fault)
	}
	return faults
}

// accountID is the pattern of an account's ID.
var accountID = regexp.MustCompile(`^[0-9]{12}$`)
