package resources

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scalingtypes "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	alarmtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gotest.tools/v3/assert"
)

// mendsAreReadBack holds what the package mends of the local AWS keeps, and no rule or
// other test of this package asks for. internal/testbed/emulator/mends says for each
// mend what AWS does.
func mendsAreReadBack(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	template := shape(ctx, t, config, "guarded")
	d := deployed(ctx, t, config, "mends", template)

	t.Run("apigatewayv2: settings", func(t *testing.T) {
		assert.Equal(t, aws.ToInt32(d.FrontDoor.Stage.DefaultRouteSettings.ThrottlingBurstLimit), int32(10))
		assert.Equal(t, aws.ToFloat64(d.FrontDoor.Stage.RouteSettings["POST /event"].ThrottlingRateLimit), 200.0)
	})
	t.Run("cloudwatch: alarm metrics", func(t *testing.T) {
		for id, it := range d.Alarms {
			switch {
			case strings.HasPrefix(id, "OperatorAlarmsSlowAnswers"):
				assert.Assert(t, it.Statistic == "" && aws.ToString(it.ExtendedStatistic) == "p99", "%+v", it)
			case strings.HasPrefix(id, "OperatorAlarmsThrottledClaims"):
				assert.Assert(t, it.MetricName == nil && it.Period == nil && len(it.Metrics) == 3, "%+v", it)
			}
		}
	})
	t.Run("cloudwatch: composite alarm", func(t *testing.T) {
		name, err := d.Stack.only("AWS::CloudWatch::CompositeAlarm")
		assert.NilError(t, err)
		out, err := cloudwatch.NewFromConfig(config).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
			AlarmNames: []string{name}, AlarmTypes: []alarmtypes.AlarmType{alarmtypes.AlarmTypeCompositeAlarm},
		})
		assert.NilError(t, err)
		assert.Equal(t, len(out.CompositeAlarms), 1)
		it := out.CompositeAlarms[0]
		assert.Assert(t, strings.Contains(aws.ToString(it.AlarmRule), "OperatorAlarmsDeadLetters"), "%+v", it)
		assert.Equal(t, len(it.AlarmActions), 1)
	})
	t.Run("logs: saved queries", func(t *testing.T) {
		queries := d.Stack.ids("AWS::Logs::QueryDefinition")
		assert.Assert(t, len(queries) > 0)
		for id, query := range queries {
			assert.Check(t, regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(query), "%s: %s", id, query)
		}
	})
	t.Run("elasticloadbalancingv2: attributes and zones", func(t *testing.T) {
		assert.Equal(t, d.FrontDoor.TargetAttributes["slow_start.duration_seconds"], "0")
		assert.Equal(t, aws.ToString(d.FrontDoor.Balancer.VpcId), d.Stack.Resources["Network1C6012B5"].ID)
		zones := d.FrontDoor.Balancer.AvailabilityZones
		assert.Assert(t, aws.ToString(zones[0].ZoneName) != aws.ToString(zones[1].ZoneName))
	})
	t.Run("s3: the account's own key", func(t *testing.T) {
		bucket := d.Stack.Resources["Logs6819BB44"].ID
		client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
		written, err := client.PutObject(ctx, &s3.PutObjectInput{
			Bucket: aws.String(bucket), Key: aws.String("x"), Body: strings.NewReader("x"), ServerSideEncryption: s3types.ServerSideEncryptionAwsKms,
		})
		assert.NilError(t, err)
		assert.Equal(t, aws.ToString(written.SSEKMSKeyId), "alias/aws/s3")
	})
	t.Run("wafv2: IP set", func(t *testing.T) {
		set, err := d.Stack.only("AWS::WAFv2::IPSet")
		assert.NilError(t, err)
		assert.Assert(t, regexp.MustCompile(`^mends-[^|]+\|[0-9a-f-]{36}\|REGIONAL$`).MatchString(set), set)
	})
	t.Run("ec2: security group rules", func(t *testing.T) {
		assert.DeepEqual(t, ports(ctx, t, config, d), []int32{80})
		target := change{"IngressLoadBalancerGroupfrom", "FromPort", 81}
		_, err := Update(ctx, config, "mends", changed(t, template, target), nil)
		assert.NilError(t, err)
		assert.DeepEqual(t, ports(ctx, t, config, d), []int32{81})
	})
}

// hoursAreReadBack reads the scheduled actions of the worker's scalable target.
func hoursAreReadBack(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	d := deployed(ctx, t, config, "hours", shape(ctx, t, config, "frugal"))
	var target string
	for id, it := range d.Targets {
		if strings.HasPrefix(id, "Worker") {
			target = aws.ToString(it.ResourceId)
		}
	}
	out, err := scaling.NewFromConfig(config).DescribeScheduledActions(ctx, &scaling.DescribeScheduledActionsInput{
		ServiceNamespace: scalingtypes.ServiceNamespaceEcs, ResourceId: aws.String(target),
	})
	assert.NilError(t, err)
	var found []string
	for _, it := range out.ScheduledActions {
		found = append(found, fmt.Sprintf("%s %s, %s: %d to %d", aws.ToString(it.ScheduledActionName), aws.ToString(it.Schedule), aws.ToString(it.Timezone),
			aws.ToInt32(it.ScalableTargetAction.MinCapacity), aws.ToInt32(it.ScalableTargetAction.MaxCapacity)))
	}
	assert.DeepEqual(t, found, []string{
		"Open cron(0 7 ? * MON-FRI *), Europe/Berlin: 1 to 4",
		"Close cron(30 20 ? * MON-FRI *), Europe/Berlin: 0 to 0",
	})
}

// spotNeedsItsAssociation takes Fargate Spot from the cluster: the service that names it
// can't be made.
func spotNeedsItsAssociation(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	template := shape(ctx, t, config, "frugal")
	_, err := Deploy(ctx, config, "no-spot", changed(t, template, change{"WorkerCapacity", "CapacityProviders", []string{"FARGATE"}}), nil)
	assert.ErrorContains(t, err, "capacity provider FARGATE_SPOT isn't associated with the cluster")
}

// ports returns where the rules of the load balancer's group begin that let traffic in.
func ports(ctx context.Context, t *testing.T, config aws.Config, d *Deployed) []int32 {
	t.Helper()
	groups, err := ec2.NewFromConfig(config).DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{
		GroupIds: []string{d.Stack.Resources["IngressLoadBalancerGroup19622DF7"].ID},
	})
	assert.NilError(t, err)
	var found []int32
	for _, it := range groups.SecurityGroups[0].IpPermissions {
		found = append(found, aws.ToInt32(it.FromPort))
	}
	return found
}
