package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"gotest.tools/v3/assert"
)

// quiltTemplate has a Quilt stack's outputs, a queue and a bucket that a key encrypts, and
// the topic that Quilt makes for the bucket.
const quiltTemplate = `{"Resources": {
	"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
	"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "quilt-packager", "KmsMasterKeyId": {"Ref": "Key"}}},
	"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lab-packages"}},
	"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "lab-packages-QuiltNotifications-01234567-89ab-cdef-0123-456789abcdef"}}},
"Outputs": {"PackagerQueueArn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}, "PackagerQueueUrl": {"Value": {"Ref": "Queue"}},
	"QuiltWebHost": {"Value": "https://Quilt.example.com/"}}}`

// rehearsedSetup returns a way to run Setup in an empty account with answers; none is
// without a terminal.
func rehearsedSetup(ctx context.Context, t *testing.T) (cloud aws.Config, run func(SetupOptions, ...string) (prepared, string, error)) {
	t.Helper()
	cloud, _ = start(ctx, t)
	return cloud, func(options SetupOptions, says ...string) (prepared, string, error) {
		var out bytes.Buffer
		s := setup{environment: "lab", options: options, cloud: cloud, out: &out}
		if says != nil {
			s.person = &person{says: says}
		}
		outcome, err := s.run(ctx)
		return outcome, out.String(), err
	}
}

// TestSetupFindsQuilt takes all from a Quilt stack, unattended, and has nothing to do the
// second time.
func TestSetupFindsQuilt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, run := rehearsedSetup(ctx, t)
	emulatortest.MakeStack(ctx, t, cloud, "quilt", quiltTemplate)
	emulatortest.MakeStack(ctx, t, cloud, "other", `{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"QueueArn": {"Value": {"Fn::GetAtt": ["Q", "Arn"]}}}}`)
	before := text(t, "cdk.json")

	_, out, err := run(SetupOptions{})
	assert.Error(t, err, "nothing is written: there is no terminal to ask at; pass --yes")
	assert.Check(t, strings.Contains(out, `+        "packageBucket": "lab-packages"`), out)
	_, out, err = run(SetupOptions{DryRun: true, Yes: true})
	assert.NilError(t, err)
	assert.Check(t, strings.HasSuffix(out, "dry run: nothing is written\n"), out)
	assert.Equal(t, text(t, "cdk.json"), before)

	outcome, out, err := run(SetupOptions{Yes: true, Set: []string{"alarmEmail=on-call@example.com", "natGateways=2"}})
	assert.NilError(t, err)
	assert.Check(t, outcome.Written)
	assert.Equal(t, outcome.QuiltStack, "quilt")
	assert.Check(t, strings.Contains(out, "written: environments.lab, alarmEmail, natGateways, packageBucket"), out)
	queue := "arn:aws:sqs:" + cloud.Region + ":000000000000:quilt-packager"
	key := fmt.Sprint(outcome.Changed["packagingQueueKeyArn"])
	assert.Check(t, strings.HasPrefix(key, "arn:aws:kms:"+cloud.Region+":000000000000:key/"), key)
	settings, err := readSettings("lab")
	assert.NilError(t, err)
	assert.Equal(t, fmt.Sprint(settings.PackagingQueueArn, settings.QuiltCatalog, settings.PackageBucket, settings.AlarmEmail, settings.NatGateways, settings.PackagingQueueKeyArn),
		fmt.Sprint(queue, "quilt.example.com", "lab-packages", "on-call@example.com", 2, key))

	written := text(t, "cdk.json")
	outcome, out, err = run(SetupOptions{Yes: true})
	assert.NilError(t, err)
	assert.Check(t, !outcome.Written && len(outcome.Changed) == 0)
	assert.Check(t, strings.HasSuffix(out, "cdk.json: nothing to change in environments.lab\n"), out)
	assert.Equal(t, text(t, "cdk.json"), written)

	// The command as it is called.
	var printed bytes.Buffer
	assert.NilError(t, Setup(ctx, "lab", SetupOptions{Yes: true, JSON: true, Set: []string{"natGateways="}}, &printed))
	assert.Equal(t, printed.String(), `{"environment":"lab","quiltStack":"","changed":{"natGateways":null},"written":true}`+"\n")
}

