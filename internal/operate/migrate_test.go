package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/migrate"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// formerTemplate has the parameters and outputs of the predecessor's stack that are read.
const formerTemplate = `{"Parameters": {"PackagerQueueUrl": {"Type": "String"}, "QuiltWebHost": {"Type": "String"}, "BenchlingSecretARN": {"Type": "String"}},
"Resources": {"Events": {"Type": "AWS::SQS::Queue"}},
"Outputs": {"WebhookEndpoint": {"Value": "https://former.example.com/prod/"}, "StackVersion": {"Value": "0.18.0"}}}`

// formerConfig is a configuration file of the predecessor's, which inherits.
const formerConfig = `{"_inherits": "base", "quilt": {"catalog": "https://old.example.com", "database": "lab"},
"packages": {"bucket": "lab-packages", "prefix": "benchling", "metadataKey": "experiment_id"},
"benchling": {"clientSecret": "s3cret-of-the-file"}, "deployment": {"stackName": "Former"}, "hue": {"shade": 1}, "_metadata": {"version": "0.18.0"},
"security": {"webhookAllowList": "203.0.113.0/24, 198.51.100.7, ::1"}}`

// TestMigrateFromTheEmulator reads a stack, its secret and its file, and expects what
// is printed, without a value of the secret, and that nothing has changed.
func TestMigrateFromTheEmulator(t *testing.T) {
	bench, app := standIn(t)
	expected, err := filepath.Abs("testdata/migrate.txt")
	assert.NilError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud, _ := start(ctx, t)
	profiles := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", profiles)
	for name, text := range map[string]string{"lab": formerConfig, "base": `{"logging": {"level": "DEBUG"}, "quilt": {"catalog": "base.example.com"}}`} {
		directory := filepath.Join(profiles, "benchling-webhook", name)
		assert.NilError(t, os.MkdirAll(directory, 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(directory, "config.json"), []byte(text), 0o600))
	}
	secret, err := json.Marshal(map[string]any{
		"tenant": "acme", "client_id": "id-1", "client_secret": app["client_secret"], "app_definition_id": "appdef_1", "api_url": app["base_url"],
		"pkg_prefix": "benchling", "user_bucket": "hidden-bucket", "queue_url": "https://sqs.us-east-1.amazonaws.com/123456789012/quilt",
		"pkg_key": "hidden-key", "webhook_allow_list": "", "enable_webhook_verification": "true", "hue": "hidden-hue",
	})
	assert.NilError(t, err)
	made, err := secretsmanager.NewFromConfig(cloud).CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String("former"), SecretString: aws.String(string(secret))})
	assert.NilError(t, err)
	parameter := func(name, value string) types.Parameter {
		return types.Parameter{ParameterKey: aws.String(name), ParameterValue: aws.String(value)}
	}
	emulatortest.MakeStack(ctx, t, cloud, "Former", formerTemplate, func(i *cloudformation.CreateStackInput) {
		i.Parameters = []types.Parameter{
			parameter("PackagerQueueUrl", "https://sqs.us-east-1.amazonaws.com/123456789012/quilt"),
			parameter("QuiltWebHost", "https://Quilt.example.com/"), parameter("BenchlingSecretARN", aws.ToString(made.ARN)),
		}
	})
	before := text(t, "cdk.json")

	var out bytes.Buffer
	assert.NilError(t, Migrate(ctx, "open", MigrateOptions{From: "Former"}, &out))
	golden.Assert(t, strings.ReplaceAll(out.String(), aws.ToString(made.ARN), "ARN"), expected)
	for _, hidden := range []string{app["client_secret"], "s3cret-of-the-file", "hidden-", "appdef_1", "id-1"} {
		assert.Check(t, !strings.Contains(out.String(), hidden), "%q is printed", hidden)
	}
	var plain bytes.Buffer
	assert.NilError(t, Migrate(ctx, "open", MigrateOptions{From: "Former", JSON: true}, &plain))
	var outline migrate.Outline
	assert.NilError(t, json.Unmarshal(plain.Bytes(), &outline))
	assert.Equal(t, outline.Secret["pkg_prefix"], "cdk.json has the same in packagePrefix")
	assert.DeepEqual(t, outline.Dropped, []string{"hue.shade", "deployment.stackName", "_inherits"})
	assert.Equal(t, outline.FormerURL, "https://former.example.com/prod/")
	assert.Equal(t, len(outline.Settings), 8)
	assert.Check(t, !strings.Contains(plain.String(), "hidden-"))
	assert.Equal(t, text(t, "cdk.json"), before)
	assert.DeepEqual(t, bench.Violations(), []string(nil))
	assert.Equal(t, bench.Calls()["listAppCanvases"], 2)

	// What can't be read is said, and the rest printed.
	out.Reset()
	bench.Faults.Inject(benchling.Fault{Path: "/api/v2/token", Times: 1, Status: 401})
	assert.ErrorContains(t, Migrate(ctx, "open", MigrateOptions{From: "Former"}, &out), "canvases: client_id, client_secret: Benchling refused them")
	assert.Check(t, strings.Contains(out.String(), "couldn't be asked of Benchling"))
	_, err = secretsmanager.NewFromConfig(cloud).DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: made.ARN, ForceDeleteWithoutRecovery: aws.Bool(true)})
	assert.NilError(t, err)
	out.Reset()
	assert.ErrorContains(t, Migrate(ctx, "open", MigrateOptions{From: "Former"}, &out), "secretsmanager:GetSecretValue")
	assert.Check(t, strings.Contains(out.String(), "packageBucket"))

	assert.ErrorContains(t, Migrate(ctx, "open", MigrateOptions{}, &out), "--from: no stack")
	assert.ErrorContains(t, Migrate(ctx, "open", MigrateOptions{From: "None"}, &out), `stack "None": `)
	assert.ErrorContains(t, Migrate(ctx, "none", MigrateOptions{From: "Former"}, &out), `"none"`)
	assert.ErrorContains(t, Migrate(ctx, "open", MigrateOptions{From: "Former", Config: "absent.json"}, &out), "absent.json: no such file")
}
