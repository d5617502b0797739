package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// RollbackAlarms take back a deployment of one service. They count only what its
// release has broken: nothing that a caller without a signature can cause, and
// nothing that is Benchling's.
type RollbackAlarms struct {
	// Webhook and Worker are those of each service.
	Webhook, Worker Alarms
}

// exportWindow is the time in which a release's first exports show how it works.
const exportWindow = 5 * time.Minute

// NewRollbackAlarms returns the alarms that must be there before the services are.
func NewRollbackAlarms(scope constructs.Construct, id string, targets elb.IApplicationTargetGroup, topic AlarmTopic) RollbackAlarms {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	return RollbackAlarms{
		Webhook: newAlarms(scope, []alarm{
			{
				id: "WebhooksFailed", hurts: true, description: "Signed webhooks, or any request by a fault of the service, are answered with 5xx: see the web task's log",
				metric:    serviceMetric(scope, "WebhooksFailed", "Sum", alarmPeriod),
				threshold: 5, periods: 2,
			},
			{
				id: "UnhealthyTargets", description: "Web tasks fail the health check: see the service's events",
				metric:    targets.Metrics().UnhealthyHostCount(statistic("Maximum")),
				threshold: 1, periods: 3,
			},
		}, topic),
		Worker: newAlarms(scope, []alarm{{
			id: "ExportsFail", hurts: true, description: "Exports fail by the worker's fault or AWS's answers, and none succeeds: see the worker's log",
			metric: expression("Exports that failed while none succeeded", "IF(FILL(done, 0) < 1, FILL(failed, 0), 0)", exportWindow, map[string]awscloudwatch.IMetric{
				"done":   serviceMetric(scope, "ExportsDone", "Sum", exportWindow),
				"failed": serviceMetric(scope, "ExportsFailed", "Sum", exportWindow),
			}),
			threshold: 3, periods: 1,
		}}, topic),
	}
}
