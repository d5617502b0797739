package stacks

import (
	"slices"
	"time"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/cdkfile"
)

// AllSettings returns the settings that cdk.json may hold, in the order in which
// docs/settings.md lists them.
func AllSettings() []Setting {
	return slices.Concat(
		in("Account and region", targetSettings),
		in("Tasks", taskSettings),
		in("Network", networkSettings),
		in("Packages and Quilt", packageSettings),
		in("Operations", operationSettings),
	)
}

// in returns the settings with their group.
func in(group string, settings []Setting) []Setting {
	grouped := slices.Clone(settings)
	for i := range grouped {
		grouped[i].Group = group
	}
	return grouped
}

// settingsByName are the settings by the names of cdk.json.
var settingsByName = func() map[string]Setting {
	byName := map[string]Setting{}
	for _, setting := range AllSettings() {
		byName[setting.Name] = setting
	}
	return byName
}()

// mostTasks is the most tasks that a service may be given.
const mostTasks = 100

// Fargate's memory in MiB: the least, and the most that is offered here.
const leastMemory, mostMemory = 512, 30 * 1024

var taskSettings = []Setting{
	{
		Name: "architecture", Meaning: "Processor of image and tasks.",
		Cost: "`arm64`: {vcpu-arm} a month for each vCPU, {gb-arm} for each GB",
		kind: choice(func(s *Settings) *constructs.Architecture { return &s.Architecture }, constructs.X86, constructs.ARM),
	},
	{
		Name: "imageCompression", Meaning: "Compression of the image's layers; `zstd` only where Docker keeps its images in containerd: see [decision 5](decisions/0005-gzip-unless-set.md).",
		kind: choice(func(s *Settings) *constructs.Compression { return &s.Compression }, constructs.Gzip, constructs.Zstd),
	},
	{
		// One process, whose threads share one interpreter: more than one virtual
		// processor would idle.
		Name: "cpu", Meaning: "CPU units of a web task: 1024 to a virtual processor, the most that its one process can use.",
		Cost: costOfCPU,
		kind: oneNumber(func(s *Settings) *int { return &s.Size.CPU }, 256, 512, 1024),
	},
	{
		Name: "memory", Meaning: "Memory of a web task in MiB, of the sizes that Fargate offers with its `cpu`.",
		Cost: costOfMemory,
		kind: number(func(s *Settings) *int { return &s.Size.MemoryMiB }, leastMemory, mostMemory),
	},
	{
		Name: "desiredCount", Meaning: "Web tasks at rest.",
		Cost: costOfTasks,
		kind: number(func(s *Settings) *int { return &s.Size.Desired }, 1, mostTasks),
	},
	{
		Name: "maxCount", Meaning: "Web tasks at most. API Gateway lets through what these can handle.",
		Cost: "while scaled out",
		kind: number(func(s *Settings) *int { return &s.MaxCount }, 1, mostTasks),
	},
	{
		Name: "workerCpu", Meaning: "CPU units of a worker task.",
		Cost: costOfCPU,
		kind: oneNumber(func(s *Settings) *int { return &s.WorkerSize.CPU }, 256, 512, 1024, 2048, 4096),
	},
	{
		Name: "workerMemory", Meaning: "Memory of a worker task in MiB, of the sizes that Fargate offers with its `workerCpu`.",
		Cost: costOfMemory,
		kind: number(func(s *Settings) *int { return &s.WorkerSize.MemoryMiB }, leastMemory, mostMemory),
	},
	{
		Name: "workerMinCount", Meaning: "Worker tasks at rest.",
		Cost: costOfTasks,
		kind: number(func(s *Settings) *int { return &s.WorkerSize.Desired }, 1, mostTasks),
	},
	{
		Name: "workerMaxCount", Meaning: "Worker tasks at most.",
		Cost: "while scaled out",
		kind: number(func(s *Settings) *int { return &s.WorkerMaxCount }, 1, mostTasks),
	},
	{
		Name: "workerSpot", Meaning: "Runs the worker's tasks on Fargate Spot, whose tasks AWS [may take back](operations.md#a-worker-on-fargate-spot).",
		Cost: "{spot} less for the worker's tasks",
		kind: onOff(func(s *Settings) *bool { return &s.WorkerSpot }),
	},
	{
		Name: "workerHours", Unset: "always", Meaning: "The hours in which alone the worker runs. Outside of them [events wait](operations.md#a-worker-in-working-hours), and canvases don't respond.",
		Cost: "less by the hours in which the worker's tasks don't run",
		kind: object(func(s *Settings) **constructs.Hours { return &s.WorkerHours }, hours, hoursSchema, hoursAllowed),
	},
}

