package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/imagecontract"
)

// workerContainer is the name of the container in the worker's task.
const workerContainer = "worker"

// workerCommand replaces the image's command in the worker's task.
var workerCommand = []string{"python", "-m", "src.worker"}

// WorkerServiceProps says what runs, where, and with what it works.
type WorkerServiceProps struct {
	// Network holds the tasks.
	Network Network
	// Cluster runs the tasks.
	Cluster awsecs.ICluster
	// Image is the image of the container, the web service's.
	Image Image
	// Contract is what the image promises: port, user, health check.
	Contract imagecontract.Contract
	// Queue gives the events, and takes those that fail for good.
	Queue IntakeQueue
	// Claims tells which events are done.
	Claims ClaimsTable
	// Bucket is where packages go.
	Bucket PackageBucket
	// Packaging is the queue by which Quilt makes packages.
	Packaging awssqs.IQueue
	// Secret holds the Benchling app's credentials.
	Secret BenchlingSecret
	// Size is the tasks' size and their number at rest.
	Size TaskSize
	// LogRetentionDays is one of LogRetentionDays.
	LogRetentionDays int
	// QuiltCatalog is the host name of the Quilt catalog, or empty.
	QuiltCatalog string
	// PackagePrefix is the first part of every package's name.
	PackagePrefix string
	// LogLevel is a level of Python's logging, such as "INFO".
	LogLevel string
}

// WorkerService is the Fargate service that makes packages of events.
type WorkerService struct {
	// Service is the service with its tasks.
	Service awsecs.FargateService
}

// NewWorkerService returns a Fargate service that nothing calls: it asks the
// queue for work. Its tasks are hardened as the web service's are.
func NewWorkerService(scope constructs.Construct, id string, props WorkerServiceProps) WorkerService {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	task := newTask(scope, "Task", taskProps{
		Name:             workerContainer,
		Command:          workerCommand,
		Image:            props.Image,
		Contract:         props.Contract,
		Size:             props.Size,
		StopTimeout:      workerStopTimeout,
		Secret:           props.Secret,
		LogRetentionDays: props.LogRetentionDays,
		Environment: map[string]*string{
			"CLAIMS_TABLE":          props.Claims.Table.TableName(),
			"DEAD_LETTER_QUEUE_URL": props.Queue.DeadLetters.QueueUrl(),
			"INTAKE_QUEUE_URL":      props.Queue.Events.QueueUrl(),
			"LOG_LEVEL":             jsii.String(props.LogLevel),
			"PACKAGE_BUCKET":        props.Bucket.Bucket.BucketName(),
			"PACKAGE_PREFIX":        jsii.String(props.PackagePrefix),
			"PACKAGING_QUEUE_URL":   props.Packaging.QueueUrl(),
			"QUILT_CATALOG":         jsii.String(props.QuiltCatalog),
		},
	})
	grantWork(task.TaskRole(), props)

	service := newService(scope, serviceProps{
		Network: props.Network,
		Cluster: props.Cluster,
		Task:    task,
		Desired: props.Size.Desired,
		Peers:   "Worker tasks",
	})
	return WorkerService{Service: service}
}

// grantWork lets a role do what the worker does, and nothing outside the
// packages' prefix.
func grantWork(role awsiam.IRole, props WorkerServiceProps) {
	props.Queue.Events.Grant(role, jsii.String("sqs:ReceiveMessage"), jsii.String("sqs:DeleteMessage"), jsii.String("sqs:ChangeMessageVisibility"),
		// An event of a canvas goes back into the queue under its entry.
		jsii.String("sqs:SendMessage"))
	props.Queue.DeadLetters.Grant(role, jsii.String("sqs:SendMessage"))
	props.Packaging.Grant(role, jsii.String("sqs:SendMessage"))
	props.Claims.Table.Grant(role, jsii.String("dynamodb:GetItem"), jsii.String("dynamodb:UpdateItem"))
	bucket, packages := props.Bucket.Bucket, props.PackagePrefix+"/*"
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"),
		Resources: &[]*string{bucket.ArnForObjects(jsii.String(packages))},
	}))
	grantFileLists(role, props.Bucket, props.PackagePrefix)
	role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("s3:ListBucket"),
		Resources:  &[]*string{bucket.BucketArn()},
		Conditions: &map[string]any{"StringLike": map[string]any{"s3:prefix": packages}},
	}))
}