// interrupting is an output that interrupts at a text.
type interrupting struct {
	at        string
	interrupt context.CancelFunc
}

func (i interrupting) Write(text []byte) (int, error) {
	if strings.Contains(string(text), i.at) {
		i.interrupt()
	}
	return len(text), nil
}

// TestSetupInterrupted interrupts Setup while it looks at the account, and when it has
// shown the change: nothing is written of what was found until then.
func TestSetupInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, run := rehearsedSetup(ctx, t)
	emulatortest.MakeStack(ctx, t, cloud, "quilt", quiltTemplate)
	before := text(t, "cdk.json")
	for _, at := range []string{"Quilt stack quilt", "packageBucket"} {
		halfway, interrupt := context.WithCancel(ctx)
		s := setup{environment: "lab", options: SetupOptions{Yes: true}, cloud: cloud, out: interrupting{at, interrupt}}
		outcome, err := s.run(halfway)
		assert.ErrorContains(t, err, "interrupted: run this again\nnothing is written", at)
		assert.Check(t, !outcome.Written)
		assert.Equal(t, text(t, "cdk.json"), before)
	}
	outcome, _, err := run(SetupOptions{Yes: true})
	assert.NilError(t, err)
	assert.Check(t, outcome.Written)
	assert.Equal(t, outcome.Changed["packageBucket"], "lab-packages")
}

// TestSetupAsks has a person choose between stacks, buckets, topics and certificates, and
// correct what is refused.
func TestSetupAsks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, run := rehearsedSetup(ctx, t)
	emulatortest.MakeStack(ctx, t, cloud, "quilt-a", quiltTemplate)
	emulatortest.MakeStack(ctx, t, cloud, "quilt-b", strings.NewReplacer("quilt-packager", "b-packager", "lab-packages", "b-packages").Replace(quiltTemplate))
	before := text(t, "cdk.json")
	_, err := sns.NewFromConfig(cloud).CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("on-call")})
	assert.NilError(t, err)
	made, err := acm.NewFromConfig(cloud).RequestCertificate(ctx, &acm.RequestCertificateInput{DomainName: aws.String("*.example.com")})
	assert.NilError(t, err)

	_, _, err = run(SetupOptions{Yes: true})
	assert.Error(t, err, "several Quilt stacks in "+cloud.Region+": quilt-a, quilt-b; pass --quilt-stack NAME (make: QUILT_STACK=)\nnothing is written")
	_, _, err = run(SetupOptions{Yes: true, QuiltStack: "quilt"})
	assert.ErrorContains(t, err, `--quilt-stack "quilt": no such stack with an output PackagerQueueArn in `+cloud.Region+"; those there: quilt-a, quilt-b")
	_, _, err = run(SetupOptions{Yes: true, QuiltStack: "quilt-b"})
	assert.ErrorContains(t, err, "several buckets are registered with Quilt: b-packages, lab-packages; pass --set packageBucket=NAME")
	_, _, err = run(SetupOptions{}, "2", "", "-")
	assert.ErrorContains(t, err, "nothing is written")

	answers := []string{"2", "", "-", "s3://b-packages", "1", "1", "7", "1", "http://webhooks.example.com", "1", "webhooks.example.com"}
	outcome, out, err := run(SetupOptions{}, append(answers, "n")...)
	assert.Error(t, err, "nothing is written")
	assert.Check(t, !outcome.Written)
	assert.Equal(t, text(t, "cdk.json"), before)
	assert.Check(t, strings.Contains(out, `it is a URL, whose bucket is "b-packages"`) && strings.Contains(out, `"7": no such certificate`), out)
	outcome, _, err = run(SetupOptions{}, append(answers, "y")...)
	assert.NilError(t, err)
	assert.Check(t, outcome.Written)
	settings, err := readSettings("lab")
	assert.NilError(t, err)
	assert.Equal(t, fmt.Sprint(settings.PackagingQueueArn, settings.QuiltCatalog, settings.PackageBucket, settings.AlarmTopicArn, settings.Domain),
		fmt.Sprint("arn:aws:sqs:"+cloud.Region+":000000000000:b-packager", "", "b-packages", "arn:aws:sns:"+cloud.Region+":000000000000:on-call", "&{webhooks.example.com "+aws.ToString(made.CertificateArn)+"}"))
}

