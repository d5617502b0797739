package operate

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

// writeLog makes a service whose tasks write to a group of its name, and writes lines, a
// second apart from when it began.
func writeLog(ctx context.Context, t *testing.T, cloud aws.Config, service string, began time.Time, lines map[int]string) {
	t.Helper()
	logs, tasks := cloudwatchlogs.NewFromConfig(cloud), ecs.NewFromConfig(cloud)
	definition, err := tasks.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{Family: aws.String(service), ContainerDefinitions: []ecstypes.ContainerDefinition{{
		Name: aws.String(service), Image: aws.String("scratch"), Memory: aws.Int32(64),
		LogConfiguration: &ecstypes.LogConfiguration{LogDriver: ecstypes.LogDriverAwslogs, Options: map[string]string{"awslogs-group": service + "-log"}}}}})
	assert.NilError(t, err)
	_, err = tasks.CreateService(ctx, &ecs.CreateServiceInput{Cluster: aws.String("cluster"), ServiceName: aws.String(service), DesiredCount: aws.Int32(0),
		TaskDefinition: definition.TaskDefinition.TaskDefinitionArn})
	assert.NilError(t, err)
	_, err = logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(service + "-log")})
	assert.NilError(t, err)
	_, err = logs.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String(service + "-log"), LogStreamName: aws.String("task")})
	assert.NilError(t, err)
	var events []types.InputLogEvent
	for second := range 10 {
		if line, is := lines[second]; is {
			at := began.Add(time.Duration(second) * time.Second)
			line = strings.Replace(line, "{", fmt.Sprintf(`{"timestamp": %q, "level": "info", `, at.Format("2006-01-02T15:04:05.000000Z")), 1)
			events = append(events, types.InputLogEvent{Timestamp: aws.Int64(at.UnixMilli()), Message: aws.String(line)})
		}
	}
	_, err = logs.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String(service + "-log"), LogStreamName: aws.String("task"), LogEvents: events})
	assert.NilError(t, err)
}

// TestLogsFollowAnEvent writes the lines of two entries and three webhooks, and follows
// one through both services.
func TestLogsFollowAnEvent(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, _ := start(ctx, t)
	assert.ErrorContains(t, Logs(ctx, "dev", LogsOptions{Since: time.Hour}, nil), `stack "BenchlingWebhook-dev"`)
	emulatortest.MakeStack(ctx, t, cloud, "BenchlingWebhook-dev", connectedTemplate)
	_, err := ecs.NewFromConfig(cloud).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: aws.String("cluster")})
	assert.NilError(t, err)
	began := time.Now().UTC().Add(-10 * time.Minute).Truncate(time.Second)
	writeLog(ctx, t, cloud, "web", began, map[int]string{
		0: `{"event": "request.completed", "webhook_id": "wh_0", "entry_id": "etr_1", "status": 200}`,
		2: `{"event": "request.completed", "webhook_id": "wh_1", "entry_id": "etr_1", "status": 200, "outcome": "accepted", "former_event": "answered"}`,
		3: `{"event": "request.completed", "webhook_id": "wh_11", "entry_id": "etr_11", "status": 200}`,
		4: `{"event": "metric", "_aws": {}}`,
	})
	writeLog(ctx, t, cloud, "work", began, map[int]string{
		1: `{"event": "package.confirmed", "entry_id": "etr_1", "top_hash": "0000"}`,
		5: `{"event": "event.started", "webhook_id": "wh_1", "entry_id": "etr_1", "attempt": 1}`,
		6: `{"event": "package.confirmed", "entry_id": "etr_1", "package": "benchling/EXP-1", "reason": "all of etr_11 <is> well"}`,
		7: `{"event": "package.confirmed", "entry_id": "etr_11"}`,
		8: `Killed`,
	})
	logs := func(options LogsOptions) string {
		var out bytes.Buffer
		options.Since = time.Hour
		assert.NilError(t, Logs(ctx, "dev", options, &out))
		return strings.ReplaceAll(out.String(), began.Format("2006-01-02T15:04"), "T")
	}
	at := func(second int) string {
		return strings.ReplaceAll(began.Add(time.Duration(second)*time.Second).Format("2006-01-02T15:04:05.000Z"), began.Format("2006-01-02T15:04"), "T")
	}
	want := at(2) + "  web     info      request.completed  entry_id=etr_1  outcome=accepted  status=200  webhook_id=wh_1\n" +
		at(5) + "  worker  info      event.started  attempt=1  entry_id=etr_1  webhook_id=wh_1\n" +
		at(6) + `  worker  info      package.confirmed  entry_id=etr_1  package="benchling/EXP-1"  reason="all of etr_11 <is> well"` + "\n"
	assert.Equal(t, logs(LogsOptions{Webhook: "wh_1"}), want)
	assert.Equal(t, logs(LogsOptions{Entry: "etr_1"}),
		at(0)+"  web     info      request.completed  entry_id=etr_1  status=200  webhook_id=wh_0\n"+
			at(1)+"  worker  info      package.confirmed  entry_id=etr_1  top_hash=0000\n"+want)
	all := logs(LogsOptions{})
	assert.Equal(t, strings.Count(all, "\n"), 8, all)
	assert.Check(t, strings.HasSuffix(all, "  worker  Killed\n"), all)
	assert.Check(t, strings.HasPrefix(logs(LogsOptions{Webhook: "wh_11", JSON: true}), `{"timestamp": "`))

	assert.Error(t, Logs(ctx, "dev", LogsOptions{Entry: "etr_9", Since: time.Hour}, nil), "no log line of the entry etr_9 in the last 1h0m0s; look further back with --since 24h (make: SINCE=24h)")
	assert.ErrorContains(t, Logs(ctx, "dev", LogsOptions{Webhook: "wh_1", Since: time.Minute}, nil), "no log line of the webhook wh_1")
}

func TestLogsRefuse(t *testing.T) {
	for want, options := range map[string]LogsOptions{
		"--entry and --webhook: write one of them":                          {Entry: "etr_1", Webhook: "wh_1", Since: 1},
		`"etr_1\" ?": no ID; write one as log lines have it, such as etr_…`: {Entry: `etr_1" ?`, Since: 1},
		"--since 0s: no time; write one such as 15m or 24h":                 {},
	} {
		assert.Error(t, Logs(t.Context(), "dev", options, nil), want)
	}
}
