package stacks_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/stacks"
)

// partitions are those in which the stack is held to work, each with a region.
//
// Source: botocore's endpoints.json.
var partitions = []struct{ name, region, suffix string }{
	{"aws", "eu-west-1", "amazonaws.com"},
	{"aws-cn", "cn-north-1", "amazonaws.com.cn"},
	{"aws-us-gov", "us-gov-west-1", "amazonaws.com"},
	{"aws-eusc", "eusc-de-east-1", "amazonaws.eu"},
}

// everything is every setting that adds resources, with its ARNs in one partition.
const everything = `{"alarmTopicArn": "ARN:sns:REGION:123456789012:on-call", "flowLogs": true, "interfaceEndpoints": true,
	"domain": {"name": "webhooks.example.com", "certificateArn": "ARN:acm:REGION:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"},
	"webAclArn": "ARN:wafv2:REGION:123456789012:regional/webacl/lab/01234567-89ab-cdef-0123-456789abcdef",
	"packageBucket": "quilt-packages", "packageBucketKeyArn": "ARN:kms:REGION:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
	"packagingQueueArn": "ARN:sqs:REGION:123456789012:quilt-packager", "packagingQueueKeyArn": "ARN:kms:REGION:123456789012:key/fedcba98-7654-3210-fedc-ba9876543210"}`

// leastSettings leaves the stack its own bucket, queue, web ACL and URL.
const leastSettings = `{"allowedAddresses": ["203.0.113.0/24"]}`

// texts returns every text of a value in a template, and the names on the way to
// each.
func texts(t *testing.T, path string, value any, into map[string][]string) {
	t.Helper()
	switch value := value.(type) {
	case string:
		into[path] = append(into[path], value)
	case []any:
		for _, one := range value {
			texts(t, path, one, into)
		}
	case map[string]any:
		for name, one := range value {
			if name == "Ref" || strings.HasPrefix(name, "Fn::") {
				into[path] = append(into[path], text(t, value))
				return
			}
			texts(t, path+"."+name, one, into)
		}
	}
}

var (
	anArn = regexp.MustCompile(`arn:([^:]+):`)
	// sameEverywhere is what bears the name amazonaws.com in every partition:
	// principals of services, and the role of a service that is named after one.
	sameEverywhere = regexp.MustCompile(`^(cloudwatch|ecs-tasks|events|logdelivery\.elasticloadbalancing|logging\.s3|vpc-flow-logs)\.amazonaws\.com$|:role/aws-service-role/[a-z.-]+\.amazonaws\.com/`)
)

// TestEveryPartition resolves what the stack leaves to CloudFormation, as each
// partition would.
func TestEveryPartition(t *testing.T) {
	for _, partition := range partitions {
		own := strings.NewReplacer("ARN:", "arn:"+partition.name+":", "REGION", partition.region)
		resolve := strings.NewReplacer("${AWS::Partition}", partition.name, "${AWS::Region}", partition.region,
			"${AWS::URLSuffix}", partition.suffix, "${AWS::AccountId}", "123456789012")
		ownURL := regexp.MustCompile(regexp.QuoteMeta(partition.suffix) + `($|[/"])`)
		for name, written := range map[string]string{"everything": everything, "least": leastSettings} {
			t.Run(partition.name+"/"+name, func(t *testing.T) {
				if testing.Short() && (partition.name != "aws-cn" || name != "everything") {
					t.Skip("a synthesis for each")
				}
				settings, err := stacks.ReadSettings(contextWith(t, own.Replace(written)))
				assert.NilError(t, err)
				var template map[string]any
				assert.NilError(t, json.Unmarshal([]byte(synth(t, settings, contractOf(t, dockerfile))), &template))
				found := map[string][]string{}
				texts(t, "", template["Resources"], found)
				texts(t, "", template["Outputs"], found)
				arns, urls := 0, 0
				for path, values := range found {
					for _, value := range values {
						value = resolve.Replace(value)
						for _, match := range anArn.FindAllStringSubmatch(value, -1) {
							arns++
							assert.Check(t, match[1] == partition.name, "%s: %s", path, value)
						}
						if strings.Contains(value, "amazonaws.") && !strings.HasSuffix(path, ".ServiceName") && !sameEverywhere.MatchString(value) {
							urls++
							assert.Check(t, ownURL.MatchString(value), "%s: %s", path, value)
						}
					}
				}
				assert.Check(t, arns > 5 && urls > 1, "%d ARNs, %d URLs", arns, urls)
			})
		}
	}
}

