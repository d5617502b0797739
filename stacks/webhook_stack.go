package stacks

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	jsiiconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/imagecontract"
)

// application is the name before every stack's environment, and the tag that
// every resource bears.
const application = "BenchlingWebhook"

// WebhookStackProps is what a stack is made of.
type WebhookStackProps struct {
	// Settings are the environment's.
	Settings Settings
	// Contract is the image's; the image is built from its file's directory.
	Contract imagecontract.Contract
}

// StackName returns the name of an environment's stack.
func StackName(environment string) string {
	return application + "-" + environment
}

// NewWebhookStack returns the stack of one environment, for whatever account and
// region it is deployed to.
func NewWebhookStack(scope jsiiconstructs.Construct, props WebhookStackProps) awscdk.Stack {
	s := props.Settings
	stack := awscdk.NewStack(scope, jsii.String(StackName(s.Environment)), &awscdk.StackProps{
		Description: jsii.String("Benchling webhooks to Quilt packages, environment " + s.Environment),
		// What the golden file shows is what is deployed, with nothing added.
		AnalyticsReporting:    jsii.Bool(false),
		TerminationProtection: jsii.Bool(s.DeletionProtection),
		Tags:                  tags(s),
	})
	for _, name := range slices.Sorted(maps.Keys(*tags(s))) {
		awscdk.Tags_Of(stack).Add(jsii.String(name), (*tags(s))[name], nil)
	}

	network := constructs.NewNetwork(stack, "Network", constructs.NetworkProps{
		Existing:           s.Vpc,
		AvailabilityZones:  s.AvailabilityZones,
		NatGateways:        s.NatGateways,
		FlowLogs:           s.FlowLogs,
		InterfaceEndpoints: s.InterfaceEndpoints,
		LogRetentionDays:   s.LogRetentionDays,
	})
	image := constructs.NewImage(stack, "Image", constructs.ImageProps{
		Directory:    filepath.Dir(props.Contract.File),
		Architecture: s.Architecture,
		Compression:  s.Compression,
	})
	secret := constructs.NewBenchlingSecret(stack, "BenchlingSecret")
	queue := constructs.NewIntakeQueue(stack, "Intake")
	logs := constructs.NewLogBucket(stack, "Logs", s.LogRetentionDays)
	var bucket *constructs.PackageBucket
	if s.ExportEntries {
		bucket = constructs.NewPackageBucket(stack, "Packages", constructs.PackageBucketProps{
			Existing: s.PackageBucket, KeyArn: s.PackageBucketKeyArn, Logs: logs,
		})
	}
	linked := constructs.NewLinkedBuckets(stack, "Linked", s.LinkedBuckets)
	claims := constructs.NewClaimsTable(stack, "Claims", s.DeletionProtection)
	network.RestrictEndpoints(bucket, linked, claims)
	ingress := constructs.NewIngress(stack, "Ingress", constructs.IngressProps{
		Network:            network,
		Contract:           props.Contract,
		LogRetentionDays:   s.LogRetentionDays,
		Domain:             s.Domain,
		Firewall:           constructs.FirewallProps{AllowedAddresses: s.AllowedAddresses, WebACLArn: s.WebACLArn},
		Size:               s.Size,
		Most:               s.MaxCount,
		DeletionProtection: s.DeletionProtection,
		Logs:               logs,
	})
	topic := constructs.NewAlarmTopic(stack, "AlarmTopic", constructs.AlarmTopicProps{
		ExistingArn: s.AlarmTopicArn, Email: s.AlarmEmail, Runbook: s.RunbookURL,
	})
	rollback := constructs.NewRollbackAlarms(stack, "Alarms", ingress.TargetGroup, topic)
	cluster := constructs.NewCluster(stack, "Cluster", network, s.ContainerInsights)
	shared := constructs.ServiceProps{
		Network:          network,
		Cluster:          cluster,
		Image:            image,
		Contract:         props.Contract,
		Queue:            queue,
		Claims:           claims,
		Bucket:           bucket,
		Secret:           secret,
		LogRetentionDays: s.LogRetentionDays,
		QuiltCatalog:     s.QuiltCatalog,
		PackagePrefix:    s.PackagePrefix,
		LogLevel:         s.LogLevel,
		Tracing:          s.Tracing,
	}
	webhook := constructs.NewWebhookService(stack, "Webhook", constructs.WebhookServiceProps{
		ServiceProps:   shared,
		Size:           s.Size,
		TargetGroup:    ingress.TargetGroup,
		RollbackAlarms: rollback.Webhook.All,
	})
	constructs.ScaleWebhookService(constructs.WebhookScalingProps{
		Service:     webhook.Service,
		TargetGroup: ingress.TargetGroup,
		Size:        s.Size,
		Max:         s.MaxCount,
	})
	exports := newExports(stack, s, bucket)
	workerProps := constructs.WorkerServiceProps{
		ServiceProps: shared,
		Size:         s.WorkerSize,
		Spot:         s.WorkerSpot,
		FrontDoor:    ingress,
		Exports:      exports,
		// Only a Quilt stack sends events of new revisions.
		ConfirmWithin:  s.ConfirmWithin,
		ExportTimeout:  s.ExportTimeout,
		Workflow:       s.Workflow,
		Search:         s.Search,
		Linked:         linked,
		RollbackAlarms: rollback.Worker.All,
	}
	worker := constructs.NewWorkerService(stack, "Worker", workerProps)
	constructs.ScaleWorkerService(constructs.WorkerScalingProps{
		Service: worker.Service,
		Queue:   queue,
		Min:     s.WorkerSize.Desired,
		Max:     s.WorkerMaxCount,
		Hours:   s.WorkerHours,
	})
	alarms := constructs.NewOperatorAlarms(stack, "OperatorAlarms", constructs.OperatorAlarmsProps{
		Ingress:       ingress,
		Queue:         queue,
		Exports:       exports,
		Claims:        claims,
		Webhook:       webhook,
		Worker:        worker,
		ConfirmWithin: s.ConfirmWithin,
		ExportTimeout: s.ExportTimeout,
		Topic:         topic,
	})
	attention := constructs.NewAttention(stack, slices.Concat(rollback.Webhook.Hurting, rollback.Worker.Hurting, alarms.Hurting), topic)
	constructs.NewLogQueries(stack, "LogQueries", constructs.LogQueriesProps{Ingress: ingress, Webhook: webhook, Worker: worker})
	if s.Dashboard {
		constructs.NewDashboard(stack, "Dashboard", constructs.DashboardProps{
			Network: network,
			Ingress: ingress,
			Queue:   queue,
			Webhook: webhook,
			Worker:  worker,
			Bucket:  bucket,
			Alarms:  slices.Concat(attention, rollback.Webhook.All, rollback.Worker.All, alarms.All),
		})
	}
	warn(stack, s)

	output(stack, "WebhookUrl", ingress.URL, "What Benchling calls: the app's webhook URL")
	if ingress.AliasTarget != nil {
		output(stack, "DomainTarget", ingress.AliasTarget, "Where the domain's CNAME record points to")
	}
	output(stack, "SecretArn", secret.Secret.SecretArn(), "Where the Benchling app's credentials go")
	output(stack, "IntakeQueueUrl", queue.Events.QueueUrl(), "Where verified events wait")
	output(stack, "CanvasQueueUrl", queue.Canvases.QueueUrl(), "Where clicks on canvases wait")
	output(stack, "DeadLetterQueueUrl", queue.DeadLetters.QueueUrl(), "Where events go that failed for good")
	output(stack, "ClaimsTableName", claims.Table.TableName(), "Which events are done")
	output(stack, "ClusterName", cluster.ClusterName(), "The ECS cluster")
	output(stack, "ServiceName", webhook.Service.ServiceName(), "The ECS service that answers Benchling")
	output(stack, "WorkerServiceName", worker.Service.ServiceName(), "The ECS service that makes packages")
	if exports != nil {
		output(stack, "PackageBucketName", exports.Bucket.Bucket.BucketName(), "Where packages are written")
		output(stack, "RevisionQueueUrl", exports.Revisions.Queue.QueueUrl(), "Where Quilt tells of revisions")
		output(stack, "PackagingQueueUrl", exports.Packaging.Queue.QueueUrl(), packagingDescription(exports.Packaging))
	}
	for _, policy := range worker.ResourcePolicies(workerProps) {
		output(stack, policy.Name+"Policy", policy.Statements, "If it is another account's: what its policy must have in \"Statement\" for the worker")
	}
	return stack
}

