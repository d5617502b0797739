package preflight_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/preflight"
)

func TestArnsOfAnotherRegion(t *testing.T) {
	settings := prod()
	settings.AlarmTopicArn = "arn:aws:sns:us-east-1:123456789012:on-call"
	settings.Domain = &constructs.Domain{Name: "webhooks.example.com", CertificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/1"}
	report := preflight.Run(context.Background(), ready().clients(), settings, preflight.Options{})
	assert.Equal(t, lines(report.Problems), "cdk.json: environments.prod.domain.certificateArn: it is in eu-west-1, and the stack goes to us-east-1; name one in us-east-1, or set AWS_REGION")
}

// TestAnotherAccountIsRefused holds that nothing is asked of, or made in, an account or a
// region that isn't the environment's.
func TestAnotherAccountIsRefused(t *testing.T) {
	const account = "cdk.json: environments.prod.account: it is 210987654321, and the credentials are of account 123456789012; set AWS_PROFILE to one of account 210987654321"
	const region = "cdk.json: environments.prod.region: it is eu-west-1, and the stack would go to us-east-1; set AWS_REGION=eu-west-1"
	for _, c := range []struct{ account, region, want string }{
		{"123456789012", "us-east-1", ""},
		{"210987654321", "", account},
		{"", "eu-west-1", region},
		{"210987654321", "eu-west-1", account + "\n" + region},
	} {
		a := ready()
		a.roles = nil
		settings := prod()
		settings.Account, settings.Region = c.account, c.region
		report := preflight.Run(context.Background(), a.clients(), settings, preflight.Options{CreateRoles: true})
		assert.Equal(t, lines(report.Problems), c.want)
		assert.Equal(t, len(a.created) > 0, c.want == "", "roles made: %v", a.created)
	}
}

func TestChinasLicenseIsNotChecked(t *testing.T) {
	for region, want := range map[string]bool{"cn-north-1": true, "us-east-1": false} {
		a := ready()
		a.region = region
		report := preflight.Run(context.Background(), a.clients(), prod(), preflight.Options{})
		got := slices.ContainsFunc(report.Passed, func(line string) bool { return strings.Contains(line, "not checked for an ICP license") })
		assert.Equal(t, got, want, region)
	}
}
