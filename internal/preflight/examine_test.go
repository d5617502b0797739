package preflight_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/preflight"
	"benchlingwebhook/stacks"
)

// naming returns settings that name everything that can be asked for, of an account.
func naming(owner string) stacks.Settings {
	settings := prod()
	settings.Domain = &constructs.Domain{Name: "webhooks.example.com", CertificateArn: "arn:aws:acm:us-east-1:" + owner + ":certificate/1"}
	settings.PackageBucket, settings.PackageBucketKeyArn = "packages", "arn:aws:kms:us-east-1:"+owner+":key/1"
	settings.PackagingQueueArn = "arn:aws:sqs:us-east-1:" + owner + ":packaging"
	settings.AlarmTopicArn = "arn:aws:sns:us-east-1:" + owner + ":on-call"
	return settings
}

const ownAccount, otherAccount = "123456789012", "999999999999"

// examine runs Examine in the repository, whose pinned version of the CDK CLI is put in.
func examine(t *testing.T, s *surroundings, settings stacks.Settings) preflight.Report {
	t.Helper()
	t.Chdir("../..")
	for name, printed := range s.programs {
		s.programs[name] = strings.ReplaceAll(printed, "PINNED", pinnedCDK(t))
	}
	return preflight.Examine(t.Context(), s.clients(), settings)
}

func TestExamineNothingWrong(t *testing.T) {
	started := time.Now()
	report := examine(t, prepared(), naming(ownAccount))
	assert.Check(t, time.Since(started) < 10*time.Second)
	assert.Equal(t, lines(report.Problems), "")
	assert.DeepEqual(t, report.Notes, []string(nil))
	assert.DeepEqual(t, report.Passed[:3], []string{"go: version 1.99.1", "node: version 99.1.0", "cdk: version " + pinnedCDK(t)})
	assert.DeepEqual(t, report.Passed[12:], []string{
		"docker buildx: builds for linux/amd64",
		`quota "Fargate On-Demand vCPU resource count": 0 of 20 used, up to 3 more needed`,
		`quota "VPCs per Region": 1 of 5 used, up to 1 more needed`,
		`quota "EC2-VPC Elastic IPs": 0 of 5 used, up to 1 more needed`,
		`quota "NAT gateways per Availability Zone": 0 of 5 used, up to 1 more needed`,
		"certificate: issued, and covers webhooks.example.com",
		"bucket packages: exists, in this account",
		"queue packaging: exists, in this account",
		"key of packageBucketKeyArn: enabled",
		"topic of alarmTopicArn: exists",
	})
	assert.Equal(t, len(prepared().created), 0)
}

