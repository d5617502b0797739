package review

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

func TestDeployedInTheEmulator(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	emulated := emulatortest.Start(t)
	for name, value := range emulated.Environment() {
		t.Setenv(name, value)
	}
	cloud := emulated.Config()
	emulatortest.MakeStack(ctx, t, cloud, "Stack", topic, func(i *cloudformation.CreateStackInput) { i.EnableTerminationProtection = aws.Bool(true) })
	after := map[string]cfn.Template{}
	for name, text := range map[string]string{"Stack": renamed, "New": topic} {
		template, err := parsed(name, []byte(text))
		assert.NilError(t, err)
		template.Rest["TerminationProtection"] = true
		after[name] = template
	}
	result, err := compareDeployed(ctx, cloud, after, installed(t))
	assert.NilError(t, err)
	assert.Equal(t, result.Text(), `changed: everything else: 2
New: not deployed in this account and region
Stack: drift never looked for: `+"`aws cloudformation detect-stack-drift`"+` does

Everything else
    stack New is new: 1 resources [New]
    Topic DisplayName: before → after [Stack]
`)
	after["Stack"].Rest["TerminationProtection"] = false
	result, err = compareDeployed(ctx, cloud, after, installed(t))
	assert.NilError(t, err)
	assert.Assert(t, result.Dangerous(), result.Text())

	_, err = Deployed(ctx, Options{Tree: "../..", Tools: "../../build/tools", Modules: "../../node_modules"}, "nowhere")
	assert.ErrorContains(t, err, "cdk.json: environments.nowhere: not there; name one of dev, prod")
}

func TestDeployedNestedStacks(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud := emulatortest.Start(t).Config()
	urls := stored(ctx, t, cloud, map[string]string{"deep": topic, "store": store, "yaml": "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n"})
	maps.Copy(urls, stored(ctx, t, cloud, map[string]string{"child": nesting(t, map[string]string{"Deep": urls["deep"]})}))
	deployNow := func(name string, nested map[string]string) string {
		text := nesting(t, nested)
		emulatortest.MakeStack(ctx, t, cloud, name, text)
		return text
	}
	of := func(texts map[string]string) map[string]cfn.Template {
		templates := map[string]cfn.Template{}
		for name, text := range texts {
			template, err := parsed(name, []byte(text))
			assert.NilError(t, err)
			if !strings.Contains(name, "/") {
				template.Rest["TerminationProtection"] = false
			}
			templates[name] = template
		}
		return templates
	}
	child := nesting(t, map[string]string{"Deep": urls["deep"]})
	text := deployNow("Stack", map[string]string{"Child": urls["child"], "Store": urls["store"], "Foreign": urls["yaml"]})
	const foreign = "Stack/Foreign: its template isn't the app's: what differs in it isn't in this review; compare it with -templates"

	t.Run("at every depth", func(t *testing.T) {
		result, err := compareDeployed(ctx, cloud, of(map[string]string{"Stack": text, "Stack/Child": child, "Stack/Child/Deep": renamed, "Stack/Store": store}), installed(t))
		assert.NilError(t, err)
		assert.Equal(t, result.Verdict(), "changed: Topic DisplayName: before → after [Stack/Child/Deep]")
		never := driftNote(deployed.Template{})
		assert.DeepEqual(t, result.Notes, []string{"Stack: " + never, "Stack/Child: " + never, "Stack/Child/Deep: " + never, "Stack/Store: " + never, foreign})
	})
	t.Run("one that goes with its data", func(t *testing.T) {
		without := nesting(t, map[string]string{"Child": urls["child"], "Foreign": urls["yaml"]})
		result, err := compareDeployed(ctx, cloud, of(map[string]string{"Stack": without, "Stack/Child": child, "Stack/Child/Deep": topic}), installed(t))
		assert.NilError(t, err)
		assert.Assert(t, result.Dangerous() && strings.Contains(result.Text(), "AWS::S3::Bucket Store"), result.Text())
	})
	t.Run("one that comes", func(t *testing.T) {
		with := nesting(t, map[string]string{"Child": urls["child"], "Store": urls["store"], "Foreign": urls["yaml"], "More": urls["deep"]})
		result, err := compareDeployed(ctx, cloud, of(map[string]string{"Stack": with, "Stack/Child": child, "Stack/Child/Deep": topic, "Stack/Store": store, "Stack/More": topic}), installed(t))
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(result.Text(), "stack Stack/More is new: 1 resources"), result.Text())
	})
	t.Run("one that can't be read", func(t *testing.T) {
		deployNow("Other", map[string]string{"Old": urls["yaml"], "Older": urls["yaml"]})
		_, err := compareDeployed(ctx, cloud, of(map[string]string{"Other": topic}), installed(t))
		const fault = ": not JSON, and YAML isn't read: name a JSON template, such as `cdk synth` writes to cdk.out"
		assert.Error(t, err, "stack Other/Old"+fault+"\nstack Other/Older"+fault)
	})
	t.Run("all of it anew", func(t *testing.T) {
		result, err := compareDeployed(ctx, cloud, of(map[string]string{"New": text, "New/Child": child, "New/Child/Deep": topic, "New/Store": store}), installed(t))
		assert.NilError(t, err)
		assert.DeepEqual(t, result.Notes, []string{"New: not deployed in this account and region", strings.Replace(foreign, "Stack", "New", 1)})
	})
}

// nesting returns a template with nested stacks, by their logical IDs.
func nesting(t *testing.T, urls map[string]string) string {
	t.Helper()
	resources := map[string]any{}
	for id, url := range urls {
		resources[id] = map[string]any{"Type": nestedStack, "Properties": map[string]any{"TemplateURL": url}}
	}
	text, err := json.Marshal(map[string]any{"Resources": resources})
	assert.NilError(t, err)
	return string(text)
}

// stored puts texts into a bucket and returns their URLs.
func stored(ctx context.Context, t *testing.T, cloud aws.Config, texts map[string]string) map[string]string {
	t.Helper()
	client := s3.NewFromConfig(cloud, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("templates")})
	if owned := (*s3types.BucketAlreadyOwnedByYou)(nil); !errors.As(err, &owned) {
		assert.NilError(t, err)
	}
	urls := map[string]string{}
	for name, text := range texts {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("templates"), Key: aws.String(name), Body: strings.NewReader(text)})
		assert.NilError(t, err)
		urls[name] = "https://s3.amazonaws.com/templates/" + name
	}
	return urls
}

func TestDriftIsSaidApart(t *testing.T) {
	checked := time.Date(2026, 11, 26, 6, 0, 0, 0, time.UTC)
	for drift, note := range map[string]string{
		"DRIFTED": "drift found at 2026-11-26T06:00:00Z: somebody changed resources past CloudFormation, which is not in this review",
		"IN_SYNC": "no drift at 2026-11-26T06:00:00Z",
		"UNKNOWN": "drift unknown at 2026-11-26T06:00:00Z: CloudFormation couldn't look at every resource",
	} {
		assert.Equal(t, driftNote(deployed.Template{Drift: drift, DriftChecked: checked}), note)
	}
}
