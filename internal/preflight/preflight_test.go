package preflight_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/preflight"
	"benchlingwebhook/stacks"
)

// prod returns the default settings with deletion protection.
func prod() stacks.Settings {
	settings := stacks.DefaultSettings("prod")
	settings.DeletionProtection = true
	return settings
}

func TestReadyAccount(t *testing.T) {
	report := preflight.Run(context.Background(), ready().clients(), prod(), preflight.Options{})
	assert.Equal(t, lines(report.Problems), "")
	assert.Check(t, report.First)
	assert.DeepEqual(t, report.Passed, []string{
		"credentials: account 123456789012, region us-east-1",
		"stack BenchlingWebhook-prod: does not exist, first deployment",
		"CDK bootstrap: version 30",
		"service-linked role AWSServiceRoleForECS: exists",
		"service-linked role AWSServiceRoleForElasticLoadBalancing: exists",
		"service-linked role AWSServiceRoleForAPIGateway: exists",
		"service-linked role AWSServiceRoleForApplicationAutoScaling_ECSService: exists",
		"zones: VPC links and Fargate in us-east-1a (use1-az4), us-east-1b (use1-az6)",
		"docker: the engine answers, with buildx",
	})
}

func TestRefusals(t *testing.T) {
	const docs = "; allow this action (docs/first-deployment.md lists what preflight reads), or try again"
	const role = "; run `make preflight ENVIRONMENT=prod CREATE_ROLES=1`, or `aws iam create-service-linked-role --aws-service-name "
	for _, c := range []struct {
		name    string
		change  func(*account)
		options preflight.Options
		want    []string
	}{
		{"no region", func(a *account) { a.region = "" }, preflight.Options{}, []string{
			"AWS_REGION: no region is set, and the CDK CLI would take us-east-1; set AWS_REGION, or the region of your profile"}},
		{"no credentials", func(a *account) { a.denied = []string{"GetCallerIdentity"} }, preflight.Options{}, []string{
			"credentials: AccessDenied: not allowed: GetCallerIdentity; sign in, for example with `aws sso login`, or set AWS_PROFILE"}},
		{"nothing bootstrapped", func(a *account) { a.bootstrap = "" }, preflight.Options{}, []string{
			"CDK bootstrap: nothing in this account and region; run `cdk bootstrap` once for this account and region"}},
		{"old bootstrap", func(a *account) { a.bootstrap = "5" }, preflight.Options{}, []string{
			"CDK bootstrap: version \"5\" is below 6; run `cdk bootstrap` once for this account and region again"}},
		{"no roles", func(a *account) { a.roles = a.roles[2:] }, preflight.Options{}, []string{
			"service-linked role AWSServiceRoleForECS: this account has none, and the first deployment can fail while it is made" + role + "ecs.amazonaws.com`",
			"service-linked role AWSServiceRoleForElasticLoadBalancing: this account has none, and the first deployment can fail while it is made" + role + "elasticloadbalancing.amazonaws.com`"}},
		{"no right to create roles", func(a *account) { a.roles, a.denied = a.roles[1:], []string{"CreateServiceLinkedRole"} }, preflight.Options{CreateRoles: true}, []string{
			"iam:CreateServiceLinkedRole: AccessDenied: not allowed: CreateServiceLinkedRole" + docs}},
		{"no engine", func(a *account) { a.missingDocker = "version" }, preflight.Options{}, []string{
			"docker version: exit status 1; start Docker 23 or later, or correct DOCKER_HOST"}},
		{"no buildx", func(a *account) { a.missingDocker = "buildx" }, preflight.Options{}, []string{
			"docker buildx version: exit status 1; install Docker's buildx plugin"}},
		{"finished template", func(*account) {}, preflight.Options{Synthesized: true}, []string{
			"BenchlingWebhook-prod: a first deployment with deletionProtection could be neither rolled back nor deleted if it failed; deploy it once by hand with `make deploy ENVIRONMENT=prod` (docs/first-deployment.md)"}},
		{"no rights", func(a *account) {
			a.denied = []string{"DescribeStacks", "GetParameter", "GetRole", "DescribeAvailabilityZones"}
		}, preflight.Options{}, []string{
			"cloudformation:DescribeStacks: AccessDenied: not allowed: DescribeStacks" + docs,
			"ssm:GetParameter: AccessDenied: not allowed: GetParameter" + docs,
			"iam:GetRole: AccessDenied: not allowed: GetRole" + docs,
			"ec2:DescribeAvailabilityZones: AccessDenied: not allowed: DescribeAvailabilityZones" + docs}},
		{"all at once", func(a *account) { a.bootstrap, a.missingDocker = "", "version"; a.zones["us-east-1a"] = "use1-az3" }, preflight.Options{}, []string{
			"CDK bootstrap: nothing in this account and region; run `cdk bootstrap` once for this account and region",
			`cdk.json: environments.prod.availabilityZones: us-east-1a is use1-az3 in this account, where API Gateway has no VPC links; set "availabilityZones": ["us-east-1b", "us-east-1c"] in cdk.json`,
			"docker version: exit status 1; start Docker 23 or later, or correct DOCKER_HOST"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ready()
			c.change(a)
			report := preflight.Run(context.Background(), a.clients(), prod(), c.options)
			assert.Equal(t, lines(report.Problems), strings.Join(c.want, "\n"))
		})
	}
}

