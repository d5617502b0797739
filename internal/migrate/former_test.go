package migrate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestQueueARN(t *testing.T) {
	for text, want := range map[string]string{
		"https://sqs.eu-west-1.amazonaws.com/123456789012/quilt":       "arn:aws:sqs:eu-west-1:123456789012:quilt",
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q.fifo":  "arn:aws-cn:sqs:cn-north-1:123456789012:q.fifo",
		"https://sqs.us-gov-west-1.amazonaws.com/123456789012/quilt/":  "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:quilt",
		"https://example.com/123456789012/quilt":                       "",
		"https://sqs.eu-west-1.amazonaws.com/quilt":                    "",
		"arn:aws:sqs:eu-west-1:123456789012:quilt":                     "",
		"https://sqs.eu-west-1.amazonaws.com/123456789012/quilt/other": "",
	} {
		got, err := queueARN(text)
		assert.Equal(t, got, want, text)
		assert.Equal(t, err == nil, want != "", text)
	}
}

func TestAddressRanges(t *testing.T) {
	ranges, faults := addressRanges(" 203.0.113.7/24,198.51.100.7 ,, ::1/128, host")
	assert.DeepEqual(t, ranges, []string{"203.0.113.0/24", "198.51.100.7/32"})
	assert.Equal(t, len(faults), 2)
}

func TestProposalState(t *testing.T) {
	environment := map[string]any{"packageBucket": "lab", "availabilityZones": []any{"a", "b"}}
	for want, p := range map[string]Proposal{
		"as it is":                     {Setting: "packageBucket", Value: "lab"},
		"set it: cdk.json has another": {Setting: "packageBucket", Value: "other"},
		"as it is: the default":        {Setting: "packagePrefix", Value: "benchling"},
		"set it":                       {Setting: "packagePrefix", Value: "lab"},
	} {
		assert.Equal(t, p.State(environment), want)
	}
	assert.Equal(t, Proposal{Setting: "availabilityZones", Value: []string{"a", "b"}}.State(environment), "as it is")
}

// TestProfiles looks files up by their stack, and follows what they inherit.
func TestProfiles(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	put := func(name, text string) {
		directory := filepath.Join(home, "benchling-webhook", name)
		assert.NilError(t, os.MkdirAll(directory, 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(directory, "config.json"), []byte(text), 0o600))
	}
	put("default", `{"packages": {"bucket": "a", "prefix": "p"}}`)
	put("lab", `{"_inherits": "default", "packages": {"bucket": "b"}}`)
	for stack, bucket := range map[string]string{"BenchlingWebhookStack": "a", "BenchlingWebhookStack-lab": "b"} {
		file, profile, err := readProfile(stack, "")
		assert.NilError(t, err)
		former := Former{File: file, profile: profile}
		assert.Equal(t, former.text("packages.bucket"), bucket)
		assert.Equal(t, former.text("packages.prefix"), "p")
	}
	file, _, err := readProfile("Other", "")
	assert.NilError(t, err)
	assert.Equal(t, file, "")

	put("loop", `{"_inherits": "loop"}`)
	put("out", `{"_inherits": "../out"}`)
	put("broken", `{"clientSecret": "s3cret"`)
	_, _, err = readProfile("Other", "")
	assert.ErrorContains(t, err, `loop/config.json: _inherits "loop" leads to no profile`)
	assert.ErrorContains(t, err, `_inherits "../out" leads to no profile`)
	assert.ErrorContains(t, err, "broken/config.json: not a JSON object")
	assert.Check(t, !strings.Contains(err.Error(), "s3cret"))
}

// TestBucketless moves from a predecessor that makes no packages.
func TestBucketless(t *testing.T) {
	former := Former{
		File: "config.json", Parameters: map[string]string{"PackagerQueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/quilt"},
		profile: map[string]any{"packages": map[string]any{"prefix": "lab", "metadataKey": "notebook"}},
	}
	proposals, problems := former.Proposals()
	assert.DeepEqual(t, proposals, []Proposal{{"exportEntries", false, "packages.bucket: none"}, {"linkedBy", "notebook", "packages.metadataKey"}})
	assert.Equal(t, len(problems), 1)
	assert.Check(t, strings.HasPrefix(problems[0], "linkedBuckets: "), problems[0])
	former.secret = map[string]any{"user_bucket": "lab-packages"}
	proposals, problems = former.Proposals()
	assert.Check(t, proposals[0].Setting == "packagingQueueArn" && len(problems) == 0, "%v %v", proposals, problems)
}

// TestQuiltStack moves from a predecessor that runs within a Quilt stack.
func TestQuiltStack(t *testing.T) {
	former := Former{
		Stack:      "quilt",
		Parameters: map[string]string{"BenchlingWebhook": "Enabled"},
		Outputs: map[string]string{
			"PackagerQueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/quilt", "QuiltWebHost": "quilt.example.com", "BenchlingUrl": "https://b.example.com/",
		},
		secret: map[string]any{"pkgPrefix": "lab", "queue_url": "https://sqs.us-east-1.amazonaws.com/123456789012/quilt", "enableWebhookVerification": false, "webhook_allow_list": "203.0.113.0/24"},
	}
	former.SecretID = "named"
	var out bytes.Buffer
	assert.NilError(t, former.Write(&out, Target{Environment: "prod", WebhookURL: "https://new.example.com/", Settings: map[string]any{
		"packagePrefix": "lab", "packagingQueueArn": "arn:aws:sqs:us-east-1:123456789012:quilt"}}))
	for _, want := range []string{
		"output PackagerQueueUrl  as it is\n",
		"enableWebhookVerification  refused: leave it out. Signatures are always verified",
		"pkgPrefix                  cdk.json has the same in packagePrefix\n",
		"queue_url                  cdk.json has the same in packagingQueueArn\n",
		"webhook_allow_list         refused: set allowedAddresses in cdk.json",
		"set the app's webhook URL to https://new.example.com/;",
		"parameter BenchlingWebhook to Disabled",
		"set the app's webhook URL to https://b.example.com/.",
	} {
		assert.Check(t, strings.Contains(out.String(), want), "%s\nlacks %s", out.String(), want)
	}
	assert.Check(t, !strings.Contains(out.String(), "203.0.113"))
}
