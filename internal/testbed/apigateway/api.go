package apigateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/deployed"
)

// accountThrottle is that of a stage that sets none.
// Source: API Gateway's guide, "Amazon API Gateway quotas".
var accountThrottle = Throttle{Rate: 10_000, Burst: 5_000}

// longestTimeout is the longest that an integration may take.
// Source: API Gateway's guide, "Quotas for configuring and running an HTTP API".
const longestTimeout = 30 * time.Second

// API is a deployed HTTP API with its one stage, $default.
type API struct {
	ID string
	// Routes are the API's, and Default is the throttle that those without one of
	// their own share.
	Routes  []Route
	Default Throttle
}

// Route is a route and its integration.
type Route struct {
	// Key is the route's, such as "POST /event".
	Key string
	// IAM is whether a request must be signed.
	IAM bool
	// Throttle is the route's own; nil is the stage's.
	Throttle *Throttle
	// Listener is the ARN of the load balancer's listener that gets the requests.
	Listener string
	// Timeout is how long the response may take.
	Timeout time.Duration
	// Overwrite are the headers that are set, by name: texts or SourceIP.
	Overwrite map[string]string
}

// SourceIP is a header's value that is the caller's address.
const SourceIP = "$context.identity.sourceIp"

// Throttle is a token bucket: requests a second, and as many at once.
type Throttle struct {
	Rate  float64
	Burst int
}

// Read returns the API of a deployed stack. What a Door doesn't know is an error, all of
// it at once.
func Read(ctx context.Context, cloud aws.Config, stack string) (API, error) {
	ids, err := deployed.Resources(ctx, cloud, stack, "AWS::ApiGatewayV2::Api")
	if err != nil {
		return API{}, err
	}
	if len(ids) != 1 {
		return API{}, fmt.Errorf("stack %q: %d HTTP APIs: the rehearsal knows one", stack, len(ids))
	}
	api := API{ID: ids[0]}
	client := apigatewayv2.NewFromConfig(cloud)
	integrations, err := client.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: &api.ID})
	if err != nil {
		return API{}, fmt.Errorf("API %s: %w", api.ID, err)
	}
	routes, err := client.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: &api.ID})
	if err != nil {
		return API{}, fmt.Errorf("API %s: %w", api.ID, err)
	}
	if integrations.NextToken != nil || routes.NextToken != nil {
		return API{}, fmt.Errorf("API %s: more than one page of routes: the rehearsal reads one", api.ID)
	}
	var faults []error
	for _, r := range routes.Items {
		route, err := routeOf(r, integrations.Items)
		if err != nil {
			faults = append(faults, fmt.Errorf("API %s, route %q: %w", api.ID, aws.ToString(r.RouteKey), err))
		}
		api.Routes = append(api.Routes, route)
	}
	slices.SortFunc(api.Routes, func(a, b Route) int { return strings.Compare(a.Key, b.Key) })
	template, err := cloudformation.NewFromConfig(cloud).GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &stack})
	if err != nil {
		return API{}, fmt.Errorf("stack %q: %w", stack, err)
	}
	if err := api.throttle([]byte(aws.ToString(template.TemplateBody))); err != nil {
		faults = append(faults, fmt.Errorf("API %s: %w", api.ID, err))
	}
	return api, errors.Join(faults...)
}

func routeOf(r types.Route, integrations []types.Integration) (Route, error) {
	route := Route{Key: aws.ToString(r.RouteKey), IAM: r.AuthorizationType == types.AuthorizationTypeAwsIam, Overwrite: map[string]string{}}
	var faults []error
	if !route.IAM && r.AuthorizationType != types.AuthorizationTypeNone {
		faults = append(faults, fmt.Errorf("authorization %s: the rehearsal knows NONE and AWS_IAM", r.AuthorizationType))
	}
	id := strings.TrimPrefix(aws.ToString(r.Target), "integrations/")
	at := slices.IndexFunc(integrations, func(it types.Integration) bool { return aws.ToString(it.IntegrationId) == id })
	if at < 0 {
		return route, errors.Join(append(faults, fmt.Errorf("integration %q isn't there: deploy the stack anew", id))...)
	}
	integration := integrations[at]
	if integration.IntegrationType != types.IntegrationTypeHttpProxy || integration.ConnectionType != types.ConnectionTypeVpcLink {
		faults = append(faults, fmt.Errorf("integration %s over %s: the rehearsal knows HTTP_PROXY over VPC_LINK", integration.IntegrationType, integration.ConnectionType))
	}
	if method := aws.ToString(integration.IntegrationMethod); method != "ANY" {
		faults = append(faults, fmt.Errorf("integration method %s: the rehearsal knows ANY", method))
	}
	route.Listener = aws.ToString(integration.IntegrationUri)
	route.Timeout = time.Duration(aws.ToInt32(integration.TimeoutInMillis)) * time.Millisecond
	if route.Timeout <= 0 || route.Timeout > longestTimeout {
		faults = append(faults, fmt.Errorf("integration timeout %s: an HTTP API takes up to %s", route.Timeout, longestTimeout))
	}
	for parameter, value := range integration.RequestParameters {
		name, isHeader := strings.CutPrefix(parameter, "overwrite:header.")
		if !isHeader || strings.Contains(value, "$") && value != SourceIP {
			faults = append(faults, fmt.Errorf("parameter mapping %s to %s: the rehearsal knows overwrite:header of texts and %s", parameter, value, SourceIP))
			continue
		}
		route.Overwrite[name] = value
	}
	return route, errors.Join(faults...)
}

// settings are a stage's for its routes, as a template has them.
type settings struct {
	ThrottlingRateLimit  *float64
	ThrottlingBurstLimit *int
}

func (s settings) throttle(otherwise Throttle) Throttle {
	if s.ThrottlingRateLimit != nil {
		otherwise.Rate = *s.ThrottlingRateLimit
	}
	if s.ThrottlingBurstLimit != nil {
		otherwise.Burst = *s.ThrottlingBurstLimit
	}
	return otherwise
}

// throttle sets the throttles by the template that is deployed: the local AWS keeps a
// stage's settings under names that no SDK reads.
func (a *API) throttle(text []byte) error {
	template, err := cfn.Read(text)
	if err != nil {
		return err
	}
	stages := template.OfType("AWS::ApiGatewayV2::Stage")
	var stage struct {
		StageName            string
		DefaultRouteSettings settings
		RouteSettings        map[string]settings
	}
	if len(stages) != 1 {
		return fmt.Errorf("%d stages: the rehearsal knows one", len(stages))
	}
	if err := stages[0].Decode(&stage); err != nil {
		return fmt.Errorf("stage %s: %w", stages[0].ID, err)
	}
	if stage.StageName != "$default" {
		return fmt.Errorf("stage %q: the rehearsal knows $default, which adds nothing to a path", stage.StageName)
	}
	a.Default = stage.DefaultRouteSettings.throttle(accountThrottle)
	var faults []error
	for key, own := range stage.RouteSettings {
		at := slices.IndexFunc(a.Routes, func(r Route) bool { return r.Key == key })
		if at < 0 {
			faults = append(faults, fmt.Errorf("settings of route %q, which isn't there: API Gateway refuses the stage", key))
			continue
		}
		throttle := own.throttle(a.Default)
		a.Routes[at].Throttle = &throttle
	}
	return errors.Join(faults...)
}
