package resources

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"gotest.tools/v3/assert"
)

// mutations are changes of the dev shape, or of another that is named, each of which
// is noticed by what it says.
var mutations = []mutation{
	{broken: "service: count left to scaling", change: change{"WebhookServiceC38049B5", "DesiredCount", 2}},
	{broken: "service: circuit breaker", change: change{"WebhookServiceC38049B5", "DeploymentConfiguration/DeploymentCircuitBreaker", nil}},
	{broken: "service: circuit breaker", change: change{"WorkerService3F60922A", "DeploymentConfiguration/DeploymentCircuitBreaker/Rollback", false}},
	{broken: "service: rollback alarms", change: change{"WorkerService3F60922A", "DeploymentConfiguration/Alarms", nil}},
	{broken: "service: healthy during deployment", change: change{"WebhookServiceC38049B5", "DeploymentConfiguration/MinimumHealthyPercent", 0}},
	{broken: "service: rebalanced over zones", change: change{"WorkerService3F60922A", "AvailabilityZoneRebalancing", "DISABLED"}},
	{broken: "service: private, two zones", change: change{"WebhookServiceC38049B5", "NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp", "ENABLED"}},
	{broken: "service: tags reach tasks", change: change{"WebhookServiceC38049B5", "PropagateTags", nil}},
	{broken: "task: hardened", change: change{"WorkerTaskF8C51906", "ContainerDefinitions/0/ReadonlyRootFilesystem", false}},
	{broken: "task: hardened", change: change{"WorkerTaskF8C51906", "ContainerDefinitions/0/User", "0:0"}},
	{broken: "task: health check", change: change{"WorkerTaskF8C51906", "ContainerDefinitions/0/HealthCheck", nil}},
	{broken: "task: log never blocks", change: change{"WebhookTask4F52AE07", "ContainerDefinitions/0/LogConfiguration/Options/mode", "blocking"}},
	{broken: "task: secrets by reference", change: change{"WebhookTask4F52AE07", "ContainerDefinitions/0/Secrets", nil}},
	{broken: "task: Fargate", change: change{"WebhookTask4F52AE07", "RuntimePlatform", nil}},
	{broken: "alarm: notifies", shape: "guarded", change: change{"OperatorAlarmsDeadLetters", "AlarmActions", nil}},
	{broken: "alarm: enabled", change: change{"OperatorAlarmsDeadLetters", "ActionsEnabled", false}},
	{broken: "alarm: direction", change: change{"OperatorAlarmsDeadLetters", "ComparisonOperator", "LessThanThreshold"}},
	{broken: "alarm: missing data", change: change{"OperatorAlarmsNoHealthyTargets", "TreatMissingData", "notBreaching"}},
	{broken: "alarm: window", change: change{"OperatorAlarmsUnreadPackages", "EvaluationPeriods", 1441}},
	{broken: "alarm: DynamoDB's gaps are filled", change: change{"OperatorAlarmsThrottledClaims", "Metrics/0/Expression", "reads + writes"}},
	{broken: "scaling: minimum below maximum", change: change{"WebhookServiceTaskCountTarget61D8EC0B", "MinCapacity", 5}},
	{broken: "scaling: target has policies", change: change{"WebhookServiceTaskCountTarget", "ScalingTargetId", map[string]string{"Ref": "WorkerServiceTaskCountTarget62C0CE6C"}}},
	{broken: "scaling: cooldown", change: change{"WebhookServiceTaskCountTargetCpu", "TargetTrackingScalingPolicyConfiguration/ScaleInCooldown", 0}},
	{broken: "scaling: steps within capacity", change: change{"WorkerServiceTaskCountTarget62C0CE6C", "MaxCapacity", 3}, at: "WorkerServiceTaskCountTargetBusyUpperPolicy"},
	{broken: "queue: retention", change: change{"Packaging1B327160", "MessageRetentionPeriod", 60}},
	{broken: "queue: dead letters are kept as long", change: change{"IntakeDeadLettersA15864BB", "MessageRetentionPeriod", 345600}, at: "Intake"},
	{broken: "queue: redrive", change: change{"IntakeCanvasesE96E0CD9", "RedrivePolicy", nil}},
	{broken: "queue: encrypted", change: change{"RevisionsEvents713BD2F6", "SqsManagedSseEnabled", false}},
	{broken: "queue: FIFO by name", change: change{"RevisionsEvents713BD2F6", "FifoQueue", true}},
	{broken: "queue: TLS only", change: change{"PackagingPolicy0E7C2CF6", "PolicyDocument/Statement/0/Effect", "Allow"}, at: "Packaging1B327160"},
	{broken: "bucket: versioned", change: change{"Packages660AFF77", "VersioningConfiguration", nil}},
	{broken: "bucket: encrypted", change: change{"Logs6819BB44", "BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/SSEAlgorithm", "aws:kms"}},
	{broken: "bucket: private", change: change{"Packages660AFF77", "PublicAccessBlockConfiguration/BlockPublicAcls", false}},
	{broken: "bucket: TLS only, no ACLs", change: change{"Packages660AFF77", "OwnershipControls/Rules/0/ObjectOwnership", "ObjectWriter"}},
	{broken: "bucket: unfinished uploads end", change: change{"Packages660AFF77", "LifecycleConfiguration", nil}},
	{broken: "bucket: packages are kept, logs expire", change: change{"Logs6819BB44", "LifecycleConfiguration/Rules/0/ExpirationInDays", nil}},
	{broken: "bucket: access is logged", change: change{"Packages660AFF77", "LoggingConfiguration", nil}},
	{broken: "table: expires, recoverable", change: change{"ClaimsE8D96B24", "TimeToLiveSpecification", nil}},
	{broken: "table: expires, recoverable", change: change{"ClaimsE8D96B24", "PointInTimeRecoverySpecification", nil}},
	{broken: "table: pays per request", change: change{"ClaimsE8D96B24", "BillingMode", nil}},
	{broken: "log group: retention", change: change{"WorkerLog2B676C0D", "RetentionInDays", nil}},
	{broken: "secret: made empty", change: change{"BenchlingSecret0B7849CB", "SecretString", "{\"client_id\":\"\"}"}},
	{broken: "removal: data outlives the stack", change: change{"Packages660AFF77", "^DeletionPolicy", nil}},
	{broken: "removal: one protection for all", change: change{"ClaimsE8D96B24", "DeletionProtectionEnabled", true}},
	{broken: "idle connections", change: change{"IngressLoadBalancerAE82CB09", "LoadBalancerAttributes/idle_timeout.timeout_seconds", "90"}},
	{broken: "requests end while drained", change: change{"IngressTargets2C497E0A", "TargetGroupAttributes/deregistration_delay.timeout_seconds", "0"}},
	{broken: "drain before kill", change: change{"IngressTargets2C497E0A", "TargetGroupAttributes/deregistration_delay.timeout_seconds", "300"}},
	{broken: "target check in time", change: change{"IngressTargets2C497E0A", "HealthCheckTimeoutSeconds", 30}},
	{broken: "grace for the start", change: change{"WebhookServiceC38049B5", "HealthCheckGracePeriodSeconds", nil}},
	{broken: "Fargate takes the worker's stop", change: change{"WorkerTaskF8C51906", "ContainerDefinitions/0/StopTimeout", 121}},
	{broken: "web knows its stop", change: change{"WebhookTask4F52AE07", "ContainerDefinitions/0/Environment/STOP_TIMEOUT_SECONDS", "46"}},
	{broken: "API Gateway takes the timeout", change: change{"IngressApiPOSTLoadBalancer160C3F5C", "TimeoutInMillis", 31000}},
	{broken: "Benchling has its response", change: change{"IngressApiPOSTLoadBalancer160C3F5C", "TimeoutInMillis", 2000}},
	{broken: "claims end before messages show", change: change{"IntakeEventsC73C3BCC", "VisibilityTimeout", 30}},
	{broken: "exports outlast Benchling's", change: change{"WorkerTaskF8C51906", "ContainerDefinitions/0/Environment/EXPORT_TIMEOUT_SECONDS", "600"}},
	{broken: "reasons before redrive", change: change{"IntakeEventsC73C3BCC", "RedrivePolicy/maxReceiveCount", 5}},
	{broken: "slow responses are noticed in time", change: change{"OperatorAlarmsSlowAnswers", "Threshold", 3000}},
}