func TestRolesAreCreatedWhenAllowed(t *testing.T) {
	a := ready()
	a.roles = []string{"AWSServiceRoleForECS"}
	report := preflight.Run(context.Background(), a.clients(), prod(), preflight.Options{CreateRoles: true})
	assert.Equal(t, lines(report.Problems), "")
	assert.DeepEqual(t, a.created, []string{"elasticloadbalancing.amazonaws.com", "ops.apigateway.amazonaws.com", "ecs.application-autoscaling.amazonaws.com"})
	assert.Check(t, strings.Contains(strings.Join(report.Passed, "\n"), "service-linked role AWSServiceRoleForAPIGateway: created"))
}

func TestStackStates(t *testing.T) {
	const name = "BenchlingWebhook-prod"
	const remove = ": it can't be deployed to; delete it as docs/first-deployment.md says, then deploy again"
	const rollback = ": it can't be deployed to; run `cdk rollback -c environment=prod`, then deploy again"
	const wait = ": another operation is running or has failed; wait until it is done, or look at the stack's events"
	for state, want := range map[cfntypes.StackStatus]struct {
		passed, problem string
		first           bool
	}{
		"REVIEW_IN_PROGRESS":            {passed: "stack " + name + ": REVIEW_IN_PROGRESS, first deployment", first: true},
		"ROLLBACK_COMPLETE":             {passed: "stack " + name + ": ROLLBACK_COMPLETE, the CDK CLI deletes it first, first deployment", first: true},
		"CREATE_COMPLETE":               {passed: "stack " + name + ": CREATE_COMPLETE, will be updated"},
		"UPDATE_ROLLBACK_COMPLETE":      {passed: "stack " + name + ": UPDATE_ROLLBACK_COMPLETE, will be updated"},
		"CREATE_FAILED":                 {problem: name + ": CREATE_FAILED" + remove},
		"ROLLBACK_FAILED":               {problem: name + ": ROLLBACK_FAILED" + remove},
		"DELETE_FAILED":                 {problem: name + ": DELETE_FAILED" + remove},
		"UPDATE_FAILED":                 {problem: name + ": UPDATE_FAILED" + rollback},
		"UPDATE_ROLLBACK_FAILED":        {problem: name + ": UPDATE_ROLLBACK_FAILED" + rollback},
		"CREATE_IN_PROGRESS":            {problem: name + ": CREATE_IN_PROGRESS" + wait},
		"DELETE_IN_PROGRESS":            {problem: name + ": DELETE_IN_PROGRESS" + wait},
		"UPDATE_ROLLBACK_IN_PROGRESS":   {problem: name + ": UPDATE_ROLLBACK_IN_PROGRESS" + wait},
		"SOMETHING_THAT_AWS_ADDS_LATER": {problem: name + ": SOMETHING_THAT_AWS_ADDS_LATER" + wait},
	} {
		t.Run(string(state), func(t *testing.T) {
			a := ready()
			a.stack = &cfntypes.Stack{StackStatus: state}
			report := preflight.Run(context.Background(), a.clients(), prod(), preflight.Options{})
			assert.Equal(t, lines(report.Problems), want.problem)
			assert.Equal(t, report.First, want.first)
			if want.passed != "" {
				assert.Equal(t, report.Passed[1], want.passed)
			}
		})
	}
}

// TestProtectedFailure is the state that a first deployment with termination
// protection would leave.
func TestProtectedFailure(t *testing.T) {
	a := ready()
	a.stack = &cfntypes.Stack{StackStatus: cfntypes.StackStatusRollbackComplete, EnableTerminationProtection: aws.Bool(true)}
	report := preflight.Run(context.Background(), a.clients(), prod(), preflight.Options{})
	assert.Equal(t, lines(report.Problems), "BenchlingWebhook-prod: ROLLBACK_COMPLETE with termination protection, which keeps the CDK CLI from replacing it; run `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name BenchlingWebhook-prod`")
}

// TestBootstrapIsTheTemplates compares the check's parameter and version with
// what a template asks for.
func TestBootstrapIsTheTemplates(t *testing.T) {
	text, err := os.ReadFile("../../stacks/testdata/prod.template.json")
	assert.NilError(t, err)
	var template struct {
		Parameters struct{ BootstrapVersion struct{ Default string } }
		Rules      struct {
			CheckBootstrapVersion struct {
				Assertions []struct{ AssertDescription string }
			}
		}
	}
	assert.NilError(t, json.Unmarshal(text, &template))
	assert.Equal(t, template.Parameters.BootstrapVersion.Default, preflight.BootstrapParameter)
	assert.Check(t, strings.Contains(template.Rules.CheckBootstrapVersion.Assertions[0].AssertDescription, fmt.Sprintf("version %d required", preflight.BootstrapVersion)))
}
