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

func TestChinasLicenseIsNotChecked(t *testing.T) {
	for region, want := range map[string]bool{"cn-north-1": true, "us-east-1": false} {
		a := ready()
		a.region = region
		report := preflight.Run(context.Background(), a.clients(), prod(), preflight.Options{})
		got := slices.ContainsFunc(report.Passed, func(line string) bool { return strings.Contains(line, "not checked for an ICP license") })
		assert.Equal(t, got, want, region)
	}
}
