package scheduler

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// whole is a template of one service, with what it refers to.
const whole = `{"Resources": {
	"Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "cluster"}},
	"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "task", "ContainerDefinitions": [{"Name": "web", "Image": "web"}]}},
	"Slow": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Slow", "Namespace": "Test", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}},
	"Failing": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"EvaluationPeriods": 2, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "Metrics": [
		{"Id": "all", "Expression": "failed"}, {"Id": "failed", "ReturnData": false, "MetricStat": {"Period": 300, "Stat": "Sum", "Metric": {"MetricName": "Failed", "Namespace": "Test"}}}]}},
	"Service": {"Type": "AWS::ECS::Service", "Properties": {
		"Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}, "HealthCheckGracePeriodSeconds": 65,
		"DeploymentConfiguration": {
			"MinimumHealthyPercent": 50, "MaximumPercent": 150, "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true},
			"Alarms": {"AlarmNames": [{"Ref": "Slow"}, {"Ref": "Failing"}], "Enable": true, "Rollback": true}}}},
	"Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
		"MinCapacity": 2, "MaxCapacity": 4, "ScalableDimension": "ecs:service:DesiredCount", "ServiceNamespace": "ecs",
		"ResourceId": {"Fn::Join": ["", ["service/", {"Ref": "Cluster"}, "/", {"Fn::GetAtt": ["Service", "Name"]}]]}}}
}}`

// changed returns the service's figures when properties of it are set anew; nil takes one
// away.
func changed(t *testing.T, properties string) (Figures, error) {
	t.Helper()
	template, err := cfn.Read([]byte(whole))
	assert.NilError(t, err)
	var set map[string]any
	assert.NilError(t, json.Unmarshal([]byte(properties), &set))
	maps.Copy(template.Resources["Service"].Properties, set)
	return figuresOf(template, "Service")
}

func TestFiguresOf(t *testing.T) {
	f, err := changed(t, `{"LoadBalancers": [{"TargetGroupArn": {"Ref": "Targets"}}]}`)
	assert.NilError(t, err)
	assert.DeepEqual(t, f, Figures{
		Service: "Service", Desired: 2, MinimumHealthyPercent: 50, MaximumPercent: 150, GracePeriod: 65 * time.Second, TargetGroup: "Targets",
		Breaker:  Breaker{Enable: true, Rollback: true, ResetOnHealthyTask: true, Type: types.ThresholdTypeBoundedPercent, Value: 50},
		Rollback: AlarmRollback{Enable: true, Rollback: true, Alarms: []string{"Slow", "Failing"}, Bake: 10 * time.Minute},
	})
	faster := f.Faster(10)
	assert.Equal(t, faster.GracePeriod, 6500*time.Millisecond)
	assert.Equal(t, faster.Rollback.Bake, time.Minute)
	f, err = changed(t, `{"DesiredCount": 5, "HealthCheckGracePeriodSeconds": 0, "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": true, "ResetOnHealthyTask": false, "ThresholdConfiguration": {"Type": "COUNT", "Value": 7}}}}`)
	assert.NilError(t, err)
	assert.DeepEqual(t, f, Figures{
		Service: "Service", Desired: 5, MinimumHealthyPercent: 100, MaximumPercent: 200,
		Breaker:  Breaker{Enable: true, Type: types.ThresholdTypeCount, Value: 7},
		Rollback: AlarmRollback{Alarms: []string{}},
	})
}