// TestSetupWithoutQuilt makes an environment of the defaults, or of what a person says,
// and refuses what ReadSettings would.
func TestSetupWithoutQuilt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, run := rehearsedSetup(ctx, t)
	before := text(t, "cdk.json")
	_, _, err := run(SetupOptions{Yes: true, Set: []string{"cpus=512", "cpu", "maxCount=many", "alarmEmail=me"}})
	assert.Error(t, err, `--set "cpus": no such setting (did you mean "cpu"?); docs/settings.md lists all
--set "cpu": no value; write NAME=VALUE
--set maxCount: "many" is no JSON; use 1 to 100
--set alarmEmail: "me" does not fit; use a mail address, such as "on-call@example.com"`)
	_, _, err = run(SetupOptions{Yes: true, QuiltStack: noQuilt, Set: []string{"cpu=1024"}})
	assert.Error(t, err, "cdk.json: environments.lab.memory: Fargate has no 512 MiB with a cpu of 1024; use one of 2048, 3072, 4096, 5120, 6144, 7168, 8192\nnothing is written")
	assert.Equal(t, text(t, "cdk.json"), before)

	other := cloud.Copy()
	other.Region = "eu-west-1"
	emulatortest.MakeStack(ctx, t, other, "quilt", quiltTemplate)
	_, _, err = run(SetupOptions{Yes: true})
	assert.Error(t, err, "no Quilt stack in "+cloud.Region+", but quilt in eu-west-1; set AWS_REGION to that region, or pass --quilt-stack none (make: QUILT_STACK=none)\nnothing is written")

	outcome, _, err := run(SetupOptions{Yes: true, QuiltStack: noQuilt})
	assert.NilError(t, err)
	assert.Check(t, outcome.Written)
	var file struct {
		Context struct{ Environments map[string]map[string]any }
	}
	assert.NilError(t, json.Unmarshal([]byte(text(t, "cdk.json")), &file))
	assert.DeepEqual(t, file.Context.Environments, map[string]map[string]any{"dev": {"deletionProtection": true}, "open": {}, "lab": {}})
	left, err := os.ReadDir(".")
	assert.NilError(t, err)
	assert.Equal(t, len(left), 1)

	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	assert.ErrorContains(t, Setup(ctx, "lab", SetupOptions{Yes: true}, nil), "region: none is set; set AWS_REGION")
}

// TestPageListsSetupsActions compares the rights on the page with the calls that are
// refused by name.
func TestPageListsSetupsActions(t *testing.T) {
	_, page, found := strings.Cut(text(t, "../../docs/first-deployment.md"), "\n## Settings from the account\n")
	assert.Assert(t, found)
	page, _, _ = strings.Cut(page, "\n## ")
	actions := 0
	for _, file := range []string{"setup_account.go", "quilt_stack.go"} {
		for _, call := range regexp.MustCompile(`refused\("([^"]+)"`).FindAllStringSubmatch(text(t, file), -1) {
			assert.Check(t, strings.Contains(page, `"`+call[1]+`"`), call[1])
			actions++
		}
	}
	assert.Check(t, actions > 7)
}
