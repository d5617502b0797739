package stacks

import (
	"errors"
	"fmt"
	"os"
)

// targetSettings say where an environment may be deployed. The template is the same
// for every account and region: these are only compared with the credentials.
var targetSettings = []Setting{
	{
		Name: "account", Unset: "that of the credentials", Meaning: "The AWS account of this environment. `make deploy`, `make preflight` and the CDK CLI refuse [credentials of another](deployment.md#three-accounts).",
		kind: fittingText(func(s *Settings) *string { return &s.Account }, accountFaults, textLike(accountID.String()), "an account's ID of 12 digits in quotes, such as \"123456789012\""),
	},
	{
		Name: "region", Unset: "that of the credentials", Meaning: "The region of this environment, likewise.",
		kind: fittingText(func(s *Settings) *string { return &s.Region }, regionFaults, reference("region"), "the name of a region, such as \"eu-west-1\""),
	},
}

// accountFaults returns what is wrong with an account's ID.
func accountFaults(text string) []string {
	if accountID.MatchString(text) {
		return nil
	}
	return []string{"an account has 12 digits"}
}

// regionFaults returns what is wrong with a region's name.
func regionFaults(text string) []string {
	if fault := regionFault(text); fault != "" {
		return []string{fault}
	}
	return nil
}

// Mismatch is a difference between where an environment belongs, by its settings, and
// where it would be deployed.
type Mismatch struct {
	// Setting is "account" or "region".
	Setting string
	// Fault and Remedy say what differs and what to do.
	Fault, Remedy string
}

// Mismatches returns what differs between the settings and an account and a region. A
// setting that is left out differs from none.
func (s Settings) Mismatches(account, region string) []Mismatch {
	var found []Mismatch
	if s.Account != "" && s.Account != account {
		found = append(found, Mismatch{"account", fmt.Sprintf("it is %s, and the credentials are of account %s", s.Account, account),
			"set AWS_PROFILE to one of account " + s.Account})
	}
	if s.Region != "" && s.Region != region {
		found = append(found, Mismatch{"region", fmt.Sprintf("it is %s, and the stack would go to %s", s.Region, region),
			"set AWS_REGION=" + s.Region})
	}
	return found
}

// The variables by which the CDK CLI says of which account and region the credentials
// are; without credentials there is no account, and a region that nobody chose.
//
// Source: AWS CDK Developer Guide, environments; aws-cdk-lib's cx-api,
// DEFAULT_ACCOUNT_ENV and DEFAULT_REGION_ENV.
const (
	accountVariable = "CDK_DEFAULT_ACCOUNT"
	regionVariable  = "CDK_DEFAULT_REGION"
)

// CheckCredentials returns a problem for each difference between the settings and the
// credentials of the CDK CLI that runs this app. Without credentials nothing is
// compared.
func CheckCredentials(s Settings) error {
	account := os.Getenv(accountVariable)
	if account == "" {
		return nil
	}
	var problems []error
	for _, one := range s.Mismatches(account, os.Getenv(regionVariable)) {
		problems = append(problems, fmt.Errorf("%s: environments.%s.%s: %s; %s", SettingsFile, s.Environment, one.Setting, one.Fault, one.Remedy))
	}
	return errors.Join(problems...)
}
