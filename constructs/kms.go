package constructs

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// useOfKey allows what writing to and reading from an encrypted queue or bucket
// takes of its key: through that service only, and for what the encryption
// context names.
func useOfKey(scope constructs.IConstruct, keyArn, service string, context map[string]any) *awsiam.PolicyStatementProps {
	stack := awscdk.Stack_Of(scope)
	like := map[string]any{}
	for name, value := range context {
		like["kms:EncryptionContext:"+name] = value
	}
	return &awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("kms:Decrypt", "kms:GenerateDataKey"),
		Resources: jsii.Strings(keyArn),
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"kms:ViaService": jsii.String(fmt.Sprintf("%s.%s.%s", service, *stack.Region(), *stack.UrlSuffix()))},
			"StringLike":   like,
		},
	}
}
