package constructs

import (
	"path"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2integrations"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/imagecontract"
)

// WebhookRoutes returns the keys of the routes that everybody may call, such as
// "POST /event".
func WebhookRoutes() []string {
	routes := make([]string, len(imagecontract.WebhookPaths))
	for i, path := range imagecontract.WebhookPaths {
		routes[i] = string(awsapigatewayv2.HttpMethod_POST) + " " + path
	}
	return routes
}

// IngressProps says what is reached, and how.
type IngressProps struct {
	// Network holds the load balancer and the VPC link.
	Network Network
	// Contract gives the port and the health check of the targets.
	Contract imagecontract.Contract
	// LogRetentionDays is one of LogRetentionDays.
	LogRetentionDays int
	// Domain is the name that Benchling calls; nil leaves API Gateway's own.
	Domain *Domain
	// Firewall says from where webhooks may come.
	Firewall FirewallProps
	// Size and Most are the web tasks' size and the most that scaling starts: what
	// they can respond to is let through.
	Size TaskSize
	Most int
	// DeletionProtection keeps the load balancer from being deleted.
	DeletionProtection bool
	// Logs takes the load balancer's access logs.
	Logs LogBucket
}

// Ingress is the way in: HTTPS at API Gateway, a VPC link, an internal load
// balancer, a target group.
type Ingress struct {
	// Api is the HTTP API.
	Api awsapigatewayv2.HttpApi
	// URL is what Benchling calls, with a slash at the end.
	URL *string
	// ProbeURL is that of the health check, for those whom IAM allows to call it.
	ProbeURL *string
	// AliasTarget is where the domain's DNS record points to; nil without a
	// domain.
	AliasTarget *string
	// TargetGroup takes the tasks.
	TargetGroup elb.ApplicationTargetGroup
	// LoadBalancer is in front of the tasks.
	LoadBalancer elb.ApplicationLoadBalancer
	// accessLog has a line for each request.
	accessLog awslogs.LogGroup
}

// grantProbe lets a role get the path of the health check through the front door.
func (i Ingress) grantProbe(role awsiam.IRole, contract imagecontract.Contract) {
	route := awscdk.Stack_Of(i.Api).FormatArn(&awscdk.ArnComponents{
		Service:      jsii.String("execute-api"),
		Resource:     i.Api.ApiId(),
		ResourceName: jsii.String(stageName + "/GET" + contract.HealthCheck.Path),
	})
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("execute-api:Invoke"), Resources: &[]*string{route},
	}))
}

// NewIngress returns a front door with TLS that needs no domain of one's own.
// Webhooks come from everywhere, or from where the firewall lets them; every other
// route takes a signature of IAM's, and what is no route is API Gateway's 404.
func NewIngress(scope constructs.Construct, id string, props IngressProps) Ingress {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	vpc, private := props.Network.Vpc, props.Network.Private

	targets := newTargetGroup(scope, "Targets", vpc, props.Contract)
	balancer := elb.NewApplicationLoadBalancer(scope, jsii.String("LoadBalancer"), &elb.ApplicationLoadBalancerProps{
		Vpc:                     vpc,
		VpcSubnets:              private,
		InternetFacing:          jsii.Bool(false),
		SecurityGroup:           newSecurityGroup(scope, "LoadBalancerGroup", vpc, "Webhook load balancer"),
		DropInvalidHeaderFields: jsii.Bool(true),
		DeletionProtection:      jsii.Bool(props.DeletionProtection),
		IdleTimeout:             duration(idleTimeout),
	})
	props.Logs.takeBalancerLogs(balancer)
	listener, port := addListener(scope, balancer, targets, props.Domain)

	linkGroup := newSecurityGroup(scope, "VpcLinkGroup", vpc, "API Gateway into the VPC")
	balancer.Connections().AllowFrom(linkGroup, awsec2.Port_Tcp(jsii.Number(port)), jsii.String("API Gateway to load balancer"))
	link := awsapigatewayv2.NewVpcLink(scope, jsii.String("VpcLink"), &awsapigatewayv2.VpcLinkProps{
		Vpc:            vpc,
		Subnets:        private,
		SecurityGroups: securityGroupRefs(linkGroup),
	})
	integration := awsapigatewayv2integrations.NewHttpAlbIntegration(jsii.String("LoadBalancer"), listener, &awsapigatewayv2integrations.HttpAlbIntegrationProps{
		VpcLink:          link,
		Timeout:          duration(longestRequest),
		SecureServerName: serverName(props.Domain),
		ParameterMapping: addFirewall(scope, "Firewall", balancer, props.Firewall),
	})

	var disabled *bool
	if props.Domain != nil {
		disabled = jsii.Bool(true)
	}
	api := awsapigatewayv2.NewHttpApi(scope, jsii.String("Api"), &awsapigatewayv2.HttpApiProps{
		Description:        jsii.String("Benchling webhooks"),
		CreateDefaultStage: jsii.Bool(false),
		// With a name of its own, the API has no second way in.
		DisableExecuteApiEndpoint: disabled,
	})
	log := newLogGroup(scope, "AccessLog", props.LogRetentionDays)
	stage := addStage(scope, api, integration, log, props)
	ingress := Ingress{Api: api, URL: stage.Url(), TargetGroup: targets, LoadBalancer: balancer, accessLog: log}
	if props.Domain != nil {
		ingress.URL = jsii.String("https://" + props.Domain.Name + "/")
		ingress.AliasTarget = addDomain(scope, "Domain", *props.Domain, api, stage)
	}
	ingress.ProbeURL = jsii.String(*ingress.URL + strings.TrimPrefix(props.Contract.HealthCheck.RequestPath(), "/"))
	return ingress
}

// newTargetGroup returns a target group whose health check is the contract's.
func newTargetGroup(scope constructs.Construct, id string, vpc awsec2.IVpc, contract imagecontract.Contract) elb.ApplicationTargetGroup {
	check := contract.HealthCheck
	return elb.NewApplicationTargetGroup(scope, jsii.String(id), &elb.ApplicationTargetGroupProps{
		Vpc:                 vpc,
		TargetType:          elb.TargetType_IP,
		Protocol:            elb.ApplicationProtocol_HTTP,
		Port:                jsii.Number(contract.Port),
		DeregistrationDelay: duration(drain),
		HealthCheck: &elb.HealthCheck{
			Path:                    jsii.String(check.RequestPath()),
			Interval:                duration(check.Interval),
			Timeout:                 duration(check.Timeout),
			HealthyThresholdCount:   jsii.Number(healthyThreshold),
			UnhealthyThresholdCount: jsii.Number(check.Retries),
			HealthyHttpCodes:        jsii.String("200"),
		},
	})
}

// probePaths returns the health check's first path segment and what is one
// level below it: the probes of a service whose image is probed at either. A path
// further below is a route of its own.
func probePaths(contract imagecontract.Contract) []string {
	first, below, _ := strings.Cut(strings.TrimPrefix(contract.HealthCheck.Path, "/"), "/")
	root := "/" + first
	paths := []string{root, path.Join(root, "{probe}")}
	if strings.Contains(below, "/") {
		paths = append(paths, contract.HealthCheck.Path)
	}
	return paths
}
