// Package stacks says which constructs exist and who gets what: the settings of
// an environment, checked, and the stack that is made of them.
package stacks

import (
	"time"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/cdkfile"
)

// DefaultEnvironment is the environment of a synthesis that names none.
const DefaultEnvironment = "dev"

// confirmWithin is how long an existing Quilt stack may take for a package.
const confirmWithin = 30 * time.Minute

// protectAfter, as the context "protect", leaves the protection against deletion
// to a second deployment: what is born protected can't be taken back when a first
// deployment fails.
const protectAfter = "after"

// The keys of the context that this app reads.
const (
	// EnvironmentKey names the environment to synthesize.
	EnvironmentKey  = "environment"
	environmentsKey = "environments"
	protectKey      = "protect"
)

// Unprotected is that context as the CDK CLI takes it.
const Unprotected = protectKey + "=" + protectAfter

// SettingsFile is where environments and settings are written.
const SettingsFile = cdkfile.Name

// Settings are what differs between environments. A setting that cdk.json
// leaves out has the default of DefaultSettings.
type Settings struct {
	// Environment is the name under "environments" in cdk.json.
	Environment string
	// Account is the AWS account's ID to which alone the environment may be deployed;
	// empty allows any.
	Account string
	// Region is the region to which alone the environment may be deployed; empty
	// allows any.
	Region string
	// Architecture is the processor of image and tasks.
	Architecture constructs.Architecture
	// Compression is that of the image's layers.
	Compression constructs.Compression
	// Size is the size and number of the web tasks.
	Size constructs.TaskSize
	// MaxCount is the most web tasks that autoscaling starts.
	MaxCount int
	// WorkerSize is the size and the least number of the worker tasks.
	WorkerSize constructs.TaskSize
	// WorkerMaxCount is the most worker tasks that autoscaling starts.
	WorkerMaxCount int
	// WorkerSpot runs the worker's tasks on Fargate's spare capacity.
	WorkerSpot bool
	// WorkerHours are the hours in which alone the worker runs; nil is always.
	WorkerHours *constructs.Hours
	// NatGateways is the number of NAT gateways of a new VPC.
	NatGateways int
	// AvailabilityZones are the zones of a new VPC; none leaves the choice to
	// CloudFormation.
	AvailabilityZones []string
	// FlowLogs records the traffic of a new VPC.
	FlowLogs bool
	// InterfaceEndpoints keeps the calls of AWS's services within a new VPC.
	InterfaceEndpoints bool
	// Vpc is the existing VPC to use; nil makes a new one.
	Vpc *constructs.ExistingVpc
	// LogRetentionDays is how long logs are kept.
	LogRetentionDays int
	// ContainerInsights keeps the cluster's metrics by service and task family.
	ContainerInsights bool
	// Dashboard is CloudWatch's page of the stack's graphs.
	Dashboard bool
	// LogLevel is the service's least level of a log line.
	LogLevel string
	// Tracing sends traces of events to AWS X-Ray.
	Tracing bool
	// PackagePrefix is the first part of every package's name.
	PackagePrefix string
	// QuiltCatalog is the host name of the Quilt catalog, or empty.
	QuiltCatalog string
	// PackageBucket is the name of an existing bucket that is registered with
	// Quilt; empty makes a new one.
	PackageBucket string
	// PackageBucketKeyArn is the KMS key that encrypts PackageBucket, or empty.
	PackageBucketKeyArn string
	// PackagingQueueArn is the packaging queue of an existing Quilt stack; empty
	// makes a new one.
	PackagingQueueArn string
	// PackagingQueueKeyArn is the KMS key that encrypts the packaging queue, or
	// empty.
	PackagingQueueKeyArn string
	// ConfirmWithin is how long Quilt may take for a package before an alarm is
	// raised; 0 expects no word of Quilt's.
	ConfirmWithin time.Duration
	// ExportTimeout is how long one export may hold a place of the worker's.
	ExportTimeout time.Duration
	// Workflow is Quilt's workflow for the packages: nil is the registry's
	// default, the empty text none.
	Workflow *string
	// ExportEntries makes a package of each entry; without it, canvases only show linked
	// packages.
	ExportEntries bool
	// Search is where canvases search for linked packages.
	Search constructs.PackageSearch
	// LinkedBuckets are the existing buckets in which they search beside the package
	// bucket.
	LinkedBuckets []constructs.LinkedBucket
	// Domain is the name that Benchling calls; nil leaves API Gateway's own.
	Domain *constructs.Domain
	// AllowedAddresses are the ranges from which webhooks may come; none allows
	// every address.
	AllowedAddresses []string
	// WebACLArn is an existing web ACL in front of the load balancer, or empty.
	WebACLArn string
	// AlarmTopicArn is the SNS topic notified of alarms, or empty.
	AlarmTopicArn string
	// AlarmEmail is the mail address notified of alarms, or empty.
	AlarmEmail string
	// RunbookURL is where alarms' descriptions lead to: docs/runbook.md by its path, or
	// by a URL.
	RunbookURL string
	// DeletionProtection keeps the stack, its load balancer and its table from
	// being deleted.
	DeletionProtection bool
}

// makesPackagingQueue says whether packages are handed to a queue that nobody reads yet.
func (s Settings) makesPackagingQueue() bool { return s.ExportEntries && s.PackagingQueueArn == "" }

// DefaultSettings returns the settings of an environment that sets nothing.
func DefaultSettings(environment string) Settings {
	return Settings{
		Environment:       environment,
		Architecture:      constructs.X86,
		Compression:       constructs.Gzip,
		Size:              constructs.TaskSize{CPU: 256, MemoryMiB: 512, Desired: 2},
		MaxCount:          4,
		WorkerSize:        constructs.TaskSize{CPU: 512, MemoryMiB: 1024, Desired: 1},
		WorkerMaxCount:    4,
		NatGateways:       1,
		ContainerInsights: true,
		Dashboard:         true,
		LogRetentionDays:  30,
		LogLevel:          "INFO",
		PackagePrefix:     "benchling",
		ExportEntries:     true,
		RunbookURL:        "docs/runbook.md",
		Search:            constructs.PackageSearch{Workgroup: "primary", LinkedBy: "experiment_id"},
		ExportTimeout:     30 * time.Minute,
	}
}
