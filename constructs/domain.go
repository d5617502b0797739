package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Domain is a name of one's own for the webhooks. Its DNS record is left to
// whoever runs the zone.
type Domain struct {
	// Name is the host name.
	Name string
	// CertificateArn is a certificate for the name in the stack's own region.
	CertificateArn string
}

// addDomain gives an API's stage the name, for TLS 1.2 and later, and returns
// where the name's DNS record points to.
func addDomain(scope constructs.Construct, id string, domain Domain, api awsapigatewayv2.IHttpApi, stage awsapigatewayv2.IStage) *string {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	name := awsapigatewayv2.NewDomainName(scope, jsii.String("Name"), &awsapigatewayv2.DomainNameProps{
		DomainName:     jsii.String(domain.Name),
		Certificate:    awscertificatemanager.Certificate_FromCertificateArn(scope, jsii.String("Certificate"), jsii.String(domain.CertificateArn)),
		SecurityPolicy: awsapigatewayv2.SecurityPolicy_TLS_1_2,
	})
	awsapigatewayv2.NewApiMapping(scope, jsii.String("Mapping"), &awsapigatewayv2.ApiMappingProps{Api: api, DomainName: name, Stage: stage})
	return name.RegionalDomainName()
}
