package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// httpPort is the internal load balancer's port without a certificate, behind API
// Gateway's TLS.
const httpPort = 80

// addListener gives a load balancer its one listener, and returns its port. With a
// domain it is HTTPS with the domain's certificate, which API Gateway verifies;
// without one there is no name that a certificate could be for
// (docs/decisions/0012).
func addListener(scope constructs.Construct, balancer elb.ApplicationLoadBalancer, targets elb.ApplicationTargetGroup, domain *Domain) (elb.ApplicationListener, float64) {
	props := &elb.BaseApplicationListenerProps{
		Port:                jsii.Number(httpPort),
		Protocol:            elb.ApplicationProtocol_HTTP,
		Open:                jsii.Bool(false),
		DefaultTargetGroups: &[]elb.IApplicationTargetGroup{targets},
	}
	if domain == nil {
		return balancer.AddListener(jsii.String("Http"), props), httpPort
	}
	props.Port, props.Protocol = jsii.Number(httpsPort), elb.ApplicationProtocol_HTTPS
	props.SslPolicy = elb.SslPolicy_TLS13_RES
	certificate := awscertificatemanager.Certificate_FromCertificateArn(scope, jsii.String("Certificate"), jsii.String(domain.CertificateArn))
	props.Certificates = &[]elb.IListenerCertificate{elb.ListenerCertificate_FromCertificateManager(certificate)}
	return balancer.AddListener(jsii.String("Https"), props), httpsPort
}

// serverName is the name for which API Gateway verifies the load balancer's
// certificate; nil without a domain.
func serverName(domain *Domain) *string {
	if domain == nil {
		return nil
	}
	return jsii.String(domain.Name)
}