// What tasks cost; the names in braces are those of scale.Monthly, which
// docs/settings.md has figures for.
const (
	costOfCPU    = "{vcpu} a month for 1024"
	costOfMemory = "{gb} a month for 1024"
	costOfTasks  = "each by its CPU and memory"
)

var operationSettings = []Setting{
	{
		Name: "logLevel", Meaning: "The least level of the services' log lines.",
		Cost: "`DEBUG` writes more to CloudWatch Logs",
		kind: choice(func(s *Settings) *string { return &s.LogLevel }, "DEBUG", "INFO", "WARNING", "ERROR"),
	},
	{
		Name: "tracing", Meaning: "Traces each event from its webhook to Quilt's revision in AWS X-Ray: [where the time goes](operations.md#where-a-slow-package-spent-its-time).",
		Cost: "by the traces that are stored",
		kind: onOff(func(s *Settings) *bool { return &s.Tracing }),
	},
	{
		Name: "logRetentionDays", Meaning: "How many days logs are kept, those of the load balancer and the package bucket too.",
		Cost: "storage of the logs",
		kind: oneNumber(func(s *Settings) *int { return &s.LogRetentionDays }, constructs.LogRetentionDays()...),
	},
	{
		Name: "containerInsights", Meaning: "ECS's metrics of the cluster, its services and task families. No alarm and no graph of the stack is of them; Security Hub's control ECS.12 wants them.",
		Cost: "{container-insights} a month",
		kind: onOff(func(s *Settings) *bool { return &s.ContainerInsights }),
	},
	{
		Name: "dashboard", Meaning: "The stack's dashboard in CloudWatch; its metrics and alarms are there without it.",
		Cost: "{dashboard} a month",
		kind: onOff(func(s *Settings) *bool { return &s.Dashboard }),
	},
	{
		Name: "alarmEmail", Unset: "nobody", Meaning: "Mail address notified of alarms; AWS asks it to confirm first.",
		kind: fittingText(func(s *Settings) *string { return &s.AlarmEmail }, mailAddressFaults, mailAddressSchema, "a mail address, such as \"on-call@example.com\""),
	},
	{
		Name: "alarmTopicArn", Unset: "none", Meaning: "SNS topic notified of alarms, instead. Its own policy must let `cloudwatch.amazonaws.com` publish.",
		kind: fittingText(func(s *Settings) *string { return &s.AlarmTopicArn }, topicArn.faults, topicArn.schema(), "an SNS topic's ARN, such as \"arn:aws:sns:eu-west-1:123456789012:on-call\""),
	},
	{
		Name: "runbookUrl", Meaning: "Where the descriptions of alarms lead to, before `#` and the alarm's name: the URL of your copy of [the runbook](runbook.md).",
		kind: fittingText(func(s *Settings) *string { return &s.RunbookURL }, like(runbookURL), textLike(runbookURL.String()), "an HTTPS URL without a fragment, such as \"https://git.example.com/webhook/docs/runbook.md\""),
	},
	{
		Name: "deletionProtection", Meaning: "Keeps the stack, its load balancer and the claims table from being deleted.",
		kind: onOff(func(s *Settings) *bool { return &s.DeletionProtection }),
	},
}

// The longest times in minutes.
const (
	longestExport  = 12 * 60
	longestConfirm = 24 * 60
)

