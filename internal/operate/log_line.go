package operate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// text returns a field that is a text, or nothing.
func (l logLine) text(name string) string {
	text, _ := l.fields[name].(string)
	return text
}

// apart are the fields that stand apart from the others, or are of no use to a reader.
var apart = []string{"timestamp", "level", "event", "former_event"}

// String returns the line for a person: time, service, level, event, and the other fields
// by name.
func (l logLine) String() string {
	begins := l.at.Format("2006-01-02T15:04:05.000Z") + "  " + fmt.Sprintf("%-6s", l.service)
	if l.fields == nil {
		return begins + "  " + l.message
	}
	all := []string{begins, fmt.Sprintf("%-8s", l.text("level")), l.text("event")}
	for _, name := range slices.Sorted(maps.Keys(l.fields)) {
		if !slices.Contains(apart, name) {
			all = append(all, name+"="+shown(l.fields[name]))
		}
	}
	return strings.Join(all, "  ")
}

// shown returns a field's value: a text of one word as it is, anything else as JSON.
func shown(value any) string {
	if text, isText := value.(string); isText && benchlingID.MatchString(text) {
		return text
	}
	text, err := encode(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// logGroupOf returns the log group to which a service's tasks write.
func logGroupOf(ctx context.Context, cloud aws.Config, cluster, service string) (string, error) {
	client := ecs.NewFromConfig(cloud)
	found, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String(cluster), Services: []string{service}})
	if err != nil {
		return "", refused("ecs:DescribeServices", service, err)
	}
	if len(found.Services) == 0 {
		return "", fmt.Errorf("%s: no such service in the cluster %s; deploy the stack first", service, cluster)
	}
	definition := aws.ToString(found.Services[0].TaskDefinition)
	task, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String(definition)})
	if err != nil {
		return "", refused("ecs:DescribeTaskDefinition", definition, err)
	}
	for _, container := range task.TaskDefinition.ContainerDefinitions {
		if to := container.LogConfiguration; to != nil && to.Options["awslogs-group"] != "" {
			return to.Options["awslogs-group"], nil
		}
	}
	return "", fmt.Errorf("%s: its tasks write to no log group; deploy the stack of this version first", definition)
}
