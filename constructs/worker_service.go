package constructs

import (
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// workerContainer is the name of the container in the worker's task.
const workerContainer = "worker"

// workerCommand replaces the image's command in the worker's task.
var workerCommand = []string{"python", "-m", "src.worker"}

// WorkerServiceProps says what runs, where, and with what it works.
type WorkerServiceProps struct {
	ServiceProps
	// Size is the tasks' size and their number at rest.
	Size TaskSize
	// Spot runs the tasks on Fargate's spare capacity.
	Spot bool
	// FrontDoor is probed by the worker, as Benchling would reach it.
	FrontDoor Ingress
	// Exports is what packages of entries take; nil makes none.
	Exports *Exports
	// ConfirmWithin is how long Quilt may take for a package; 0 expects no word.
	ConfirmWithin time.Duration
	// ExportTimeout is how long one export may hold a place of a task's.
	ExportTimeout time.Duration
	// RollbackAlarms take a deployment back when one of them goes off.
	RollbackAlarms []awscloudwatch.IAlarm
	// Workflow is Quilt's workflow for the packages: nil is the registry's
	// default, the empty text none.
	Workflow *string
	// Search is where linked packages are searched for: in the buckets of Linked too.
	Search PackageSearch
	Linked []PackageBucket
}

// WorkerService is the Fargate service that makes packages of events.
type WorkerService struct {
	// Service is the service with its tasks.
	Service awsecs.FargateService
	// role is that of the tasks.
	role awsiam.IRole
	log  awslogs.LogGroup
}

// NewWorkerService returns a Fargate service that nothing calls: it asks the
// queue for work. Its tasks are hardened as the web service's are.
func NewWorkerService(scope constructs.Construct, id string, props WorkerServiceProps) WorkerService {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	environment := props.environment()
	environment["DEAD_LETTER_QUEUE_URL"] = props.Queue.DeadLetters.QueueUrl()
	environment["CLAIMS_TABLE"] = props.Claims.Table.TableName()
	environment["CONFIRM_SECONDS"] = seconds(props.ConfirmWithin)
	environment["EXPORT_TIMEOUT_SECONDS"] = seconds(props.ExportTimeout)
	environment["FRONT_DOOR_URL"] = props.FrontDoor.ProbeURL
	if props.Exports != nil {
		environment["PACKAGING_QUEUE_URL"] = props.Exports.Packaging.Queue.QueueUrl()
		environment["REVISION_QUEUE_URL"] = props.Exports.Revisions.Queue.QueueUrl()
		environment["QUILT_CONNECTED"] = jsii.String(strconv.FormatBool(props.Exports.Packaging.HasReader))
	}
	if props.Workflow != nil {
		environment["QUILT_WORKFLOW"] = props.Workflow
	}
	props.Search.addTo(environment, props.Linked)
	task, log := newTask(scope, "Task", taskProps{
		Name:             workerContainer,
		Command:          workerCommand,
		Image:            props.Image,
		Contract:         props.Contract,
		Size:             props.Size,
		StopTimeout:      workerStopTimeout,
		Secret:           props.Secret,
		LogRetentionDays: props.LogRetentionDays,
		Environment:      environment,
	})
	grantWork(task.TaskRole(), props)
	props.Search.grant(scope, task.TaskRole(), props.searched())
	grantProtection(task.TaskRole(), props.Cluster)
	props.grantTracing(task.TaskRole())
	props.FrontDoor.grantProbe(task.TaskRole(), props.Contract)

	service := newService(scope, fargateProps{
		Network:        props.Network,
		Cluster:        props.Cluster,
		Task:           task,
		Peers:          "Worker tasks",
		RollbackAlarms: props.RollbackAlarms,
		Spot:           props.Spot,
	})
	return WorkerService{Service: service, role: task.TaskRole(), log: log}
}

// searched are the buckets in which linked packages are searched for.
func (p WorkerServiceProps) searched() []PackageBucket {
	if p.Exports == nil {
		return p.Linked
	}
	return append([]PackageBucket{*p.Exports.Bucket}, p.Linked...)
}

// grantProtection lets a task of the cluster protect itself from scaling while it
// works, and nothing else.
//
// Source: Amazon ECS's guide, task scale-in protection endpoint.
func grantProtection(role awsiam.IRole, cluster awsecs.ICluster) {
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings("ecs:GetTaskProtection", "ecs:UpdateTaskProtection"),
		Resources: &[]*string{awscdk.Stack_Of(cluster).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ecs"), Resource: jsii.String("task"), ResourceName: jsii.String(*cluster.ClusterName() + "/*"),
		})},
	}))
}

// What the worker does with the packages' bucket, with the objects in it, and with
// the claims table. No version of a file is ever deleted: revisions of the package
// pin them.
var (
	bucketActions = []string{"s3:ListBucket"}
	objectActions = []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"}
	claimsActions = []string{"dynamodb:GetItem", "dynamodb:UpdateItem"}
)

// grantWork lets a role do what the worker does, and nothing outside the
// packages' prefix.
func grantWork(role awsiam.IRole, props WorkerServiceProps) {
	// The worker writes into each, too: an export that a canvas asks for, a canvas
	// that must be drawn, a reminder of a package that isn't confirmed yet.
	queues := []awssqs.Queue{props.Queue.Events, props.Queue.Canvases}
	if props.Exports != nil {
		queues = append(queues, props.Exports.Revisions.Queue)
	}
	for _, queue := range queues {
		queue.Grant(role, jsii.String("sqs:ReceiveMessage"), jsii.String("sqs:DeleteMessage"), jsii.String("sqs:ChangeMessageVisibility"),
			jsii.String("sqs:SendMessage"))
	}
	props.Queue.DeadLetters.Grant(role, jsii.String("sqs:SendMessage"))
	if props.Exports != nil {
		props.Exports.Packaging.grantSend(role)
	}
	props.Claims.Table.Grant(role, *jsii.Strings(claimsActions...)...)
	if props.Exports != nil {
		props.Exports.Bucket.grantPackages(role, props.PackagePrefix)
	}
}
