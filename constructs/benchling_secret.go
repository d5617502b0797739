package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// BenchlingSecret holds the credentials of the Benchling app.
type BenchlingSecret struct {
	// Secret's text is one JSON object.
	Secret awssecretsmanager.Secret
}

// grantRead lets a role read the secret's value, and nothing about the secret. Its key
// is the account's own for Secrets Manager, which needs no right beside it.
//
// Source: AWS Secrets Manager's guide, secret encryption and decryption.
func (s BenchlingSecret) grantRead(role awsiam.IRole) {
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("secretsmanager:GetSecretValue"),
		Resources: &[]*string{s.Secret.SecretArn()},
	}))
}

// NewBenchlingSecret returns a secret that begins as an empty JSON object, for a
// person to fill in after the first deployment, and that outlives the stack.
// Later deployments leave its value alone.
func NewBenchlingSecret(scope constructs.Construct, id string) BenchlingSecret {
	return BenchlingSecret{Secret: awssecretsmanager.NewSecret(scope, jsii.String(id), &awssecretsmanager.SecretProps{
		Description: jsii.String("Benchling app: tenant, client_id, client_secret, app_definition_id"),
		// Nothing is secret about an empty object, and a generated password would
		// only have to be thrown away.
		SecretStringValue: awscdk.SecretValue_UnsafePlainText(jsii.String("{}")),
		RemovalPolicy:     retained,
	})}
}
