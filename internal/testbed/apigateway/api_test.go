package apigateway

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"gotest.tools/v3/assert"
)

// TestRouteOf has what a Door knows, and everything that it doesn't.
func TestRouteOf(t *testing.T) {
	route := types.Route{RouteKey: aws.String("POST /event"), AuthorizationType: types.AuthorizationTypeNone, Target: aws.String("integrations/i")}
	integration := types.Integration{
		IntegrationId: aws.String("i"), IntegrationType: types.IntegrationTypeHttpProxy, ConnectionType: types.ConnectionTypeVpcLink,
		IntegrationMethod: aws.String("ANY"), IntegrationUri: aws.String(listener), TimeoutInMillis: aws.Int32(10_000),
		RequestParameters: map[string]string{"overwrite:header.a": "text"},
	}
	got, err := routeOf(route, []types.Integration{integration})
	assert.NilError(t, err)
	assert.DeepEqual(t, got, Route{Key: "POST /event", Listener: listener, Timeout: 10 * time.Second, Overwrite: map[string]string{"a": "text"}})

	_, err = routeOf(route, nil)
	assert.Error(t, err, `integration "i" isn't there: deploy the stack anew`)
	route.AuthorizationType = types.AuthorizationTypeJwt
	integration.ConnectionType, integration.IntegrationMethod, integration.TimeoutInMillis = types.ConnectionTypeInternet, aws.String("GET"), aws.Int32(31_000)
	integration.RequestParameters = map[string]string{"overwrite:path": "/"}
	_, err = routeOf(route, []types.Integration{integration})
	assert.Error(t, err, `authorization JWT: the rehearsal knows NONE and AWS_IAM
integration HTTP_PROXY over INTERNET: the rehearsal knows HTTP_PROXY over VPC_LINK
integration method GET: the rehearsal knows ANY
integration timeout 31s: an HTTP API takes up to 30s
parameter mapping overwrite:path to /: the rehearsal knows overwrite:header of texts and $context.identity.sourceIp`)
}

func TestThrottlesOfATemplate(t *testing.T) {
	stage := func(properties string) []byte {
		return []byte(`{"Resources": {"Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {` + properties + `}}}}`)
	}
	api := small()
	assert.NilError(t, api.throttle(stage(`"StageName": "$default", "DefaultRouteSettings": {"ThrottlingRateLimit": 2.5}, "RouteSettings": {"POST /": {"ThrottlingBurstLimit": 7}}`)))
	assert.Equal(t, api.Default, Throttle{Rate: 2.5, Burst: accountThrottle.Burst})
	assert.DeepEqual(t, api.Routes[1].Throttle, &Throttle{Rate: 2.5, Burst: 7})
	for properties, fault := range map[string]string{
		`"StageName": "dev"`: `stage "dev": the rehearsal knows $default, which adds nothing to a path`,
		`"StageName": "$default", "RouteSettings": {"GET /none": {}}`: `settings of route "GET /none", which isn't there: API Gateway refuses the stage`,
	} {
		assert.Error(t, api.throttle(stage(properties)), fault)
	}
	assert.Error(t, api.throttle([]byte(`{"Resources": {}}`)), "0 stages: the rehearsal knows one")
}
