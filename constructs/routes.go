package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2authorizers"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/imagecontract"
)

// stageName is that of an HTTP API's stage without a name in its URL.
const stageName = "$default"

// addStage gives an API its routes, and the stage that serves them. Each webhook
// route has a throttle of its own, so that calls of one can't use up another's;
// all else shares a small one.
func addStage(scope constructs.Construct, api awsapigatewayv2.HttpApi, integration awsapigatewayv2.HttpRouteIntegration, log awslogs.LogGroup, props IngressProps) awsapigatewayv2.HttpStage {
	webhooks := addRoutes(api, integration, awsapigatewayv2.HttpMethod_POST, imagecontract.WebhookPaths, nil)
	operators := addRoutes(api, integration, awsapigatewayv2.HttpMethod_GET, append(probePaths(props.Contract), imagecontract.OperatorPaths...),
		awsapigatewayv2authorizers.NewHttpIamAuthorizer())

	stage := api.AddStage(jsii.String("Stage"), &awsapigatewayv2.HttpStageOptions{
		StageName:  jsii.String(stageName),
		AutoDeploy: jsii.Bool(true),
		Throttle: &awsapigatewayv2.ThrottleSettings{
			RateLimit:  jsii.Number(operatorThrottle.rate),
			BurstLimit: jsii.Number(operatorThrottle.burst),
		},
		// A route's own metrics cost whenever it is called, and the worker's probe always
		// calls one: only webhooks have them.
		DetailedMetricsEnabled: jsii.Bool(false),
		AccessLogSettings:      &accessLog{group: log},
	})
	limit, settings := webhookThrottle(props.Size, props.Most), map[string]any{}
	for _, route := range WebhookRoutes() {
		settings[route] = map[string]any{
			"DetailedMetricsEnabled": true,
			"ThrottlingRateLimit":    limit.rate,
			"ThrottlingBurstLimit":   limit.burst,
		}
	}
	stage.Node().DefaultChild().(awsapigatewayv2.CfnStage).SetRouteSettings(settings)
	// A stage can't have settings of a route that isn't there.
	for _, route := range append(webhooks, operators...) {
		stage.Node().AddDependency(route)
	}
	return stage
}

// addRoutes gives an API routes; without an authorizer, everybody may call them.
func addRoutes(api awsapigatewayv2.HttpApi, integration awsapigatewayv2.HttpRouteIntegration, method awsapigatewayv2.HttpMethod, paths []string, authorizer awsapigatewayv2.IHttpRouteAuthorizer) []awsapigatewayv2.HttpRoute {
	var routes []awsapigatewayv2.HttpRoute
	for _, path := range paths {
		routes = append(routes, *api.AddRoutes(&awsapigatewayv2.AddRoutesOptions{
			Path:        jsii.String(path),
			Methods:     &[]awsapigatewayv2.HttpMethod{method},
			Integration: integration,
			Authorizer:  authorizer,
		})...)
	}
	return routes
}