// newExports returns what packages of entries take; nil without a bucket.
func newExports(stack awscdk.Stack, s Settings, bucket *constructs.PackageBucket) *constructs.Exports {
	if bucket == nil {
		return nil
	}
	return &constructs.Exports{
		Bucket:    bucket,
		Packaging: constructs.NewPackagingQueue(stack, "Packaging", s.PackagingQueueArn, s.PackagingQueueKeyArn),
		Revisions: constructs.NewRevisionQueue(stack, "Revisions", constructs.RevisionQueueProps{Bucket: bucket, PackagePrefix: s.PackagePrefix}),
	}
}

// tags returns what the stack and every resource bear: CDK gives the stack's own to
// CloudFormation alone.
func tags(s Settings) *map[string]*string {
	return &map[string]*string{"Application": jsii.String(application), "Environment": jsii.String(s.Environment)}
}

// packagingDescription says whose queue it is, where somebody would look for it.
func packagingDescription(packaging constructs.PackagingQueue) string {
	if packaging.HasReader {
		return "Where Quilt is told of packages"
	}
	return "Where Quilt would be told of packages: nobody reads it until a Quilt stack does"
}

// warn says at synthesis what works, and isn't what most people want.
func warn(stack awscdk.Stack, s Settings) {
	annotations := awscdk.Annotations_Of(stack)
	if s.makesPackagingQueue() {
		annotations.AddWarningV2(jsii.String("webhook:packagingQueueArn"), jsii.String(
			"no Quilt stack is connected: files reach the bucket, and nobody makes packages of them; set packagingQueueArn to your Quilt stack's output PackagerQueueArn"))
	}
	if s.AlarmTopicArn == "" && s.AlarmEmail == "" && s.WorkerHours == nil {
		annotations.AddWarningV2(jsii.String("webhook:alarmEmail"), jsii.String(
			"nobody hears of alarms; set alarmEmail to a mail address, or alarmTopicArn to an SNS topic"))
	}
}

func output(stack awscdk.Stack, name string, value *string, description string) {
	awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{Value: value, Description: jsii.String(description)})
}
