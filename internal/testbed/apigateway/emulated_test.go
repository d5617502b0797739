package apigateway_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/testbed/apigateway"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
	"benchlingwebhook/internal/testbed/loadbalancer"
)

// frontDoor returns what a whole template has of the API and the load balancer; what
// they refer to elsewhere is a text.
func frontDoor(t *testing.T, file string) (cfn.Template, string) {
	t.Helper()
	text, err := os.ReadFile(file)
	assert.NilError(t, err)
	whole, err := cfn.Read(text)
	assert.NilError(t, err)
	kept := map[string]any{}
	for id, r := range whole.Resources {
		if strings.HasPrefix(r.Type, "AWS::ApiGatewayV2::") || strings.HasPrefix(r.Type, "AWS::ElasticLoadBalancingV2::") {
			kept[id] = map[string]any{"Type": r.Type, "Properties": r.Properties}
		}
	}
	var known func(any) any
	known = func(value any) any {
		switch v := value.(type) {
		case []any:
			for i := range v {
				v[i] = known(v[i])
			}
		case map[string]any:
			id, isRef := v["Ref"].(string)
			attribute, isAttribute := v["Fn::GetAtt"].([]any)
			if isAttribute {
				id, _ = attribute[0].(string)
			}
			if (isRef || isAttribute) && kept[id] == nil {
				return "elsewhere"
			}
			for name := range v {
				v[name] = known(v[name])
			}
		}
		return value
	}
	body, err := json.Marshal(map[string]any{"Resources": known(kept)})
	assert.NilError(t, err)
	return whole, string(body)
}

// TestFiguresAreTheDeployedOnes deploys the front doors of two templates and compares
// what is read back with them.
func TestFiguresAreTheDeployedOnes(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cloud := emulatortest.Start(t)
	for name, overwrite := range map[string]map[string]string{"dev": {}, "guarded": {"x-source-address": apigateway.SourceIP}} {
		t.Run(name, func(t *testing.T) {
			template, body := frontDoor(t, "../../../stacks/testdata/"+name+".template.json")
			emulatortest.MakeStack(ctx, t, cloud.Config(), name, body)
			groups, err := deployed.Resources(ctx, cloud.Config(), name, "AWS::ElasticLoadBalancingV2::TargetGroup")
			assert.NilError(t, err)
			figures, err := loadbalancer.Read(ctx, cloud.Config(), groups[0])
			assert.NilError(t, err)
			compareFigures(t, template, figures)
			api, err := apigateway.Read(ctx, cloud.Config(), name)
			assert.NilError(t, err)
			compareRoutes(t, template, api, overwrite)

			door, err := apigateway.Serve(nil, emulator.Region, nil)
			assert.NilError(t, err)
			defer door.Stop()
			assert.NilError(t, door.Deploy(api, map[string]string{figures.ListenerARN: "http://127.0.0.1:1"}))
		})
	}
	_, err := apigateway.Read(ctx, cloud.Config(), "none")
	assert.ErrorContains(t, err, `stack "none"`)
	_, err = loadbalancer.Read(ctx, cloud.Config(), "arn:aws:elasticloadbalancing:none")
	assert.ErrorContains(t, err, "target group arn:aws:elasticloadbalancing:none")
}

func compareFigures(t *testing.T, template cfn.Template, f loadbalancer.Figures) {
	t.Helper()
	var group struct {
		HealthCheckPath                                       string
		HealthCheckIntervalSeconds, HealthCheckTimeoutSeconds int
		HealthyThresholdCount, UnhealthyThresholdCount        int
		Matcher                                               struct{ HttpCode string }
		TargetGroupAttributes                                 []struct{ Key, Value string }
	}
	assert.NilError(t, template.OfType("AWS::ElasticLoadBalancingV2::TargetGroup")[0].Decode(&group))
	assert.Equal(t, f.HealthPath, group.HealthCheckPath)
	assert.Equal(t, f.Interval, time.Duration(group.HealthCheckIntervalSeconds)*time.Second)
	assert.Equal(t, f.Timeout, time.Duration(group.HealthCheckTimeoutSeconds)*time.Second)
	assert.Equal(t, f.HealthyThreshold, group.HealthyThresholdCount)
	assert.Equal(t, f.UnhealthyThreshold, group.UnhealthyThresholdCount)
	assert.Equal(t, f.SuccessCodes, group.Matcher.HttpCode)
	assert.Equal(t, f.Algorithm, loadbalancer.RoundRobin)
	balancer := template.OfType("AWS::ElasticLoadBalancingV2::LoadBalancer")[0].Properties["LoadBalancerAttributes"]
	for key, got := range map[string]time.Duration{"deregistration_delay.timeout_seconds": f.DeregistrationDelay, "idle_timeout.timeout_seconds": f.IdleTimeout} {
		text := ""
		for _, a := range group.TargetGroupAttributes {
			if a.Key == key {
				text = a.Value
			}
		}
		for _, a := range cfn.List(balancer) {
			if cfn.At(a, "Key") == key {
				text, _ = cfn.At(a, "Value").(string)
			}
		}
		want, err := time.ParseDuration(text + "s")
		assert.NilError(t, err)
		assert.Equal(t, got, want, key)
	}
	assert.Assert(t, f.DropInvalidHeaders)
	assert.Equal(t, f.Scheme, "http")
}

func compareRoutes(t *testing.T, template cfn.Template, api apigateway.API, overwrite map[string]string) {
	t.Helper()
	var stage struct {
		DefaultRouteSettings struct{ ThrottlingRateLimit, ThrottlingBurstLimit int }
		RouteSettings        map[string]struct{ ThrottlingRateLimit, ThrottlingBurstLimit int }
	}
	assert.NilError(t, template.OfType("AWS::ApiGatewayV2::Stage")[0].Decode(&stage))
	var integration struct{ TimeoutInMillis int }
	assert.NilError(t, template.OfType("AWS::ApiGatewayV2::Integration")[0].Decode(&integration))
	assert.Equal(t, api.Default, apigateway.Throttle{Rate: float64(stage.DefaultRouteSettings.ThrottlingRateLimit), Burst: stage.DefaultRouteSettings.ThrottlingBurstLimit})
	assert.Equal(t, len(api.Routes), len(template.OfType("AWS::ApiGatewayV2::Route")))
	throttled := 0
	for _, route := range api.Routes {
		assert.Equal(t, route.Timeout, time.Duration(integration.TimeoutInMillis)*time.Millisecond)
		assert.DeepEqual(t, route.Overwrite, overwrite)
		assert.Equal(t, route.IAM, strings.HasPrefix(route.Key, "GET "), route.Key)
		if own, is := stage.RouteSettings[route.Key]; is {
			assert.DeepEqual(t, route.Throttle, &apigateway.Throttle{Rate: float64(own.ThrottlingRateLimit), Burst: own.ThrottlingBurstLimit})
			throttled++
		}
	}
	assert.Equal(t, throttled, len(stage.RouteSettings))
	assert.Assert(t, throttled > 0)
}
