package operate

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"gotest.tools/v3/assert"
)

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name         string
		protectAfter bool
		cdkArgs      []string
		want         []string
	}{
		{"once", false, nil, []string{"deploy -c environment=prod"}},
		{"once, with arguments", false, []string{"--require-approval", "never"}, []string{"deploy -c environment=prod --require-approval never"}},
		{"protected after", true, []string{"--profile", "lab"}, []string{
			"deploy -c environment=prod --profile lab -c protect=after",
			"deploy -c environment=prod --profile lab"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, step := range steps("prod", c.protectAfter, c.cdkArgs) {
				got = append(got, strings.Join(step.args, " "))
			}
			assert.DeepEqual(t, got, c.want)
		})
	}
}

func TestAccountOfTheCDKArguments(t *testing.T) {
	for args, want := range map[string]string{
		"--require-approval never":         " ",
		"--profile lab --region eu-west-1": "lab eu-west-1",
		"--profile=lab --region=eu-west-1": "lab eu-west-1",
		"--verbose --profile":              " ",
	} {
		var options config.LoadOptions
		for _, load := range accountOf(strings.Fields(args)) {
			assert.NilError(t, load(&options))
		}
		assert.Equal(t, options.SharedConfigProfile+" "+options.Region, want, args)
	}
}

// TestDeployRefusesAnotherEnvironment holds that what is deployed is what was
// checked.
func TestDeployRefusesAnotherEnvironment(t *testing.T) {
	for args, want := range map[string]string{
		"-c environment=prod":                    `-c environment=prod: the deployment is of dev; name the environment with ENVIRONMENT, and leave this out`,
		"--context=environment=dev --all -c lab": "--context environment=dev: the deployment is of dev; name the environment with ENVIRONMENT, and leave this out\n-c lab: not KEY=VALUE; write -c KEY=VALUE",
		"-c":                                     `-c : not KEY=VALUE; write -c KEY=VALUE`,
	} {
		assert.Error(t, checkContextArgs("dev", strings.Fields(args)), want)
	}
	assert.NilError(t, checkContextArgs("dev", strings.Fields("--all -c protect=after --context @aws-cdk/core:x=true --profile lab")))
}