func TestExamineFindsProblems(t *testing.T) {
	const install = "; run `make synth`, which installs it into node_modules, and use make, or put node_modules/.bin first on your PATH"
	const certificate = "; name a certificate of AWS Certificate Manager's for it, in this account and region"
	const docs = "; allow this action (docs/first-deployment.md lists what preflight reads), or try again"
	for _, c := range []struct {
		name   string
		change func(*surroundings)
		want   string
	}{
		{"no Go", func(s *surroundings) { delete(s.programs, "go env GOVERSION") }, "go: executable file not found in $PATH; install Go "},
		{"old Go", func(s *surroundings) { s.programs["go env GOVERSION"] = "go1.9\n" }, "go: version 1.9, and the repository wants "},
		{"old Node", func(s *surroundings) { s.programs["node --version"] = "v18.1.0\n" }, "node: version 18.1.0, and the repository wants 24" + install},
		{"another CDK CLI", func(s *surroundings) { s.programs["cdk --version"] = "2.9999.0 (build 1)\n" }, "cdk: version 2.9999.0, and the repository wants PINNED" + install},
		{"no version", func(s *surroundings) { s.programs["cdk --version"] = "?\n" }, "cdk: it doesn't say its version" + install},
		{"another processor", func(s *surroundings) { s.programs["docker buildx inspect"] = "Platforms: linux/arm64\n" },
			"docker buildx inspect: the builder has no platform linux/amd64, which cdk.json: environments.prod.architecture wants; install its emulator with `docker run --privileged --rm tonistiigi/binfmt --install amd64`, or set the other architecture"},
		{"few vCPUs", func(s *surroundings) { s.vcpus = 18 }, `quota "Fargate On-Demand vCPU resource count": 18 of 20 are used, and the stack needs up to 3 more; ask for more with ` +
			"`aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 21`, or free some"},
		{"VPCs", func(s *surroundings) { s.vpcs = 5 }, `quota "VPCs per Region": 5 of 5 are used, and the stack needs up to 1 more; `},
		{"addresses", func(s *surroundings) { s.addresses = 5 }, `quota "EC2-VPC Elastic IPs": 5 of 5 are used, and the stack needs up to 1 more; `},
		{"NAT gateways", func(s *surroundings) { s.nats = 5 }, `quota "NAT gateways per Availability Zone": 5 of 5 are used, and the stack needs up to 1 more; `},
		{"no certificate", func(s *surroundings) { s.missing = []string{"DescribeCertificate"} }, place + "domain.certificateArn: there is no such certificate" + certificate},
		{"certificate of another name", func(s *surroundings) { s.certificate.DomainName = aws.String("*.webhooks.example.com") },
			place + "domain.certificateArn: it covers *.webhooks.example.com, and not webhooks.example.com" + certificate},
		{"pending certificate", func(s *surroundings) { s.certificate.Status = acmtypes.CertificateStatusPendingValidation },
			place + "domain.certificateArn: it is not validated yet; make the DNS records that `aws acm describe-certificate` shows, and wait until it is issued"},
		{"expired certificate", func(s *surroundings) { s.certificate.Status = acmtypes.CertificateStatusExpired }, place + "domain.certificateArn: it is EXPIRED" + certificate},
		{"no bucket", func(s *surroundings) { s.bucketStatus = 404 }, place + "packageBucket: there is no bucket packages; name one that is registered with Quilt, or leave it out"},
		{"bucket elsewhere", func(s *surroundings) { s.bucketRegion = "eu-west-1" }, place + "packageBucket: packages is in another region, and the stack goes to us-east-1; name one in us-east-1, or set AWS_REGION"},
		{"bucket moved", func(s *surroundings) { s.bucketStatus = 301 }, place + "packageBucket: packages is in another region, and the stack goes to us-east-1; name one in us-east-1, or set AWS_REGION"},
		{"bucket away", func(s *surroundings) { s.bucketStatus = 503 }, "s3:ListBucket: "},
		{"no queue", func(s *surroundings) { s.missing = []string{"GetQueueUrl"} }, place + "packagingQueueArn: there is no queue packaging; name your Quilt stack's output PackagerQueueArn, or leave the setting out"},
		{"queue's key", func(s *surroundings) { s.queueKey = "alias/quilt" }, place + "packagingQueueArn: a key encrypts it: alias/quilt; set packagingQueueKeyArn to that key's ARN"},
		{"no key", func(s *surroundings) { s.missing = []string{"DescribeKey"} }, place + "packageBucketKeyArn: there is no such key; name the key that encrypts it"},
		{"key to be deleted", func(s *surroundings) { s.keyState = kmstypes.KeyStatePendingDeletion }, place + "packageBucketKeyArn: the key is PendingDeletion; enable it"},
		{"no topic", func(s *surroundings) { s.missing = []string{"GetTopicAttributes"} }, place + "alarmTopicArn: there is no such topic; name one that is there, or set alarmEmail"},
		{"no rights", func(s *surroundings) {
			s.denied = []string{"DescribeCertificate", "GetQueueUrl", "DescribeKey", "GetTopicAttributes"}
		}, "acm:DescribeCertificate: AccessDenied: not allowed: DescribeCertificate" + docs + "\n" +
			"sqs:GetQueueUrl: AccessDenied: not allowed: GetQueueUrl" + docs + "\n" +
			"kms:DescribeKey: AccessDenied: not allowed: DescribeKey" + docs + "\n" +
			"sns:GetTopicAttributes: AccessDenied: not allowed: GetTopicAttributes" + docs},
		{"no attributes", func(s *surroundings) { s.denied = []string{"GetQueueAttributes"} }, "sqs:GetQueueAttributes: AccessDenied: not allowed: GetQueueAttributes" + docs},
		{"not signed in", func(s *surroundings) {
			s.denied = []string{"GetCallerIdentity"}
			s.missingDocker = "version"
			delete(s.programs, "node --version")
		}, "node: executable file not found in $PATH" + install + "\ncredentials: AccessDenied: not allowed: GetCallerIdentity; sign in, for example with `aws sso login`, or set AWS_PROFILE\n" +
			"docker version: exit status 1; start Docker 23 or later, or correct DOCKER_HOST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := prepared()
			s.subnets = []types.Subnet{{SubnetId: aws.String("subnet-1"), AvailabilityZone: aws.String("us-east-1a")}}
			c.change(s)
			report := examine(t, s, naming(ownAccount))
			want := strings.ReplaceAll(c.want, "PINNED", pinnedCDK(t))
			got := lines(report.Problems)
			assert.Check(t, strings.HasPrefix(got, want), got)
			assert.Equal(t, strings.Count(got, "\n"), strings.Count(want, "\n"))
		})
	}
}

