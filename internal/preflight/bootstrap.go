package preflight

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

const (
	// BootstrapParameter holds the version of what `cdk bootstrap` made. Every
	// template names it as the default of its parameter BootstrapVersion.
	BootstrapParameter = "/cdk-bootstrap/hnb659fds/version"
	// BootstrapVersion is the least version that every template's rule
	// CheckBootstrapVersion takes.
	BootstrapVersion = 6
)

// checkBootstrap asks whether the CDK CLI may deploy here.
func (i *inspection) checkBootstrap(ctx context.Context) {
	const remedy = "run `cdk bootstrap` once for this account and region"
	response, err := i.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(BootstrapParameter)})
	if hasCode(err, "ParameterNotFound") {
		i.refuse("CDK bootstrap", "nothing in this account and region", remedy)
		return
	}
	if err != nil {
		i.refuseCall("ssm:GetParameter", err)
		return
	}
	value := aws.ToString(response.Parameter.Value)
	if version, err := strconv.Atoi(value); err != nil || version < BootstrapVersion {
		i.refuse("CDK bootstrap", fmt.Sprintf("version %q is below %d", value, BootstrapVersion), remedy+" again")
		return
	}
	i.pass("CDK bootstrap: version %s", value)
}
