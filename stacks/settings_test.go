package stacks_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/stacks"
)

const known = "the settings are account, alarmEmail, alarmTopicArn, allowedAddresses, architecture, athenaResults, athenaWorkgroup, availabilityZones, confirmWithinMinutes, containerInsights, cpu, dashboard, deletionProtection, desiredCount, domain, exportEntries, exportTimeoutMinutes, flowLogs, imageCompression, interfaceEndpoints, linkedBuckets, linkedBy, logLevel, logRetentionDays, maxCount, memory, natGateways, packageBucket, packageBucketKeyArn, packagePrefix, packagingQueueArn, packagingQueueKeyArn, quiltCatalog, quiltDatabase, region, runbookUrl, tracing, vpc, webAclArn, workerCpu, workerHours, workerMaxCount, workerMemory, workerMinCount, workerSpot, workflow"

// contextWith returns the context with one environment "dev" of these settings.
func contextWith(t *testing.T, settings string) map[string]any {
	t.Helper()
	var parsed map[string]any
	assert.NilError(t, json.Unmarshal([]byte(`{"environments": {"dev": `+settings+`}}`), &parsed))
	return parsed
}

func TestReadSettings(t *testing.T) {
	want := stacks.DefaultSettings("dev")
	got, err := stacks.ReadSettings(contextWith(t, `{}`))
	assert.NilError(t, err)
	assert.DeepEqual(t, got, want)

	want.Architecture = constructs.ARM
	want.Compression = constructs.Zstd
	want.Size = constructs.TaskSize{CPU: 256, MemoryMiB: 512, Desired: 1}
	want.MaxCount = 3
	want.LogRetentionDays = 7
	want.LogLevel = "DEBUG"
	want.PackagePrefix = "lab"
	want.QuiltCatalog = "quilt.example.com"
	want.DeletionProtection = true
	want.PackageBucket = "quilt-packages"
	want.PackagingQueueArn = "arn:aws:sqs:eu-west-1:123456789012:quilt-packager.fifo"
	want.ConfirmWithin = 30 * time.Minute
	want.ExportTimeout = 45 * time.Minute
	want.AlarmTopicArn = "arn:aws:sns:eu-west-1:123456789012:on-call"
	want.Domain = &constructs.Domain{Name: "webhooks.example.com", CertificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"}
	want.PackageBucketKeyArn = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
	want.PackagingQueueKeyArn = want.PackageBucketKeyArn
	want.AllowedAddresses = []string{"203.0.113.0/24", "198.51.100.7/32"}
	want.Vpc = &constructs.ExistingVpc{ID: "vpc-0123abcd", PrivateSubnetIDs: []string{"subnet-0aaa1111", "subnet-0bbb2222"}, AvailabilityZones: []string{"eu-west-1a", "eu-west-1b"}}
	got, err = stacks.ReadSettings(contextWith(t, `{
		"architecture": "arm64", "imageCompression": "zstd", "cpu": 256, "memory": 512, "desiredCount": 1, "maxCount": 3, "exportTimeoutMinutes": 45, "logRetentionDays": 7,
		"logLevel": "DEBUG", "packagePrefix": "lab", "quiltCatalog": "quilt.example.com", "deletionProtection": true,
		"packageBucket": "quilt-packages", "packagingQueueArn": "arn:aws:sqs:eu-west-1:123456789012:quilt-packager.fifo",
		"packageBucketKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
		"packagingQueueKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
		"alarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:on-call",
		"allowedAddresses": ["203.0.113.0/24", "198.51.100.7/32"],
		"domain": {"name": "webhooks.example.com", "certificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"},
		"vpc": {"id": "vpc-0123abcd", "privateSubnetIds": ["subnet-0aaa1111", "subnet-0bbb2222"], "availabilityZones": ["eu-west-1a", "eu-west-1b"]}}`))
	assert.NilError(t, err)
	assert.DeepEqual(t, got, want)
}

// TestConfirmationIsExpectedOfAQuiltStack holds the default that depends on
// another setting, and the workflow's three meanings.
func TestConfirmationIsExpectedOfAQuiltStack(t *testing.T) {
	const queue = `"packagingQueueArn": "arn:aws:sqs:eu-west-1:123456789012:quilt-packager"`
	for _, c := range []struct {
		values string
		within time.Duration
	}{
		{`{}`, 0},
		{`{` + queue + `}`, 30 * time.Minute},
		{`{"confirmWithinMinutes": 5}`, 5 * time.Minute},
		{`{` + queue + `, "confirmWithinMinutes": 60}`, time.Hour},
	} {
		got, err := stacks.ReadSettings(contextWith(t, c.values))
		assert.NilError(t, err)
		assert.Equal(t, got.ConfirmWithin, c.within, c.values)
		assert.Check(t, got.Workflow == nil)
	}
	for _, name := range []string{"", "alpha"} {
		got, err := stacks.ReadSettings(contextWith(t, `{"workflow": "`+name+`"}`))
		assert.NilError(t, err)
		assert.Equal(t, *got.Workflow, name)
	}
}

func TestReadSettingsRefuses(t *testing.T) {
	for _, c := range []struct{ name, settings, want string }{
		{"misspelt", `{"memmory": 1024}`, `cdk.json: environments.dev: unknown setting "memmory" (did you mean "memory"?); ` + known},
		{"unknown", `{"flavour": 1}`, `cdk.json: environments.dev: unknown setting "flavour"; ` + known},
		{"text for number", `{"cpu": "512"}`, `cdk.json: environments.dev.cpu: "512" is not a choice; use one of the numbers 256, 512, 1024`},
		{"fraction", `{"desiredCount": 1.5}`, `cdk.json: environments.dev.desiredCount: 1.5 does not fit; use a whole number from 1 to 100, without quotes`},
		{"text for truth", `{"deletionProtection": "true"}`, `cdk.json: environments.dev.deletionProtection: "true" is not true or false; write it without quotes`},
		{"address for host", `{"quiltCatalog": "https://quilt.example.com"}`, `cdk.json: environments.dev.quiltCatalog: "https://quilt.example.com" does not fit: it is a URL, whose host is "quilt.example.com"; use a host name in lower case without https://, such as "quilt.example.com"`},
		{"choice", `{"architecture": "arm"}`, `cdk.json: environments.dev.architecture: "arm" is not a choice; use one of x86_64, arm64`},
		{"memory for cpu", `{"cpu": 1024, "memory": 1024}`, `cdk.json: environments.dev.memory: Fargate has no 1024 MiB with a cpu of 1024; use one of 2048, 3072, 4096, 5120, 6144, 7168, 8192`},
		{"counts", `{"desiredCount": 5}`, `cdk.json: environments.dev.maxCount: 4 is below desiredCount 5; raise maxCount or lower desiredCount`},
		{"not an object", `[]`, `cdk.json: environments.dev: [] is not an object; write its settings as {"name": value}`},
		{"vpc text", `{"vpc": "vpc-0123abcd"}`, `cdk.json: environments.dev.vpc: "vpc-0123abcd" is not an object; write {"id": …, "privateSubnetIds": […], "availabilityZones": […]}`},
		{"vpc with NAT", `{"natGateways": 1, "vpc": {"id": "vpc-0123abcd", "privateSubnetIds": ["subnet-0aaa1111", "subnet-0bbb2222"], "availabilityZones": ["us-east-1a", "us-east-1b"]}}`,
			`cdk.json: environments.dev.natGateways: the existing VPC vpc-0123abcd has its own; remove natGateways or vpc`},
		{"one subnet", `{"vpc": {"id": "vpc-0123abcd", "privateSubnetIds": ["subnet-0aaa1111"], "availabilityZones": ["us-east-1a"]}}`,
			`cdk.json: environments.dev.vpc: 1 private subnets in 1 zones; the load balancer needs at least two subnets, each in a zone of its own, one zone for each`},
		{"vpc parts", `{"vpc": {"ID": "vpc-0123abcd", "privateSubnetIds": "subnet-0aaa1111", "availabilityZones": ["us-east-1a", "us-east-1a"]}}`, strings.Join([]string{
			`cdk.json: environments.dev.vpc: unknown setting "ID" (did you mean "id"?); the settings are availabilityZones, id, privateSubnetIds`,
			`cdk.json: environments.dev.vpc.id: no value; use a VPC's id, of 8 or 17 hexadecimal digits in lower case, such as "vpc-0123abcd"`,
			`cdk.json: environments.dev.vpc.privateSubnetIds: "subnet-0aaa1111" is not a list; use the ids of private subnets, of 8 or 17 hexadecimal digits in lower case, such as ["subnet-0123abcd", …]`,
			`cdk.json: environments.dev.vpc.availabilityZones: "us-east-1a" is there twice; use each once`}, "\n")},
		{"no time for an export", `{"exportTimeoutMinutes": 721}`, `cdk.json: environments.dev.exportTimeoutMinutes: 721 does not fit; use a whole number from 1 to 720, without quotes`},
		{"zones", `{"availabilityZones": ["us-east-1a"]}`, `cdk.json: environments.dev.availabilityZones: 1 zones; name 2`},
		{"zones of two regions", `{"availabilityZones": ["us-east-1a", "eu-west-1b"]}`, `cdk.json: environments.dev.availabilityZones: "eu-west-1b" is not in us-east-1 as "us-east-1a" is; use zones of one region`},
		{"subnets of two regions", `{"vpc": {"id": "vpc-0123abcd", "privateSubnetIds": ["subnet-0aaa1111", "subnet-0bbb2222"], "availabilityZones": ["eu-west-1a", "us-east-1b"]}}`,
			`cdk.json: environments.dev.vpc.availabilityZones: "us-east-1b" is not in eu-west-1 as "eu-west-1a" is; use zones of one region`},
		{"zone twice", `{"availabilityZones": ["us-east-1a", "us-east-1a"]}`, `cdk.json: environments.dev.availabilityZones: "us-east-1a" is there twice; use each once`},
		{"zones of a VPC", `{"availabilityZones": ["us-east-1a", "us-east-1b"], "flowLogs": true, "vpc": {"id": "vpc-0123abcd", "privateSubnetIds": ["subnet-0aaa1111", "subnet-0bbb2222"], "availabilityZones": ["us-east-1a", "us-east-1b"]}}`, strings.Join([]string{
			`cdk.json: environments.dev.availabilityZones: the existing VPC vpc-0123abcd has its own; remove availabilityZones or vpc`,
			`cdk.json: environments.dev.flowLogs: the existing VPC vpc-0123abcd has its own; remove flowLogs or vpc`}, "\n")},
		{"address without a mask", `{"allowedAddresses": ["203.0.113.7"]}`, `cdk.json: environments.dev.allowedAddresses: "203.0.113.7" does not fit: it has no mask, which of one address is /32; use a list of IPv4 ranges, such as ["203.0.113.0/24", "198.51.100.7/32"]`},
		{"IPv6", `{"allowedAddresses": ["2001:db8::/32"]}`, `cdk.json: environments.dev.allowedAddresses: "2001:db8::/32" does not fit; use a list of IPv4 ranges, such as ["203.0.113.0/24", "198.51.100.7/32"]`},
		{"every address", `{"allowedAddresses": ["0.0.0.0/0"]}`, `cdk.json: environments.dev.allowedAddresses: "0.0.0.0/0" is every address; leave allowedAddresses out for that`},
		{"bits below the mask", `{"allowedAddresses": ["203.0.113.7/24"]}`, `cdk.json: environments.dev.allowedAddresses: "203.0.113.7/24" has bits below its mask; write "203.0.113.0/24"`},
		{"no addresses", `{"allowedAddresses": []}`, `cdk.json: environments.dev.allowedAddresses: [] is not a list of ranges; use a list of IPv4 ranges, such as ["203.0.113.0/24", "198.51.100.7/32"]`},
		{"two web ACLs", `{"allowedAddresses": ["203.0.113.0/24"], "webAclArn": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/corporate/01234567-89ab-cdef-0123-456789abcdef"}`,
			`cdk.json: environments.dev.allowedAddresses: the web ACL of webAclArn decides; add the addresses there, or remove webAclArn`},
		{"global web ACL", `{"webAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/corporate/01234567-89ab-cdef-0123-456789abcdef"}`,
			`cdk.json: environments.dev.webAclArn: "arn:aws:wafv2:us-east-1:123456789012:global/webacl/corporate/01234567-89ab-cdef-0123-456789abcdef" does not fit: it is a web ACL of CloudFront's; use the ARN of a regional web ACL, such as "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/…"`},
		{"key of nothing", `{"packageBucketKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"}`,
			`cdk.json: environments.dev.packageBucketKeyArn: the key of something that is made here; set packageBucket too, or remove it`},
		{"alias for key", `{"packagingQueueArn": "arn:aws:sqs:eu-west-1:123456789012:q", "packagingQueueKeyArn": "alias/quilt"}`,
			`cdk.json: environments.dev.packagingQueueKeyArn: "alias/quilt" does not fit; use the ARN of the queue's KMS key, such as "arn:aws:kms:eu-west-1:123456789012:key/…"`},
		{"topic and mail", `{"alarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:on-call", "alarmEmail": "on-call@example.com"}`,
			`cdk.json: environments.dev.alarmEmail: alarms go to the topic of alarmTopicArn; subscribe the address there, or remove alarmTopicArn`},
		{"runbook, no TLS", `{"runbookUrl": "http://git.example.com/runbook.md"}`, `cdk.json: environments.dev.runbookUrl: "http://git.example.com/runbook.md" does not fit; use an HTTPS URL without a fragment, such as "https://git.example.com/webhook/docs/runbook.md"`},
		{"runbook, fragment", `{"runbookUrl": "https://git.example.com/runbook.md#alarms"}`, `cdk.json: environments.dev.runbookUrl: "https://git.example.com/runbook.md#alarms" does not fit; use an HTTPS URL without a fragment, such as "https://git.example.com/webhook/docs/runbook.md"`},
		{"no mail address", `{"alarmEmail": "on-call"}`, `cdk.json: environments.dev.alarmEmail: "on-call" does not fit; use a mail address, such as "on-call@example.com"`},
		{"more CPU than a process uses", `{"cpu": 2048, "memory": 4096}`, `cdk.json: environments.dev.cpu: 2048 is not a choice; use one of the numbers 256, 512, 1024`},
		{"no minutes", `{"confirmWithinMinutes": 0}`, `cdk.json: environments.dev.confirmWithinMinutes: 0 does not fit; use a whole number from 1 to 1440, without quotes`},
		{"no workflow", `{"workflow": "a/b"}`, `cdk.json: environments.dev.workflow: "a/b" does not fit; use the key of a workflow of the registry, such as "alpha", or "" for none`},
		{"name for ARN", `{"packagingQueueArn": "packager"}`, `cdk.json: environments.dev.packagingQueueArn: "packager" does not fit; use a queue's ARN, such as "arn:aws:sqs:eu-west-1:123456789012:quilt-packager"`},
		{"domain text", `{"domain": "webhooks.example.com"}`, `cdk.json: environments.dev.domain: "webhooks.example.com" is not an object; write {"name": …, "certificateArn": …}`},
		{"domain parts", `{"domain": {"Name": "webhooks.example.com"}}`, strings.Join([]string{
			`cdk.json: environments.dev.domain: unknown setting "Name" (did you mean "name"?); the settings are certificateArn, name`,
			`cdk.json: environments.dev.domain.name: no value; use a host name in lower case without https://, such as "webhooks.example.com"`,
			`cdk.json: environments.dev.domain.certificateArn: no value; use the ARN of a certificate in the stack's region, such as "arn:aws:acm:eu-west-1:123456789012:certificate/…"`}, "\n")},
		{"hours text", `{"workerHours": "07:00-20:00"}`, `cdk.json: environments.dev.workerHours: "07:00-20:00" is not an object; write {"from": "07:00", "to": "20:00", "days": "MON-FRI", "timeZone": "Europe/Berlin"}`},
		{"hours' parts", `{"workerHours": {"from": "7:00", "to": "24:00", "days": "FRI-MON", "timezone": "Europe/Berlin"}}`, strings.Join([]string{
			`cdk.json: environments.dev.workerHours: unknown setting "timezone" (did you mean "timeZone"?); the settings are days, from, timeZone, to`,
			`cdk.json: environments.dev.workerHours.from: "7:00" does not fit; use a time of 24 hours, such as "07:00"`,
			`cdk.json: environments.dev.workerHours.to: "24:00" does not fit; use a time of 24 hours, such as "20:00"`,
			`cdk.json: environments.dev.workerHours.days: "FRI-MON" does not fit: FRI-MON doesn't lead forward in a week that begins with SUN; use days such as "MON-FRI" or "MON,WED,FRI"`,
			`cdk.json: environments.dev.workerHours.timeZone: no value; use the name of a zone in the IANA's database, such as "Europe/Berlin"`}, "\n")},
		{"no hours", `{"workerHours": {"from": "07:00", "to": "07:00", "days": "MON", "timeZone": "Europe/Berlin"}}`,
			`cdk.json: environments.dev.workerHours: from "07:00" is not before to "07:00"; name hours of one day, or leave workerHours out for a worker that always runs`},
		{"hours over midnight", `{"workerHours": {"from": "22:00", "to": "06:00", "days": "MON", "timeZone": "Europe/Berlin"}}`,
			`cdk.json: environments.dev.workerHours: from "22:00" is not before to "06:00"; name hours of one day, or leave workerHours out for a worker that always runs`},
		{"no zone", `{"workerHours": {"from": "07:00", "to": "20:00", "days": "MON", "timeZone": "Europe/Berlim"}}`,
			`cdk.json: environments.dev.workerHours.timeZone: "Europe/Berlim" does not fit: there is no such zone; use the name of a zone in the IANA's database, such as "Europe/Berlin"`},
		{"a zone of this machine", `{"workerHours": {"from": "07:00", "to": "20:00", "days": "MON", "timeZone": "Local"}}`,
			`cdk.json: environments.dev.workerHours.timeZone: "Local" does not fit; use the name of a zone in the IANA's database, such as "Europe/Berlin"`},
		{"hours and somebody on call", `{"workerHours": {"from": "07:00", "to": "20:00", "days": "MON", "timeZone": "Europe/Berlin"}, "alarmEmail": "on-call@example.com"}`,
			`cdk.json: environments.dev.workerHours: without a worker the alarms FrontDoorClosed and OldEvents go off, and would notify alarmEmail each evening; remove one of the two`},
		{"all at once", `{"cpu": 3, "logLevel": "LOUD", "natGateways": 9}`, strings.Join([]string{
			`cdk.json: environments.dev.cpu: 3 is not a choice; use one of the numbers 256, 512, 1024`,
			`cdk.json: environments.dev.logLevel: "LOUD" is not a choice; use one of DEBUG, INFO, WARNING, ERROR`,
			`cdk.json: environments.dev.natGateways: 9 does not fit; use a whole number from 1 to 2, without quotes`}, "\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := stacks.ReadSettings(contextWith(t, c.settings))
			assert.Error(t, err, c.want)
		})
	}
}

func TestReadSettingsRefusesContext(t *testing.T) {
	for _, c := range []struct{ name, context, want string }{
		{"unknown environment", `{"environment": "prd", "environments": {"dev": {}, "prod": {}}}`,
			`context environment: no environment "prd" in cdk.json (did you mean "prod"?); the environments are dev, prod`},
		{"environment's type", `{"environment": 3, "environments": {"dev": {}}}`, `context environment: 3 is not a string; name one of dev`},
		{"no environments", `{}`, `cdk.json: no "environments" in the context; add {"environments": {"dev": {}}}`},
		{"environments' type", `{"environments": []}`, `cdk.json: environments: [] is not an object of environments; write {"dev": {}}`},
		{"environment's name", `{"environments": {"a b": {}, "dev": {}}}`,
			`cdk.json: environments: "a b" can't end a stack's name; use at most 40 letters, digits and hyphens, a letter first`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var parsed map[string]any
			assert.NilError(t, json.Unmarshal([]byte(c.context), &parsed))
			_, err := stacks.ReadSettings(parsed)
			assert.Error(t, err, c.want)
		})
	}
}