// TestExamineLooksAtLinkedBuckets names each by its place, and the output for its policy.
func TestExamineLooksAtLinkedBuckets(t *testing.T) {
	settings := prod()
	settings.LinkedBuckets = []constructs.LinkedBucket{{Name: "lab-a"}, {Name: "lab-b", KeyArn: "arn:aws:kms:us-east-1:" + otherAccount + ":key/1"}}
	s := prepared()
	s.bucketStatus, s.denied = http.StatusForbidden, []string{"DescribeKey"}
	const how = "; its policy must have the statements of the stack's output %s (docs/deployment.md says how)"
	const unseen = "it is another account's, or you may not s3:ListBucket"
	assert.DeepEqual(t, examine(t, s, settings).Notes, []string{
		place + "linkedBuckets[0]: " + unseen + fmt.Sprintf(how, "LinkedBucket1Policy"),
		place + "linkedBuckets[1]: " + unseen + fmt.Sprintf(how, "LinkedBucket2Policy"),
		place + "linkedBuckets[1].keyArn: it is account 999999999999's" + fmt.Sprintf(how, "LinkedBucket2KeyPolicy"),
	})
}

func TestExamineNotesWhatAnotherAccountMustAllow(t *testing.T) {
	s := prepared()
	s.bucketStatus = http.StatusForbidden
	s.denied = []string{"DescribeKey", "GetTopicAttributes"}
	s.limits = nil
	settings := naming(otherAccount)
	settings.WebACLArn = "arn:aws:wafv2:us-east-1:" + otherAccount + ":regional/webacl/a/1"
	report := examine(t, s, settings)
	assert.Equal(t, lines(report.Problems), place+"domain.certificateArn: it is of account 999999999999, and the stack goes to 123456789012; name a certificate of AWS Certificate Manager's for it, in this account and region")
	const how = "; its policy must have the statements of the stack's output %s (docs/deployment.md says how)"
	assert.DeepEqual(t, report.Notes[1:], []string{
		place + "packageBucket: it is another account's, or you may not s3:ListBucket" + fmt.Sprintf(how, "PackageBucketPolicy"),
		place + "packagingQueueArn: it is account 999999999999's" + fmt.Sprintf(how, "PackagingQueuePolicy"),
		place + "packageBucketKeyArn: it is account 999999999999's" + fmt.Sprintf(how, "PackageBucketKeyPolicy"),
		place + "alarmTopicArn: it is account 999999999999's; its policy must allow sns:Publish to cloudwatch.amazonaws.com for account 123456789012",
		place + "webAclArn: not checked",
	})
	assert.Equal(t, report.Notes[0], `quotas: not checked from "Fargate On-Demand vCPU resource count" on, since servicequotas:GetServiceQuota says AccessDenied: no`)
}

func TestUseThatCantBeReadIsNoted(t *testing.T) {
	s := prepared()
	s.denied = []string{"GetMetricStatistics", "DescribeVpcs", "DescribeAddresses", "DescribeNatGateways"}
	report := examine(t, s, prod())
	assert.Equal(t, lines(report.Problems), "")
	assert.Equal(t, strings.Count(strings.Join(report.Notes, "\n"), "not checked, since its use can't be read: AccessDenied"), 4)
}

// TestADeployedStackNeedsNoMore says that what it has is among what is used.
func TestADeployedStackNeedsNoMore(t *testing.T) {
	s := prepared()
	s.vpcs, s.stack = 5, deployedStack()
	report := examine(t, s, prod())
	assert.Equal(t, lines(report.Problems), "")
	assert.Check(t, !strings.Contains(strings.Join(report.Passed, "\n"), "quota"))
}

func TestExamineElsewhere(t *testing.T) {
	t.Chdir(t.TempDir())
	report := preflight.Examine(t.Context(), prepared().clients(), prod())
	assert.Equal(t, lines(report.Problems), "tools: open go.mod: no such file or directory; run this in the repository's directory")
}