// mutation is a change, and the rule or the inequality that it breaks.
type mutation struct {
	broken string
	// shape is the changed template's, empty for dev.
	shape  string
	change change
	// at begins the logical ID at which it is noticed, empty for the changed one.
	at string
}

// rounds returns the mutations in groups that one deployment can have together: of one
// shape, no two of one rule or of one resource.
func rounds() [][]mutation {
	var groups [][]mutation
	for _, it := range mutations {
		n := slices.IndexFunc(groups, func(group []mutation) bool {
			return !slices.ContainsFunc(group, func(other mutation) bool {
				return it.shape != other.shape || it.broken == other.broken || strings.HasPrefix(it.change.Of, other.change.Of) || strings.HasPrefix(other.change.Of, it.change.Of)
			})
		})
		if n < 0 {
			groups, n = append(groups, nil), len(groups)
		}
		groups[n] = append(groups[n], it)
	}
	return groups
}

// mutationsAreNoticed shows that the rules and the inequalities can fail: every change
// is deployed, and found by its rule, at its resource.
func mutationsAreNoticed(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	for n, round := range rounds() {
		var changes []change
		for _, it := range round {
			changes = append(changes, it.change)
		}
		template := changed(t, shape(ctx, t, config, cmp.Or(round[0].shape, "dev")), changes...)
		d := deployed(ctx, t, config, fmt.Sprintf("mutations-%d", n), template)
		figures, err := Figures(d, root)
		assert.NilError(t, err)
		problems := append(Problems(d), Broken(figures)...)
		for _, it := range round {
			t.Run(it.broken, func(t *testing.T) {
				assert.Assert(t, slices.ContainsFunc(problems, func(problem string) bool {
					if strings.Contains(it.broken, ":") {
						return strings.HasPrefix(problem, it.broken+": "+cmp.Or(it.at, it.change.Of))
					}
					return strings.HasPrefix(problem, it.broken+": ")
				}), "%v is not noticed:\n%s", it.change, strings.Join(problems, "\n"))
			})
		}
	}
}

// TestMutationsCoverTheRules holds that no rule is without a mutation.
func TestMutationsCoverTheRules(t *testing.T) {
	covered := map[string]bool{}
	for _, it := range mutations {
		covered[it.broken] = true
	}
	for _, rule := range Rules() {
		if !covered[rule.Name] {
			t.Errorf("%s: no mutation breaks it", rule.Name)
		}
	}
}
