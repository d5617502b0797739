// Package preflight finds before a deployment what would otherwise fail only at
// AWS, when half a stack exists.
package preflight

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"benchlingwebhook/stacks"
)

// Options say what kind of deployment follows.
type Options struct {
	// CreateRoles creates the service-linked roles that the account lacks.
	CreateRoles bool
	// Synthesized is a deployment of a finished template, which can't be done in
	// two steps as a first deployment with deletion protection must be.
	Synthesized bool
}

// Report is what the checks found.
type Report struct {
	// Passed has a line for each check that found nothing wrong.
	Passed []string
	// Problems are all that is wrong: each is a Problem.
	Problems []error
	// Notes are what couldn't be asked, and what another account must do.
	Notes []string
	// First is whether no deployment of the stack has succeeded yet.
	First bool
}

// Problem is something wrong, in one line.
type Problem struct {
	Place  string `json:"place"`
	Fault  string `json:"fault"`
	Remedy string `json:"remedy"`
}

// Error returns the line.
func (p Problem) Error() string { return p.Place + ": " + p.Fault + "; " + p.Remedy }

// inspection is one run of the checks.
type inspection struct {
	Clients
	settings stacks.Settings
	options  Options
	report   Report
	// account is that of the credentials.
	account string
}

// Run makes every check for a deployment of these settings. It changes nothing,
// unless it may create roles.
func Run(ctx context.Context, clients Clients, settings stacks.Settings, options Options) Report {
	i := &inspection{Clients: clients, settings: settings, options: options}
	// Without an account every other check would fail for the same reason.
	if i.checkAccount(ctx) {
		i.checkDeployment(ctx)
	}
	return i.report
}

// Examine makes the checks of Run, and those of this machine's tools, of quotas, and of
// what the settings name. It changes nothing.
func Examine(ctx context.Context, clients Clients, settings stacks.Settings) Report {
	i := &inspection{Clients: clients, settings: settings}
	i.checkTools(ctx)
	if !i.checkAccount(ctx) {
		i.checkDocker(ctx)
		i.checkPlatform(ctx)
		return i.report
	}
	i.checkDeployment(ctx)
	i.checkPlatform(ctx)
	i.checkQuotas(ctx)
	i.checkCertificate(ctx)
	i.checkNamed(ctx)
	return i.report
}

// checkDeployment makes the checks that every deployment begins with.
func (i *inspection) checkDeployment(ctx context.Context) {
	i.checkRegion()
	i.checkStack(ctx)
	i.checkBootstrap(ctx)
	i.checkRoles(ctx)
	if zones, known := i.readZones(ctx); known && i.settings.Vpc != nil {
		i.checkExistingVpc(ctx, zones)
	} else if known {
		i.checkNewVpc(ctx, zones)
	}
	i.checkDocker(ctx)
}

// checkAccount returns whether there are a region and credentials, and whether they are
// those of the environment: in another account, what is found says nothing of it.
func (i *inspection) checkAccount(ctx context.Context) bool {
	if i.Region == "" {
		i.refuse("AWS_REGION", "no region is set, and the CDK CLI would take us-east-1", "set AWS_REGION, or the region of your profile")
		return false
	}
	identity, err := i.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		i.refuse("credentials", reason(err), "sign in, for example with `aws sso login`, or set AWS_PROFILE")
		return false
	}
	i.account = aws.ToString(identity.Account)
	mismatches := i.settings.Mismatches(i.account, i.Region)
	for _, one := range mismatches {
		i.refuse(i.setting(one.Setting), one.Fault, one.Remedy)
	}
	if len(mismatches) > 0 {
		return false
	}
	i.pass("credentials: account %s, region %s", i.account, i.Region)
	return true
}

func (i *inspection) pass(format string, args ...any) {
	i.report.Passed = append(i.report.Passed, fmt.Sprintf(format, args...))
}

func (i *inspection) refuse(place, fault, remedy string) {
	i.report.Problems = append(i.report.Problems, Problem{place, fault, remedy})
}

func (i *inspection) note(format string, args ...any) {
	i.report.Notes = append(i.report.Notes, fmt.Sprintf(format, args...))
}

// refuseCall reports a call to AWS that failed, so that its check could not be
// made.
func (i *inspection) refuseCall(action string, err error) {
	i.refuse(action, reason(err), "allow this action (docs/first-deployment.md lists what preflight reads), or try again")
}

// setting returns the place of a setting in cdk.json.
func (i *inspection) setting(name string) string {
	return "cdk.json: environments." + i.settings.Environment + "." + name
}

// reason returns what AWS said, without the request's details, or the error's
// first line.
func reason(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// hasCode returns whether AWS responded with one of the error codes.
func hasCode(err error, codes ...string) bool {
	api := smithy.APIError(nil)
	if !errors.As(err, &api) {
		return false
	}
	for _, code := range codes {
		if api.ErrorCode() == code {
			return true
		}
	}
	return false
}