func TestFiguresThatAServiceDoesNotKnow(t *testing.T) {
	for properties, fault := range map[string]string{
		`{"SchedulingStrategy": "DAEMON"}`:                                        `service Service: SchedulingStrategy is "DAEMON": the rehearsal's scheduler knows "REPLICA" only`,
		`{"DeploymentController": {"Type": "CODE_DEPLOY"}}`:                       `service Service: DeploymentController.Type is "CODE_DEPLOY": the rehearsal's scheduler knows "ECS" only`,
		`{"DeploymentConfiguration": {"Strategy": "CANARY"}}`:                     `service Service: DeploymentConfiguration.Strategy is "CANARY": the rehearsal's scheduler knows "ROLLING" only`,
		`{"DeploymentConfiguration": {"EarlySuccessCriteria": {"Enable": true}}}`: `service Service: EarlySuccessCriteria is enabled: the rehearsal's scheduler doesn't know it`,
		`{"DeploymentConfiguration": {"LifecycleHooks": [{}]}}`:                   `service Service: 1 LifecycleHooks: the rehearsal's scheduler knows none`,
		`{"LoadBalancers": [{}, {}]}`:                                             `service Service: 2 target groups: the rehearsal's scheduler knows one`,
		`{"DeploymentConfiguration": {"Alarms": {"AlarmNames": ["Elsewhere"]}}}`:  `service Service: alarm Elsewhere isn't of the template: let a deployment watch the stack's own`,
		`{"AvailabilityZoneRebalancing": "ENABLED", "DeploymentConfiguration": {"MaximumPercent": 100}, "SchedulingStrategy": "DAEMON"}`: "service Service: SchedulingStrategy is \"DAEMON\": the rehearsal's scheduler knows \"REPLICA\" only\n" +
			`service Service: AvailabilityZoneRebalancing is ENABLED with MaximumPercent 100: ECS refuses it up to 100`,
	} {
		_, err := changed(t, properties)
		assert.Error(t, err, fault)
	}
	template, err := cfn.Read([]byte(whole))
	assert.NilError(t, err)
	_, err = figuresOf(template, "Worker")
	assert.Error(t, err, `0 services whose names begin with "Worker": name one`)
	delete(template.Resources, "Target")
	_, err = figuresOf(template, "Service")
	assert.Error(t, err, "service Service: neither a DesiredCount nor a scalable target: set one")
}

// TestReadIsWhatECSDeployed compares what Read takes from the template with what the
// local ECS keeps of it.
func TestReadIsWhatECSDeployed(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cloud := emulatortest.Start(t).Config()
	name := "scheduler"
	emulatortest.MakeStack(ctx, t, cloud, name, whole)
	f, err := Read(ctx, cloud, name, "Service")
	assert.NilError(t, err)
	services, err := deployed.Resources(ctx, cloud, name, "AWS::ECS::Service")
	assert.NilError(t, err)
	described, err := ecs.NewFromConfig(cloud).DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("cluster"), Services: services})
	assert.NilError(t, err)
	d := described.Services[0].DeploymentConfiguration
	assert.Equal(t, int(*d.MinimumHealthyPercent), f.MinimumHealthyPercent)
	assert.Equal(t, int(*d.MaximumPercent), f.MaximumPercent)
	assert.Equal(t, d.DeploymentCircuitBreaker.Enable, f.Breaker.Enable)
	assert.Equal(t, d.DeploymentCircuitBreaker.Rollback, f.Breaker.Rollback)
	_, err = Read(ctx, cloud, name, "Other")
	assert.Error(t, err, `stack "scheduler": 0 services whose names begin with "Other": name one`)
}

// TestDeployedFiguresRollBack rolls a bad release out by the figures of every template
// that this repository synthesizes: one that is never healthy, and one whose alarm rings.
func TestDeployedFiguresRollBack(t *testing.T) {
	files, err := filepath.Glob("../../../stacks/testdata/*.template.json")
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		template, err := cfn.Read(text)
		assert.NilError(t, err)
		for _, service := range []string{"WebhookService", "WorkerService"} {
			f, err := figuresOf(template, service)
			assert.NilError(t, err, file)
			if key := fmt.Sprint(f); !seen[key] {
				seen[key] = true
				t.Run(filepath.Base(file)+" "+service, func(t *testing.T) { rollsBack(t, f) })
			}
		}
	}
}

func rollsBack(t *testing.T, f Figures) {
	t.Helper()
	for name, release := range map[string]behaviour{"never healthy": {failsAfter: 95 * time.Second}, "alarm": {healthyAfter: 45 * time.Second}} {
		play(t, f, map[string]behaviour{"bad": release}, func(t *testing.T, r *rig) {
			id := r.Deploy(definition("bad"))
			time.Sleep(time.Minute)
			r.fleet.ring(name == "alarm")
			r.until(t, name+" fails", func() bool { return r.deployment(t, id).State == types.DeploymentRolloutStateFailed })
			r.completes(t, "ecs-svc/1")
			least, _ := r.extremes()
			assert.Equal(t, least, f.Desired)
			if name != "alarm" {
				r.untouched(t, "good")
			}
		})
	}
}
