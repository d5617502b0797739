package scale

import (
	"cmp"
	"fmt"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// Quota is a limit, and the rate of events at which it is met.
type Quota struct {
	Name string
	// Rate is in events a second, one package each.
	Rate float64
	// Change says what lifts it, Source where it is written.
	Change, Source string
}

// Limits of others. AWS's are defaults, for an account and region where nothing
// else is said.
const (
	benchlingRequests, benchlingSeconds = 300, 30
	fargateVCPU                         = 6
	tasksOfService                      = 5000
	tasksOfSetting                      = 100
	fifoCalls                           = 300
	fifoInFlight                        = 120_000
	newTableWrites, tableWrites         = 4000, 40_000
	putsOfPrefix                        = 3500
	apiRequests                         = 10_000
)

// Quotas returns what an environment's template meets on the way to more events,
// the first first. An export takes as long as in the simulated day.
func Quotas(template cfn.Template) ([]Quota, error) {
	webSize, err := SizeOf(template, web)
	if err != nil {
		return nil, err
	}
	size, err := SizeOf(template, worker)
	if err != nil {
		return nil, err
	}
	stage, err := only(template, "AWS::ApiGatewayV2::Stage", "")
	if err != nil {
		return nil, err
	}
	throttle, _ := cfn.At(stage.Properties, "RouteSettings", "POST /event", "ThrottlingRateLimit").(float64)
	perTask := exportThreads / meanExport()
	fargateTasks := (fargateVCPU - float64(webSize.Least)*webSize.CPU) / size.CPU
	const sqs = "[SQS's quotas](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)"
	const dynamodb = "[on-demand mode](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)"
	all := []Quota{
		{fmt.Sprintf("Fargate: %d vCPU on demand, in an account that asked for no more", fargateVCPU), fargateTasks * perTask,
			"Ask Service Quotas for more", "[ECS's quotas](https://docs.aws.amazon.com/general/latest/gr/ecs-service.html)"},
		{fmt.Sprintf("`workerMaxCount`: %d tasks of %d exports", size.Most, exportThreads), float64(size.Most) * perTask, fmt.Sprintf("Raise it, to %d at most", tasksOfSetting), "cdk.json"},
		{fmt.Sprintf("Benchling: %d requests in %d s for an app, %d or more a package", benchlingRequests, benchlingSeconds, callsOfBenchling),
			float64(benchlingRequests) / benchlingSeconds / callsOfBenchling, "Ask Benchling, or spread the entries over apps and stacks; tasks don't help", "[Benchling's limits](https://docs.benchling.com/docs/rate-limiting)"},
		{fmt.Sprintf("`workerMaxCount` of %d, the most that it takes", tasksOfSetting), tasksOfSetting * perTask, "More exports in a task (`WORKER_CONCURRENCY`, 32 at most, and memory for them), then `mostTasks` in `stacks/settings_table.go`", "stacks/settings_table.go"},
		{fmt.Sprintf("S3: %d writes a second for a prefix, %d a package", putsOfPrefix, callsS3Put), float64(putsOfPrefix) / callsS3Put,
			"S3 divides a prefix by itself as the rate grows; until then it answers 503, and the worker tries again", "[S3's guide](https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html)"},
		{fmt.Sprintf("SQS: %d calls a second of a kind for a FIFO queue, and a worker receives and deletes events one by one", fifoCalls), fifoCalls,
			"High throughput for the queue of events (`FifoThroughputLimit`), and receives of ten", sqs},
		{fmt.Sprintf("ECS: %d tasks of a service", tasksOfService), tasksOfService * perTask, "More exports in a task", "[ECS's quotas](https://docs.aws.amazon.com/general/latest/gr/ecs-service.html)"},
		{fmt.Sprintf("DynamoDB: %d writes a second of a new table, %d a package", newTableWrites, writeUnits), float64(newTableWrites) / writeUnits,
			"It doubles by itself within half an hour; or warm throughput", dynamodb},
		{fmt.Sprintf("API Gateway: %.0f a second for the route, what %d web tasks handle", throttle, webSize.Most), throttle, "`maxCount`, `cpu`", "constructs/capacity.go"},
		{fmt.Sprintf("SQS: %d events in work for a FIFO queue", fifoInFlight), fifoInFlight / meanExport(), "More queues", sqs},
		{fmt.Sprintf("DynamoDB: %d writes a second of a table", tableWrites), float64(tableWrites) / writeUnits, "Ask Service Quotas for more", dynamodb},
		{fmt.Sprintf("API Gateway: %d requests a second", apiRequests), apiRequests, "Ask Service Quotas for more", "[API Gateway's quotas](https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)"},
	}
	slices.SortStableFunc(all, func(a, b Quota) int { return cmp.Compare(a.Rate, b.Rate) })
	return all, nil
}
