// Benchlingwebhook synthesizes the AWS resources of a Benchling webhook service
// on Fargate, from docker/Dockerfile and an environment of cdk.json.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/policy"
	"benchlingwebhook/stacks"
)

// withoutTraces has CDK not note, for each token and annotation, where in Node's code it
// was made: these frames are jsii's, tell nobody of a Go app anything, and take a tenth
// of a synthesis.
const withoutTraces = "CDK_DISABLE_STACK_TRACE"

// dockerfile is where the app finds it: it runs where cdk.json is.
const dockerfile = "docker/Dockerfile"

func main() {
	stderr := os.Stderr
	if err := run(stderr); err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

// run checks everything that a person wrote, all problems at once, and only then
// lets CDK see it.
func run(stderr io.Writer) error {
	contract, contractErr := imagecontract.Read(dockerfile)
	context, err := stacks.ReadContext()
	if err != nil {
		return errors.Join(err, contractErr)
	}
	settings, settingsErr := stacks.ReadSettings(context)
	if settingsErr == nil {
		settingsErr = stacks.CheckCredentials(settings)
	}
	if settingsErr == nil && contractErr == nil {
		contractErr = contract.CheckArchitecture(settings.Architecture.Docker())
	}
	if err := errors.Join(settingsErr, contractErr); err != nil {
		return err
	}
	return synthesize(stderr, context, stacks.WebhookStackProps{Settings: settings, Contract: contract})
}

// synthesize writes the cloud assembly to the directory that the CDK CLI asked
// for. What CDK throws comes back as an error of one line.
func synthesize(stderr io.Writer, context map[string]any, props stacks.WebhookStackProps) (err error) {
	defer quietExit(stderr)()
	defer jsii.Close()
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("%s: CDK refused the app: %s", stacks.StackName(props.Settings.Environment), firstLine(fmt.Sprint(thrown)))
		}
	}()
	if _, given := os.LookupEnv(withoutTraces); !given {
		if err := os.Setenv(withoutTraces, "1"); err != nil {
			return err
		}
	}
	app := awscdk.NewApp(&awscdk.AppProps{Context: &context})
	stacks.NewWebhookStack(app, props)
	policy.Enforce(app, stacks.Acknowledged(props.Settings))
	app.Synth(nil)
	return nil
}
