package stacks_test

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/stacks"
)

// mistakes are values of a setting that a person would write, and the fault that
// is named beside the value.
var mistakes = map[string][]struct{ value, fault string }{
	"packageBucket": {
		{`"s3://quilt-packages/lab"`, `it is a URL, whose bucket is "quilt-packages"`},
		{`"https://quilt-packages.s3.amazonaws.com"`, `it is a URL`},
		{`"arn:aws:s3:::quilt-packages"`, `it is an ARN`},
		{`"Quilt-Packages"`, `a bucket's name has lower-case letters, digits, hyphens and dots alone`},
		{`"quilt_packages"`, `a bucket's name has lower-case letters, digits, hyphens and dots alone`},
		{`"quilt-packages/"`, `a bucket's name has lower-case letters, digits, hyphens and dots alone`},
		{`"quilt-*"`, `a bucket's name has lower-case letters, digits, hyphens and dots alone`},
		{`"quilt-packages "`, `it begins or ends with a space`},
		{`""`, `it is empty`},
		{`"ab"`, `a bucket's name has 3 to 63 characters, not 2`},
		{`"` + strings.Repeat("a", 64) + `"`, `a bucket's name has 3 to 63 characters, not 64`},
		{`"quilt..packages"`, `it has two dots in a row`},
		{`"quilt-.packages"`, `it has a hyphen beside a dot`},
		{`"-quilt"`, `a bucket's name begins and ends with a letter or digit`},
		{`"192.168.5.4"`, `it has the form of an IP address`},
		{`"xn--lab"`, `S3 keeps names that begin with "xn--" for itself`},
		{`"sthree-configurator-lab"`, `S3 keeps names that begin with "sthree-" for itself`},
		{`"amzn-s3-demo-bucket"`, `S3 keeps names that begin with "amzn-s3-demo-" for itself`},
		{`"lab-s3alias"`, `S3 keeps names that end with "-s3alias" for itself`},
		{`"lab--ol-s3"`, `S3 keeps names that end with "--ol-s3" for itself`},
		{`"lab.mrap"`, `S3 keeps names that end with ".mrap" for itself`},
		{`"lab--usw2-az1--x-s3"`, `S3 keeps names that end with "--x-s3" for itself`},
		{`"lab--table-s3"`, `S3 keeps names that end with "--table-s3" for itself`},
		{`"-Lab"`, `a bucket's name has lower-case letters, digits, hyphens and dots alone, and a bucket's name begins and ends with a letter or digit`},
	},
	"quiltCatalog": {
		{`"https://quilt.example.com/"`, `it is a URL, whose host is "quilt.example.com"`},
		{`"quilt.example.com/"`, `it has "/" behind the name "quilt.example.com"`},
		{`"quilt.example.com:443"`, `it has the port "443" behind the name "quilt.example.com"`},
		{`"quilt.example.com."`, `it ends with a dot`},
		{`"Quilt.example.com"`, `it has capitals; in lower case it is "quilt.example.com"`},
		{`"\tquilt.example.com"`, `it begins or ends with a space`},
		{`"*.example.com"`, `it has a wildcard`},
		{`"quilt"`, `it has no domain`},
		{`"10.0.0.1"`, `it is an IP address`},
		{`"bücher.example.com"`, `it has letters beyond ASCII; in punycode it is "xn--bcher-kva.example.com"`},
		{`"xn--.example.com"`, `"xn--" is not of letters, digits and inner hyphens`},
		{`"xn--99999999.example.com"`, `"xn--99999999" is no punycode`},
		{`"quilt_x.example.com"`, `"quilt_x" is not of letters, digits and inner hyphens`},
		{`"quilt..example.com"`, `it has two dots in a row, or one in front`},
		{`"quilt.example.c0m"`, `"c0m" is no top-level domain`},
		{`"` + strings.Repeat("a", 64) + `.example.com"`, `there are at most 63 characters between dots, not 64`},
		{`"` + strings.Repeat(strings.Repeat("a", 60)+".", 5) + `com"`, `a name has at most 253 characters, not 308`},
		{`5`, `it is not a string`},
	},
	"alarmEmail": {
		{`"On Call <on-call@example.com>"`, `it is more than the address itself`},
		{`"mailto:on-call@example.com"`, `it is a URL`},
		{`"a@example.com, b@example.com"`, `it is more than one address`},
		{`"a b@example.com"`, `"a b" is no mailbox`},
		{`"a@localhost"`, `it has no domain`},
		{`"` + strings.Repeat("a", 65) + `@example.com"`, `an address has at most 254 characters, 64 of them before the @`},
		{`["a@example.com"]`, `it is not a string`},
	},
	"packagingQueueArn": {
		{`"https://sqs.eu-west-1.amazonaws.com/123456789012/q"`, `it is a URL`},
		{`"arn:aws:sqs:eu-west-1:123456789012:*"`, `it has a wildcard`},
		{`"arn:aws:sqs:eu-west-1:${AWS::AccountId}:q"`, `it has a variable, which nothing fills in`},
		{`"arn:aws:sqs:eu-west-1:123456789012:q\n"`, `it begins or ends with a space`},
		{`"arn:aws:sns:eu-west-1:123456789012:q"`, `it is an ARN of "sns", not of "sqs"`},
		{`"arn:aws:sqs::123456789012:q"`, `it names no region`},
		{`"arn:aws:sqs:eu-wset-1:123456789012:q"`, `AWS has no region "eu-wset-1" (did you mean "eu-west-1"?)`},
		{`"arn:aws:sqs:EU-WEST-1:123456789012:q"`, `AWS has no region "EU-WEST-1" (did you mean "eu-west-1"?)`},
		{`"arn:aws:sqs:eu-west-1a:123456789012:q"`, `AWS has no region "eu-west-1a" (did you mean "eu-west-1"?)`},
		{`"arn:aws:sqs:mars-1:123456789012:q"`, `AWS has no region "mars-1"`},
		{`"arn:aws-cn:sqs:eu-west-1:123456789012:q"`, `eu-west-1 is a region of aws, not of aws-cn`},
		{`"arn:aws-gov:sqs:us-gov-west-1:123456789012:q"`, `AWS has no partition "aws-gov"`},
		{`"arn:aws:sqs:eu-west-1:1234-5678-9012:q"`, `an account has 12 digits, not "1234-5678-9012"`},
		{`"arn:aws:sqs:eu-west-9:1234:q/r"`, `AWS has no region "eu-west-9" (did you mean "eu-west-1"?), and an account has 12 digits, not "1234", and "q/r" is not of the form NAME or NAME.fifo, of letters, digits, - and _`},
		{`"arn:aws:sqs:eu-west-1:123456789012:` + strings.Repeat("a", 76) + `.fifo"`, `a queue's name has at most 80 characters, not 81`},
	},
	"alarmTopicArn": {
		{`"arn:aws:sns:eu-west-1:123456789012:t.fifo"`, `it is a FIFO topic, which notifies no person`},
		{`"arn:aws:sns:eu-west-1:123456789012:t:01234567-89ab-cdef-0123-456789abcdef"`, `it is a subscription's ARN`},
		{`"arn:aws:sns:eu-west-1:123456789012:` + strings.Repeat("t", 257) + `"`, `a topic's name has at most 256 characters, not 257`},
	},
	"packageBucketKeyArn": {
		{`"arn:aws:kms:us-east-2:111122223333:alias/lab"`, `it is an alias, and not the key's own ARN`},
		{`"arn:aws:kms:us-east-2:111122223333:key/1234ABCD-12ab-34cd-56ef-1234567890ab"`, `"key/1234ABCD-12ab-34cd-56ef-1234567890ab" is not of the form key/ID, in lower case`},
		{`"arn:aws:kms:us-east-2:111122223333:key/------------------------------------"`, `"key/------------------------------------" is not of the form key/ID, in lower case`},
	},
	"webAclArn": {
		{`"arn:aws:wafv2:us-east-1:123456789012:regional/rulegroup/x/01234567-89ab-cdef-0123-456789abcdef"`, `"regional/rulegroup/x/01234567-89ab-cdef-0123-456789abcdef" is not of the form regional/webacl/NAME/ID`},
	},
	"account": {
		{`123456789012`, `it is not a string`},
		{`"1234-5678-9012"`, `an account has 12 digits`},
		{`""`, `it is empty`},
	},
	"region": {
		{`"eu-wset-1"`, `AWS has no region "eu-wset-1" (did you mean "eu-west-1"?)`},
		{`"eu-west-1a"`, `AWS has no region "eu-west-1a" (did you mean "eu-west-1"?)`},
	},
	"availabilityZones": {
		{`["use1-az1"]`, `it is a zone's ID, not its name`},
		{`["us-east-1"]`, `it is a region, not a zone`},
		{`["us-est-1a"]`, `AWS has no region "us-est-1" (did you mean "us-east-1"?)`},
	},
}