// TestEndpointNames holds the names of the interface endpoints' services against
// those in each partition.
//
// Source: aws-cdk-lib's names for a stack with a region.
func TestEndpointNames(t *testing.T) {
	settings := settingsOf(t, "dev")
	settings.InterfaceEndpoints = true
	template := synth(t, settings, contractOf(t, dockerfile))
	var parsed struct {
		Mappings map[string]map[string]map[string]string
	}
	assert.NilError(t, json.Unmarshal([]byte(template), &parsed))
	want := map[string][]string{
		"aws":        {"com.amazonaws.eu-west-1.ecr.api", "com.amazonaws.eu-west-1.ecr.dkr", "com.amazonaws.eu-west-1.logs", "com.amazonaws.eu-west-1.secretsmanager", "com.amazonaws.eu-west-1.sqs"},
		"aws-cn":     {"cn.com.amazonaws.cn-north-1.ecr.api", "cn.com.amazonaws.cn-north-1.ecr.dkr", "cn.com.amazonaws.cn-north-1.sqs", "com.amazonaws.cn-north-1.logs", "com.amazonaws.cn-north-1.secretsmanager"},
		"aws-us-gov": {"com.amazonaws.us-gov-west-1.ecr.api", "com.amazonaws.us-gov-west-1.ecr.dkr", "com.amazonaws.us-gov-west-1.logs", "com.amazonaws.us-gov-west-1.secretsmanager", "com.amazonaws.us-gov-west-1.sqs"},
		"aws-eusc":   {"com.amazonaws.eusc-de-east-1.logs", "com.amazonaws.eusc-de-east-1.secretsmanager", "com.amazonaws.eusc-de-east-1.sqs", "eu.amazonaws.eusc-de-east-1.ecr.api", "eu.amazonaws.eusc-de-east-1.ecr.dkr"},
	}
	for _, partition := range partitions {
		replace := []string{"${AWS::Region}", partition.region}
		for mapping, byPartition := range parsed.Mappings {
			for service, prefix := range byPartition[partition.name] {
				replace = append(replace, fmt.Sprintf("${%s.${AWS::Partition}.%s}", mapping, service), prefix)
			}
		}
		var names []string
		for _, endpoint := range resources(t, template, "AWS::EC2::VPCEndpoint") {
			if endpoint.Properties["VpcEndpointType"] == "Interface" {
				names = append(names, strings.NewReplacer(replace...).Replace(text(t, endpoint.Properties["ServiceName"])))
			}
		}
		slices.Sort(names)
		assert.DeepEqual(t, names, want[partition.name])
	}
}

// TestTargetPartitionsAreTheTested compares cdk.json, which says to CDK what its
// look-up tables must hold.
func TestTargetPartitionsAreTheTested(t *testing.T) {
	var names []any
	for _, partition := range partitions {
		names = append(names, partition.name)
	}
	assert.DeepEqual(t, contextOf(t, "dev")["@aws-cdk/core:target-partitions"], names)
}

func TestArnsAreOfOneRegion(t *testing.T) {
	for change, want := range map[string]string{
		`"webAclArn": "arn:aws-cn:wafv2:cn-north-1:123456789012:regional/webacl/lab/01234567-89ab-cdef-0123-456789abcdef"`: "webAclArn: it is in cn-north-1 of the partition aws-cn",
		`"packagingQueueArn": "arn:aws:sqs:us-east-1:123456789012:quilt"`:                                                  "packagingQueueArn: it is in us-east-1 of the partition aws",
	} {
		_, err := stacks.ReadSettings(contextWith(t, `{"alarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:on-call", `+change+`}`))
		assert.Error(t, err, "cdk.json: environments.dev."+want+", and alarmTopicArn in eu-west-1 of aws; name what is in the stack's own region")
	}
}
