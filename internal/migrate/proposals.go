package migrate

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"benchlingwebhook/stacks"
)

// Proposal is a setting of cdk.json with the value that the predecessor has.
type Proposal struct {
	Setting string
	Value   any
	// From says where the predecessor has it.
	From string
}

// Proposals returns the settings that keep what the predecessor does, and a problem
// for each value that can't be one.
func (f Former) Proposals() (proposals []Proposal, problems []string) {
	add := func(setting string, value any, from string) {
		proposals = append(proposals, Proposal{setting, value, from})
	}
	without := f.withoutExports()
	if without {
		add("exportEntries", false, "packages.bucket: none")
		problems = append(problems, "linkedBuckets: the predecessor searches all buckets of the Quilt stack; `make setup ENVIRONMENT=… SET=exportEntries=false` finds them")
	}
	if queue, from := f.first("PackagerQueueUrl", "quilt.queueUrl"); queue != "" && !without {
		if name, err := queueARN(queue); err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", from, err))
		} else {
			add("packagingQueueArn", name, from)
		}
	}
	if host, from := f.first("QuiltWebHost", "quilt.catalog"); host != "" {
		_, after, isURL := strings.Cut(host, "://")
		if !isURL {
			after = host
		}
		add("quiltCatalog", strings.ToLower(strings.TrimRight(after, "/")), from)
	}
	for _, same := range []struct{ setting, path string }{
		{"packageBucket", "packages.bucket"}, {"packagePrefix", "packages.prefix"}, {"workflow", "packages.workflow"}, {"logLevel", "logging.level"},
		{"quiltDatabase", "quilt.database"}, {"athenaWorkgroup", "quilt.athenaUserWorkgroup"}, {"linkedBy", "packages.metadataKey"},
	} {
		if text := f.text(same.path); text != "" && !(without && slices.Contains(ofPackages, same.setting)) {
			add(same.setting, text, same.path)
		}
	}
	const allowList = "security.webhookAllowList"
	if list := f.text(allowList); list != "" {
		ranges, faults := addressRanges(list)
		problems = append(problems, faults...)
		add("allowedAddresses", ranges, allowList)
	}
	if id := f.text("deployment.vpc.vpcId"); id != "" {
		add("vpc", map[string]any{
			"id": id, "privateSubnetIds": f.at("deployment.vpc.privateSubnetIds"), "availabilityZones": f.at("deployment.vpc.availabilityZones"),
		}, "deployment.vpc")
	}
	return proposals, problems
}

// ofPackages are settings that nothing reads where no packages are made.
var ofPackages = []string{"packagePrefix", "workflow"}

// withoutExports says whether the predecessor makes no packages: its configuration names
// no bucket for them.
//
// Source: Quilt's documentation, Bucketless Deployments.
func (f Former) withoutExports() bool {
	return f.File != "" && f.text("packages.bucket") == "" && f.secret["user_bucket"] == nil && f.secret["userBucket"] == nil
}

// first returns the value of a parameter of the stack, or of an output, which a Quilt
// stack has by the same name, or else of the file, and where it is.
func (f Former) first(name, path string) (value, from string) {
	if value = f.Parameters[name]; value != "" {
		return value, "parameter " + name
	}
	if value = f.Outputs[name]; value != "" {
		return value, "output " + name
	}
	return f.text(path), path
}

// queueARN returns the ARN of the queue at a URL of SQS's.
//
// Source: AWS General Reference, Amazon SQS endpoints; IAM User Guide, ARNs.
func queueARN(text string) (string, error) {
	at, err := url.Parse(text)
	parts := []string{}
	if err == nil {
		parts = strings.Split(strings.Trim(at.Path, "/"), "/")
	}
	labels := []string{}
	if err == nil {
		labels = strings.Split(at.Hostname(), ".")
	}
	if len(parts) != 2 || len(labels) < 4 || labels[0] != "sqs" {
		return "", fmt.Errorf("%q is no queue's URL; set packagingQueueArn to the ARN of Quilt's packaging queue", text)
	}
	region, partition := labels[1], "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return arn.ARN{Partition: partition, Service: "sqs", Region: region, AccountID: parts[0], Resource: parts[1]}.String(), nil
}

// addressRanges returns the IPv4 ranges of a list that commas part, single addresses
// as ranges of one, and what is none.
func addressRanges(list string) (ranges, faults []string) {
	for _, text := range strings.Split(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if !strings.Contains(text, "/") {
			text += "/32"
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil || !prefix.Addr().Is4() {
			faults = append(faults, fmt.Sprintf("security.webhookAllowList: %q is no IPv4 range: allowedAddresses can't have it", text))
			continue
		}
		ranges = append(ranges, prefix.Masked().String())
	}
	return ranges, faults
}

// State says how a proposal is to what an environment of cdk.json has: "as it is" or
// "set it".
func (p Proposal) State(environment map[string]any) string {
	wanted, _ := json.Marshal(p.Value)
	if value, given := environment[p.Setting]; given {
		if there, _ := json.Marshal(value); string(there) == string(wanted) {
			return "as it is"
		}
		return "set it: cdk.json has another"
	}
	settings := stacks.AllSettings()
	i := slices.IndexFunc(settings, func(s stacks.Setting) bool { return s.Name == p.Setting })
	if i >= 0 && settings[i].Default() == "`"+string(wanted)+"`" {
		return "as it is: the default"
	}
	return "set it"
}