// TestSettingsRefuseMistakes holds each message's place, subject, fault and remedy.
func TestSettingsRefuseMistakes(t *testing.T) {
	for setting, all := range mistakes {
		for _, mistake := range all {
			values := `{"` + setting + `": ` + mistake.value + `}`
			_, err := stacks.ReadSettings(contextWith(t, values))
			assert.Assert(t, err != nil, values)
			subject := strings.NewReplacer(`["`, `"`, `"]`, `"`).Replace(mistake.value)
			if strings.HasSuffix(mistake.fault, "not a string") {
				subject = mistake.value
			}
			line, _, _ := strings.Cut(err.Error(), "\n")
			want := "cdk.json: environments.dev." + setting + ": " + subject + " does not fit: " + mistake.fault + "; use "
			assert.Check(t, strings.HasPrefix(line, want), "%s\nwant %s", line, want)
		}
	}
}

// TestSettingsOfOneStackAgree holds the rules between settings, each told together
// with what is wrong by itself.
func TestSettingsOfOneStackAgree(t *testing.T) {
	const vpc = `"vpc": {"id": "vpc-0123abcd", "privateSubnetIds": ["subnet-0aaa1111", "subnet-0bbb2222"], "availabilityZones": ["eu-west-1a", "eu-west-1b"]}`
	const elsewhere = "it is in us-east-1 of the partition aws, and %s in eu-west-1 of aws; name what is in the stack's own region"
	for _, c := range []struct{ name, settings, want string }{
		{"queue and existing VPC", vpc + `, "packagingQueueArn": "arn:aws:sqs:us-east-1:123456789012:q"`,
			"packagingQueueArn: " + strings.ReplaceAll(elsewhere, "%s", "vpc.availabilityZones")},
		{"topic and zones", `"availabilityZones": ["eu-west-1a", "eu-west-1b"], "alarmTopicArn": "arn:aws:sns:us-east-1:123456789012:t"`,
			"alarmTopicArn: " + strings.ReplaceAll(elsewhere, "%s", "availabilityZones")},
		{"a wrong id beside it", strings.Replace(vpc, "vpc-0123abcd", "vpc-1", 1) + `, "natGateways": 1, "packagingQueueArn": "arn:aws:sqs:us-east-1:123456789012:q"`, strings.Join([]string{
			`vpc.id: "vpc-1" does not fit; use a VPC's id, of 8 or 17 hexadecimal digits in lower case, such as "vpc-0123abcd"`,
			`natGateways: the existing VPC has its own; remove natGateways or vpc`,
			"packagingQueueArn: " + strings.ReplaceAll(elsewhere, "%s", "vpc.availabilityZones")}, "\n")},
		{"sizes that are wrong by themselves", `"cpu": "x", "memory": 4096, "desiredCount": 0, "maxCount": 1`, strings.Join([]string{
			`cpu: "x" is not a choice; use one of the numbers 256, 512, 1024`,
			`desiredCount: 0 does not fit; use a whole number from 1 to 100, without quotes`}, "\n")},
		{"accounts", `"webAclArn": "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/lab/01234567-89ab-cdef-0123-456789abcdef",
			"domain": {"name": "webhooks.example.com", "certificateArn": "arn:aws:acm:eu-west-1:222222222222:certificate/01234567-89ab-cdef-0123-456789abcdef"}`,
			`domain.certificateArn: it is of the account 222222222222, and webAclArn of 111111111111; name what is in the stack's own account`},
		{"a web ACL of another account than the stack's", `"account": "123456789012", "webAclArn": "arn:aws:wafv2:eu-west-1:111111111111:regional/webacl/lab/01234567-89ab-cdef-0123-456789abcdef"`,
			`webAclArn: it is of the account 111111111111, and account of 123456789012; name what is in the stack's own account`},
		{"a queue of another region than the stack's", `"region": "us-east-1", "packagingQueueArn": "arn:aws:sqs:eu-west-1:123456789012:q"`,
			`packagingQueueArn: it is in eu-west-1 of the partition aws, and region in us-east-1 of aws; name what is in the stack's own region`},
		{"one host for two", `"quiltCatalog": "quilt.example.com", "domain": {"name": "quilt.example.com", "certificateArn": "arn:aws:acm:eu-west-1:222222222222:certificate/01234567-89ab-cdef-0123-456789abcdef"}`,
			`domain.name: "quilt.example.com" is the catalog of quiltCatalog; give what Benchling calls a name of its own`},
		{"zones of two kinds", `"availabilityZones": ["us-west-2a", "us-west-2-lax-1a"]`,
			`availabilityZones: "us-west-2-lax-1a" is a Local Zone, and "us-west-2a" an Availability Zone, which no load balancer takes together; use zones of one kind`},
		{"halves of the internet", `"allowedAddresses": ["128.0.0.0/1", "0.0.0.0/1"]`,
			`allowedAddresses: ["128.0.0.0/1","0.0.0.0/1"] are every address together; leave allowedAddresses out for that`},
		{"every range of a list", `"allowedAddresses": ["x", "203.0.113.0/24", "203.0.113.0/24"]`, strings.Join([]string{
			`allowedAddresses: "x" does not fit; use a list of IPv4 ranges, such as ["203.0.113.0/24", "198.51.100.7/32"]`,
			`allowedAddresses: "203.0.113.0/24" is there twice; use each once`}, "\n")},
		{"nothing to show", `"exportEntries": false`,
			`exportEntries: false leaves canvases nothing to show; set linkedBuckets and quiltDatabase too, or remove it`},
		{"what is of exports, without", `"exportEntries": false, "quiltDatabase": "q", "linkedBuckets": ["lab-a"], "packageBucket": "lab-b", "workflow": "alpha"`, strings.Join([]string{
			`packageBucket: nothing is exported; remove it, or exportEntries`,
			`workflow: nothing is exported; remove it, or exportEntries`}, "\n")},
		{"linked buckets that nothing searches", `"linkedBuckets": ["lab-a"]`,
			`linkedBuckets: nothing is searched for; set quiltDatabase too, or remove it`},
		{"a linked bucket that is searched anyway", `"quiltDatabase": "q", "packageBucket": "lab-a", "linkedBuckets": ["lab-a"]`,
			`linkedBuckets: "lab-a" is the packageBucket, which is searched anyway; remove it here`},
		{"every linked bucket", `"quiltDatabase": "q", "linkedBuckets": ["Lab", "lab-a", "lab-a", {"name": "lab-b", "key": 1}, 5]`, strings.Join([]string{
			`linkedBuckets[0]: "Lab" does not fit: a bucket's name has lower-case letters, digits, hyphens and dots alone; use the name of an existing bucket, such as "lab-a"`,
			`linkedBuckets[2]: "lab-a" is there twice; use each once`,
			`linkedBuckets[3]: unknown setting "key"; the settings are keyArn, name`,
			`linkedBuckets[3].keyArn: no value; use the ARN of the bucket's KMS key, such as "arn:aws:kms:eu-west-1:123456789012:key/…"`,
			`linkedBuckets[4]: 5 does not fit: it is not a string; use the name of an existing bucket, such as "lab-a"`}, "\n")},
		{"the key of a linked bucket in another region", `"region": "us-east-1", "quiltDatabase": "q", "linkedBuckets": ["lab-a", {"name": "lab-b", "keyArn": "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}]`,
			`linkedBuckets[1].keyArn: it is in us-east-2 of the partition aws, and region in us-east-1 of aws; name what is in the stack's own region`},
		{"null", `"cpu": null`, `cpu: null is no value; give one, or remove cpu`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := stacks.ReadSettings(contextWith(t, "{"+c.settings+"}"))
			const place = "cdk.json: environments.dev."
			assert.Error(t, err, place+strings.ReplaceAll(c.want, "\n", "\n"+place))
		})
	}
}

// TestSettingThatIsNotThere names why, in place of the settings that there are.
func TestSettingThatIsNotThere(t *testing.T) {
	_, err := stacks.ReadSettings(map[string]any{"environments": map[string]any{"dev": map[string]any{"deploymentStrategy": "CANARY"}}})
	assert.ErrorContains(t, err, "environments.dev.deploymentStrategy: deployments are rolling")
	assert.Check(t, strings.HasSuffix(err.Error(), "; remove it"), err)
}
