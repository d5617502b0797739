package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// connectedTemplate has a secret and the outputs that connect reads.
const connectedTemplate = `{"Resources": {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "{}"}}},
"Outputs": {"SecretArn": {"Value": {"Ref": "Secret"}}, "ClusterName": {"Value": "cluster"}, "ServiceName": {"Value": "web"},
	"WorkerServiceName": {"Value": "work"}, "WebhookUrl": {"Value": "http://127.0.0.1:1/"}}}`

// TestConnectToTheEmulator goes from an empty secret to ready services: what Benchling
// refuses isn't stored, what is stored isn't stored again, and no secret is printed.
func TestConnectToTheEmulator(t *testing.T) {
	bench, app := standIn(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud, _ := start(ctx, t)
	emulatortest.MakeStack(ctx, t, cloud, "BenchlingWebhook-dev", connectedTemplate)
	_, outputs, err := deployedOf(ctx, cloud, "BenchlingWebhook-dev")
	assert.NilError(t, err)
	fake, r, printed := rig(t, 200, `{"status": "ready"}`)
	c := connection{replacement: r, secrets: secretsmanager.NewFromConfig(cloud), secret: outputs["SecretArn"], options: ConnectOptions{File: "-"}}
	connect := func(from map[string]string, who prompter) (connected, error) {
		text, err := json.Marshal(from)
		assert.NilError(t, err)
		c.in, c.person = bytes.NewReader(text), who
		fake.worker = [][]float64{{0}}
		return c.run(ctx)
	}
	stored := func() string {
		got, err := c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(c.secret)})
		assert.NilError(t, err)
		return aws.ToString(got.SecretString)
	}

	_, err = connect(map[string]string{"tenant": "acme"}, nil)
	assert.Error(t, err, "client_id: neither given nor in the secret; give it\nclient_secret: neither given nor in the secret; give it\napp_definition_id: neither given nor in the secret; give it")
	bench.Faults.Inject(benchling.Fault{Path: "/api/v2/token", Times: 1, Status: 401})
	_, err = connect(app, nil)
	assert.ErrorContains(t, err, "client_id, client_secret: Benchling refused them")
	_, err = connect(app, nil)
	assert.Error(t, err, "nothing is written: there is no terminal to ask at; pass --yes")
	_, err = connect(app, &person{says: []string{"no"}})
	assert.Error(t, err, "nothing is written")
	c.options.DryRun = true
	_, err = connect(app, nil)
	assert.NilError(t, err)
	c.options.DryRun = false
	assert.Equal(t, stored(), "{}")
	assert.Equal(t, len(fake.replaced), 0)

	// Fields that nobody gave stay, known or not.
	_, err = c.secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(c.secret), SecretString: aws.String(`{"log_level": "DEBUG", "note": [1], "client_id": "old"}`)})
	assert.NilError(t, err)
	outcome, err := connect(app, &person{says: []string{"y"}})
	assert.NilError(t, err)
	assert.DeepEqual(t, outcome, connected{Entry: benchling.DisplayID(benchling.ListedEntry), Secret: c.secret, Ready: true,
		Changed: []string{"tenant", "client_id", "client_secret", "app_definition_id", "base_url", "jwks_url"}, Replaced: []string{"web", "work"}})
	var after map[string]any
	assert.NilError(t, json.Unmarshal([]byte(stored()), &after))
	assert.Equal(t, fmt.Sprint(after["log_level"], after["note"], after["client_id"], after["client_secret"]), "DEBUG[1]id-1s3cret-of-the-app")
	assert.DeepEqual(t, fake.replaced, []string{"cluster/web", "cluster/work"})

	c.options.Yes = true
	outcome, err = connect(app, nil)
	assert.NilError(t, err)
	assert.Equal(t, len(outcome.Changed)+len(outcome.Replaced), 0)
	assert.Equal(t, len(fake.replaced), 2)
	assert.Check(t, strings.Contains(printed.String(), "the secret has these credentials already"))
	assert.Check(t, !strings.Contains(printed.String(), "s3cret"), printed.String())

	// The command as it is called, without the services.
	file := filepath.Join(t.TempDir(), "benchling.json")
	text, err := json.Marshal(map[string]string(app))
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(file, text, 0o600))
	var out bytes.Buffer
	assert.NilError(t, Connect(ctx, "dev", ConnectOptions{File: file, DryRun: true, JSON: true}, &out))
	assert.Equal(t, out.String(), `{"entry":"EXP-listed","secret":"`+c.secret+`","changed":[],"replaced":[],"ready":false}`+"\n")

	_, err = c.secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(c.secret), SecretString: aws.String(`s3cret`)})
	assert.NilError(t, err)
	_, err = connect(app, nil)
	assert.Error(t, err, c.secret+": its text isn't a JSON object, and would be lost; put {} into it with `aws secretsmanager put-secret-value`")
}

func TestConnectNeedsTheOutputs(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud, _ := start(ctx, t)
	assert.ErrorContains(t, Connect(ctx, "dev", ConnectOptions{}, nil), `stack "BenchlingWebhook-dev"`)
	emulatortest.MakeStack(ctx, t, cloud, "BenchlingWebhook-dev", fmt.Sprintf(deployedTemplate, "http://127.0.0.1:1/"))
	assert.ErrorContains(t, Connect(ctx, "dev", ConnectOptions{}, nil), "no output ServiceName: deploy the stack of this version first")
}
