package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/preflight"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// deployedTemplate is a template with the outputs that redrive and status read, ready for
// a front door's URL.
const deployedTemplate = `{"Resources": {
	"Dead": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": true}},
	"Intake": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": true}}},
"Outputs": {"DeadLetterQueueUrl": {"Value": {"Ref": "Dead"}}, "IntakeQueueUrl": {"Value": {"Ref": "Intake"}}, "WebhookUrl": {"Value": %q}}}`

// start runs the emulator, makes the working directory one with the settings of
// "dev", which is protected, and "open", which isn't, and lets programs stand in for the CDK CLI and Docker: cdk writes its
// arguments to the file that start returns and exits with CDK_STATUS.
func start(ctx context.Context, t *testing.T) (cloud aws.Config, log string) {
	t.Helper()
	emulated := emulatortest.Start(t)
	for name, value := range emulated.Environment() {
		t.Setenv(name, value)
	}
	bin := t.TempDir()
	log = filepath.Join(bin, "cdk.log")
	for name, script := range map[string]string{"docker": "exit 0", "cdk": `echo "$*" >> ` + log + `; exit "$CDK_STATUS"`} {
		assert.NilError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("CDK_DOCKER", "")
	t.Setenv("CDK_STATUS", "0")
	t.Chdir(t.TempDir())
	assert.NilError(t, os.WriteFile("cdk.json", []byte(`{"context": {"environments": {"dev": {"deletionProtection": true}, "open": {}}}}`), 0o600))
	return emulated.Config(), log
}

// prepare makes what the checks want.
func prepare(ctx context.Context, t *testing.T, cloud aws.Config) {
	t.Helper()
	for _, name := range []string{"AWSServiceRoleForECS", "AWSServiceRoleForElasticLoadBalancing", "AWSServiceRoleForAPIGateway", "AWSServiceRoleForApplicationAutoScaling_ECSService"} {
		_, err := iam.NewFromConfig(cloud).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(name), AssumeRolePolicyDocument: aws.String("{}")})
		assert.NilError(t, err)
	}
	_, err := ssm.NewFromConfig(cloud).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(preflight.BootstrapParameter), Value: aws.String("99"), Type: ssmtypes.ParameterTypeString,
	})
	assert.NilError(t, err)
}

// TestDeployToTheEmulator walks through the life of a protected stack: refused,
// deployed in two steps, deployed in one.
func TestDeployToTheEmulator(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud, log := start(ctx, t)
	var out bytes.Buffer
	err := Deploy(ctx, "dev", nil, preflight.Options{}, &out)
	assert.ErrorContains(t, err, "CDK bootstrap: nothing in this account and region")
	_, missing := os.Stat(log)
	assert.Check(t, errors.Is(missing, os.ErrNotExist), "cdk ran in spite of problems")

	prepare(ctx, t, cloud)
	assert.NilError(t, Preflight(ctx, "dev", preflight.Options{}, false, &out))
	for options, passes := range map[preflight.Options]bool{{}: true, {Synthesized: true}: false} {
		out.Reset()
		err := Preflight(ctx, "dev", options, true, &out)
		var found struct {
			OK               bool
			Passed, Problems []any
		}
		assert.NilError(t, json.Unmarshal(out.Bytes(), &found))
		assert.Check(t, found.OK == passes && (err == nil) == passes && len(found.Passed) > 0 && (len(found.Problems) == 0) == passes, "%v %s", err, out.String())
	}
	assert.ErrorContains(t, Preflight(ctx, "dev", preflight.Options{Synthesized: true}, false, &out), "deploy it once by hand")
	out.Reset()
	assert.NilError(t, Deploy(ctx, "dev", []string{"--all"}, preflight.Options{}, &out))
	assert.Equal(t, text(t, log), "deploy -c environment=dev --all -c protect=after\ndeploy -c environment=dev --all\n")
	assert.Check(t, bytes.Contains(out.Bytes(), []byte("deploying BenchlingWebhook-dev (1 of 2), its deletion protections off")), out.String())

	assert.NilError(t, os.Remove(log))
	assert.NilError(t, Deploy(ctx, "open", nil, preflight.Options{}, &out))
	assert.Equal(t, text(t, log), "deploy -c environment=open\n")

	// After a first step that fails there is no second, and its status is kept.
	t.Setenv("CDK_STATUS", "3")
	assert.NilError(t, os.Remove(log))
	var exit *exec.ExitError
	assert.Check(t, errors.As(Deploy(ctx, "dev", nil, preflight.Options{}, &out), &exit))
	assert.Equal(t, exit.ExitCode(), 3)
	assert.Equal(t, text(t, log), "deploy -c environment=dev -c protect=after\n")

	t.Setenv("CDK_STATUS", "0")
	assert.NilError(t, os.Remove(log))
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "/"+cloud.Region+"/execute-api/aws4_request") {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, `{"status": "ready"}`)
	}))
	defer door.Close()
	emulatortest.MakeStack(ctx, t, cloud, "BenchlingWebhook-dev", fmt.Sprintf(deployedTemplate, door.URL+"/"))
	assert.NilError(t, Preflight(ctx, "dev", preflight.Options{Synthesized: true}, false, &out))
	assert.NilError(t, Deploy(ctx, "dev", nil, preflight.Options{}, &out))
	assert.Equal(t, text(t, log), "deploy -c environment=dev\n")

	out.Reset()
	assert.NilError(t, Redrive(ctx, "dev", "", false, &out))
	assert.Equal(t, out.String(), "id  entry  attempts  failed_at  reason\n0 shown of about 0\n")
	out.Reset()
	assert.NilError(t, Redrive(ctx, "dev", "all", true, &out))
	assert.Equal(t, out.String(), "{\n  \"sent\": []\n}\n")
	assert.ErrorContains(t, Redrive(ctx, "dev", "wh_9", false, &out), `"wh_9": no such dead letter`)
	assert.ErrorContains(t, Redrive(ctx, "other", "", false, &out), `stack "BenchlingWebhook-other"`)

	out.Reset()
	assert.NilError(t, Status(ctx, "dev", StatusOptions{}, &out))
	assert.Equal(t, out.String(), "ready\n")
	assert.ErrorContains(t, Status(ctx, "other", StatusOptions{}, &out), `stack "BenchlingWebhook-other"`)
}

func text(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	assert.NilError(t, err)
	return string(content)
}
