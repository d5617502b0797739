package review

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
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
	_, err := cloudformation.NewFromConfig(cloud).CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: aws.String("Stack"), TemplateBody: aws.String(topic), EnableTerminationProtection: aws.Bool(true),
	})
	assert.NilError(t, err)
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

	after["Stack/Child"] = after["New"]
	_, err = compareDeployed(ctx, cloud, after, installed(t))
	assert.Error(t, err, "Stack/Child: a nested stack, of which what is deployed isn't read; compare files with -templates")

	_, err = Deployed(ctx, Options{Tree: "../..", Tools: "../../build/tools", Modules: "../../node_modules"}, "nowhere")
	assert.ErrorContains(t, err, "cdk.json: environments.nowhere: not there; name one of dev, prod")
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