var packageSettings = []Setting{
	{
		Name: "exportEntries", Meaning: "Makes a package of each entry. `false` makes none: canvases then [only show linked packages](canvas.md#linked-packages-alone) of `linkedBuckets`.",
		kind: onOff(func(s *Settings) *bool { return &s.ExportEntries }),
	},
	{
		Name: "packagePrefix", Meaning: "First part of every package's name; the secret can't change it.",
		kind: fittingText(func(s *Settings) *string { return &s.PackagePrefix }, like(namePart), textLike(namePart.String()), "up to 100 letters, digits, - and _, such as \"benchling\""),
	},
	{
		Name: "packageBucket", Unset: "a new one", Meaning: "An existing bucket that is registered with Quilt. One of another account must [allow the worker's role](deployment.md#a-bucket-or-queue-of-another-account).",
		kind: fittingText(func(s *Settings) *string { return &s.PackageBucket }, bucketNameFaults, bucketNameSchema, "the name of an existing bucket, such as \"quilt-packages\""),
	},
	{
		Name: "packageBucketKeyArn", Unset: "none", Meaning: "The KMS key that encrypts that bucket.",
		kind: fittingText(func(s *Settings) *string { return &s.PackageBucketKeyArn }, keyArn.faults, keyArn.schema(), "the ARN of the bucket's KMS key, such as \"arn:aws:kms:eu-west-1:123456789012:key/…\""),
	},
	{
		Name: "packagingQueueArn", Unset: "a new one", Meaning: "The packaging queue of an existing Quilt stack, FIFO or not. Nobody reads a new one.",
		kind: fittingText(func(s *Settings) *string { return &s.PackagingQueueArn }, queueArn.faults, queueArn.schema(), "a queue's ARN, such as \"arn:aws:sqs:eu-west-1:123456789012:quilt-packager\""),
	},
	{
		Name: "packagingQueueKeyArn", Unset: "none", Meaning: "The KMS key that encrypts that queue.",
		kind: fittingText(func(s *Settings) *string { return &s.PackagingQueueKeyArn }, keyArn.faults, keyArn.schema(), "the ARN of the queue's KMS key, such as \"arn:aws:kms:eu-west-1:123456789012:key/…\""),
	},
	{
		Name: "quiltCatalog", Unset: "none", Meaning: "Host name of the Quilt catalog, for links on canvases.",
		kind: orEmpty(fittingText(func(s *Settings) *string { return &s.QuiltCatalog }, hostNameFaults, hostNameSchema, "a host name in lower case without https://, such as \"quilt.example.com\"")),
	},
	{
		Name: "workflow", Unset: "the registry's default", Meaning: "Quilt's workflow for the packages.",
		kind: object(func(s *Settings) **string { return &s.Workflow }, workflow, emptyOr(textLike(workflowName.String())), workflowAllowed),
	},
	{
		Name: "quiltDatabase", Unset: "none", Meaning: "Quilt's database in Athena, its output `UserAthenaDatabaseName`. Canvases then list [linked packages](canvas.md#linked-packages).",
		Cost: "queries by the bytes that they read",
		kind: fittingText(func(s *Settings) *string { return &s.Search.Database }, like(databaseName), textLike(databaseName.String()), "a database's name, such as \"userathenadatabase-0123456789ab\""),
	},
	{
		Name: "athenaWorkgroup", Meaning: "The workgroup of those queries, Quilt's output `UserAthenaWorkgroupName`. It must have a place of its own for results, or have Athena manage them.",
		kind: fittingText(func(s *Settings) *string { return &s.Search.Workgroup }, like(workgroupName), textLike(workgroupName.String()), "a workgroup's name, such as \"primary\""),
	},
	{
		Name: "athenaResults", Unset: "Athena manages them", Meaning: "Where that workgroup puts results.",
		kind: fittingText(func(s *Settings) *string { return &s.Search.Results }, like(resultsPlace), textLike(resultsPlace.String()), "the workgroup's location of results, such as \"s3://quilt-results/webhook/\""),
	},
	{
		Name: "linkedBy", Meaning: "The key of a package's metadata that has the display ID of an entry.",
		kind: fittingText(func(s *Settings) *string { return &s.Search.LinkedBy }, like(metadataKey), textLike(metadataKey.String()), "up to 100 letters, digits, - and _, such as \"experiment_id\""),
	},
	{
		Name: "linkedBuckets", Unset: "none", Meaning: "Existing buckets of Quilt's, in which canvases search for linked packages beside the package bucket. One of another account must [allow the worker's role](deployment.md#a-bucket-or-queue-of-another-account).",
		kind: object(func(s *Settings) *[]constructs.LinkedBucket { return &s.LinkedBuckets }, linkedBuckets, linkedBucketsSchema, linkedBucketsAllowed),
	},
	{
		Name: "exportTimeoutMinutes", Meaning: "After how many minutes an export that isn't done is broken off, and attempted again. Benchling may take 15 minutes to make one; raise it for exports of many gigabytes.",
		kind: minutes(func(s *Settings) *time.Duration { return &s.ExportTimeout }, longestExport),
	},
	{
		Name: "confirmWithinMinutes", Unset: confirmDefault(), Meaning: "After how many minutes a package that Quilt hasn't confirmed raises an alarm.",
		kind: minutes(func(s *Settings) *time.Duration { return &s.ConfirmWithin }, longestConfirm),
	},
}

// confirmDefault says when Quilt's confirmation is expected.
func confirmDefault() string {
	return "`" + cdkfile.Show(int(confirmWithin.Minutes())) + "` with `packagingQueueArn`, else no alarm"
}

// workflowAllowed says which names of workflows there are.
const workflowAllowed = "the key of a workflow of the registry, such as \"alpha\", or \"\" for none"

// workflow reads the name of one of Quilt's workflows; the empty text is none.
func workflow(value any) (*string, error) {
	name := ""
	if value != "" {
		var err error
		if name, err = fitting(value, like(workflowName), workflowAllowed); err != nil {
			return nil, err
		}
	}
	return &name, nil
}
