package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"benchlingwebhook/internal/deployed"
	"benchlingwebhook/stacks"
)

// LogsOptions say which log lines are wanted.
type LogsOptions struct {
	// Entry and Webhook are IDs; of both, one at most is given. Neither takes every line.
	Entry, Webhook string
	// Since is how far back the lines go.
	Since time.Duration
	// JSON prints the lines as the services wrote them.
	JSON bool
}

// benchlingID is the pattern of the IDs that log lines have.
var benchlingID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Logs prints the log lines of both services, merged by time: those of an entry, or of a
// webhook and what followed from it. It is an error if there is none.
func Logs(ctx context.Context, environment string, options LogsOptions, out io.Writer) error {
	if err := options.check(); err != nil {
		return err
	}
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	groups, err := logGroups(ctx, cloud, stacks.StackName(environment))
	if err != nil {
		return err
	}
	search := logSearch{client: cloudwatchlogs.NewFromConfig(cloud), groups: groups, from: time.Now().Add(-options.Since)}
	lines, err := search.linesOf(ctx, options)
	if err != nil {
		return err
	}
	for _, line := range lines {
		text := line.String()
		if options.JSON {
			text = line.message
		}
		if _, err := fmt.Fprintln(out, text); err != nil {
			return err
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("no log line%s in the last %s; look further back with --since 24h (make: SINCE=24h)", options.subject(), options.Since)
	}
	return nil
}

func (o LogsOptions) check() error {
	switch id := o.Entry + o.Webhook; {
	case o.Entry != "" && o.Webhook != "":
		return errors.New("--entry and --webhook: write one of them")
	case id != "" && !benchlingID.MatchString(id):
		return fmt.Errorf("%q: no ID; write one as log lines have it, such as etr_…", id)
	case o.Since <= 0:
		return fmt.Errorf("--since %s: no time; write one such as 15m or 24h", o.Since)
	}
	return nil
}

// subject says of what the lines are, after a space.
func (o LogsOptions) subject() string {
	switch {
	case o.Entry != "":
		return " of the entry " + o.Entry
	case o.Webhook != "":
		return " of the webhook " + o.Webhook
	}
	return ""
}

// logGroups returns the log groups of both services, by the services' short names: those
// to which their tasks write now.
func logGroups(ctx context.Context, cloud aws.Config, name string) (map[string]string, error) {
	stack, err := deployed.Read(ctx, cloud, name)
	if err != nil {
		return nil, err
	}
	groups := map[string]string{}
	var problems []error
	for service, output := range map[string]string{"web": "ServiceName", workerService: "WorkerServiceName"} {
		if stack.Outputs[output] == "" {
			problems = append(problems, fmt.Errorf("stack %q: no output %s: deploy the stack of this version first", name, output))
			continue
		}
		group, err := logGroupOf(ctx, cloud, stack.Outputs["ClusterName"], stack.Outputs[output])
		problems = append(problems, err)
		groups[service] = group
	}
	return groups, errors.Join(problems...)
}

// logSearch reads log lines from a time on.
type logSearch struct {
	client *cloudwatchlogs.Client
	// groups are the log groups by the services' short names.
	groups map[string]string
	from   time.Time
}

// linesOf returns what the options want, by time. A webhook's lines are those with its ID,
// and those of its entry that no webhook has, such as Quilt's confirmation.
func (s logSearch) linesOf(ctx context.Context, options LogsOptions) ([]logLine, error) {
	id := options.Entry + options.Webhook
	lines, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if options.Webhook == "" {
		return slices.DeleteFunc(lines, func(l logLine) bool { return id != "" && l.text("entry_id") != id }), nil
	}
	lines = slices.DeleteFunc(lines, func(l logLine) bool { return l.text("webhook_id") != id })
	if len(lines) == 0 {
		return nil, nil
	}
	var entry string
	for _, line := range lines {
		entry = max(entry, line.text("entry_id"))
	}
	if entry == "" {
		return lines, nil
	}
	began := lines[0].at
	all, err := s.find(ctx, entry)
	return slices.DeleteFunc(all, func(l logLine) bool {
		return l.text("webhook_id") != id && (l.text("webhook_id") != "" || l.text("entry_id") != entry || l.at.Before(began))
	}), err
}

// find returns the lines of both services that have a term, by time; metrics aside. Of
// lines with the same time, those of the web service, where events come from, are first.
//
// Sources: the model of CloudWatch Logs, FilterLogEvents; Amazon CloudWatch Logs User
// Guide, filter patterns: a term in double quotes is matched as it is.
func (s logSearch) find(ctx context.Context, term string) ([]logLine, error) {
	var lines []logLine
	for service, group := range s.groups {
		input := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(group), StartTime: aws.Int64(s.from.UnixMilli())}
		if term != "" {
			input.FilterPattern = aws.String(`"` + term + `"`)
		}
		pages := cloudwatchlogs.NewFilterLogEventsPaginator(s.client, input)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, refused("logs:FilterLogEvents", group, err)
			}
			for _, event := range page.Events {
				line := newLogLine(service, aws.ToString(event.Message), time.UnixMilli(aws.ToInt64(event.Timestamp)))
				if line.text("event") != "metric" {
					lines = append(lines, line)
				}
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b logLine) int {
		if order := a.at.Compare(b.at); order != 0 {
			return order
		}
		return strings.Compare(a.service, b.service)
	})
	return lines, nil
}

// logLine is a line of a service.
type logLine struct {
	service, message string
	at               time.Time
	// fields are the line's own; none of a line that isn't a JSON object.
	fields map[string]any
}

// newLogLine reads a line. Its time is the one that it has itself, to the microsecond, or
// else CloudWatch's.
func newLogLine(service, message string, at time.Time) logLine {
	line := logLine{service: service, message: strings.TrimSpace(message), at: at.UTC()}
	_ = json.Unmarshal([]byte(message), &line.fields)
	if own, err := time.Parse(time.RFC3339Nano, line.text("timestamp")); err == nil {
		line.at = own.UTC()
	}
	return line
}
