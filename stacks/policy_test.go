package stacks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/policy"
)

// synthLog synthesizes a log group that is kept for good, against LOG1. It
// returns what CDK threw, and the names and reasons in its report.
func synthLog(t *testing.T, acknowledged ...policy.Acknowledgement) (thrown string, violations []string, reasons map[string]string) {
	t.Helper()
	outdir := t.TempDir()
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(outdir)})
	stack := awscdk.NewStack(app, jsii.String("stack"), &awscdk.StackProps{TerminationProtection: jsii.Bool(true)})
	log := awslogs.NewCfnLogGroup(stack, jsii.String("Log"), nil)
	log.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	policy.Enforce(app, acknowledged)
	func() {
		defer func() {
			if err := recover(); err != nil {
				thrown = fmt.Sprint(err)
			}
		}()
		app.Synth(nil)
	}()
	text, err := os.ReadFile(filepath.Join(outdir, "validation-report.json"))
	assert.NilError(t, err)
	var report struct {
		PluginReports []struct {
			Violations, SuppressedViolations []struct{ RuleName, Reason string }
		}
	}
	assert.NilError(t, json.Unmarshal(text, &report))
	reasons = map[string]string{}
	for _, v := range report.PluginReports[0].Violations {
		violations = append(violations, v.RuleName)
	}
	for _, v := range report.PluginReports[0].SuppressedViolations {
		reasons[v.RuleName] = v.Reason
	}
	return thrown, violations, reasons
}

func TestPolicyStopsSynthesis(t *testing.T) {
	thrown, violations, _ := synthLog(t)
	assert.Assert(t, thrown != "", "synthesis went on")
	assert.DeepEqual(t, violations, []string{"LOG1[Log.RetentionInDays]"})
}

func TestAcknowledgedViolationsAreReportedWithTheirReasons(t *testing.T) {
	thrown, violations, reasons := synthLog(t, policy.Acknowledgement{Name: "LOG1[Log.RetentionInDays]", Reason: "an example"})
	assert.Equal(t, thrown, "")
	assert.Equal(t, len(violations), 0)
	assert.DeepEqual(t, reasons, map[string]string{"LOG1[Log.RetentionInDays]": "an example"})
}

func TestAcknowledgementsMustExcuseSomething(t *testing.T) {
	thrown, violations, _ := synthLog(t,
		policy.Acknowledgement{Name: "LOG1[Log.RetentionInDays]", Reason: "an example"}, policy.Acknowledgement{Name: "LOG1[Other.RetentionInDays]", Reason: "old"})
	assert.Assert(t, thrown != "", "synthesis went on")
	assert.DeepEqual(t, violations, []string{"ACK1[LOG1[Other.RetentionInDays]]"})
}
