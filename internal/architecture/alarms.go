package architecture

import (
	"fmt"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// Alarm is one of a template's, in words.
type Alarm struct {
	// Name is the logical ID without its construct's name and CDK's hash.
	Name string
	// Description is what CloudWatch shows and sends, without its end.
	Description string
	// Runbook is that end: where the alarm's section is. Empty is none.
	Runbook string
	// Condition says when it goes off.
	Condition string
	// Action says what follows by itself.
	Action string
}

// runbookBegins is what an alarm's description has before its section in the runbook.
const runbookBegins = " Runbook: "

// hashLength is that of CDK's hash at the end of a logical ID.
const hashLength = 8

// Alarms returns the alarms of templates, each once by its name, composite ones first, in
// the order of their logical IDs.
func Alarms(templates ...*Template) []Alarm {
	var all []Alarm
	for _, t := range templates {
		for _, id := range slices.Concat(t.ids(compositeType), t.ids(alarmType)) {
			description, runbook, _ := strings.Cut(fmt.Sprint(t.at(id, "AlarmDescription")), runbookBegins)
			a := Alarm{alarmName(id), strings.TrimSuffix(description, "."), runbook, t.condition(id), t.action(id)}
			if !slices.ContainsFunc(all, func(other Alarm) bool { return other.Name == a.Name }) {
				all = append(all, a)
			}
		}
	}
	return all
}

func alarmName(id string) string {
	name := id[:max(len(id)-hashLength, 0)]
	for _, construct := range []string{"OperatorAlarms", "WorkerServiceTaskCountTarget", "Alarms"} {
		if short, found := strings.CutPrefix(name, construct); found {
			return short
		}
	}
	return name
}

// condition says when an alarm goes off, such as "5 or more, in 2 periods of 1 min".
func (t *Template) condition(id string) string {
	if t.Resources[id].Type == compositeType {
		return "any of " + strings.Join(t.children(id), ", ")
	}
	side := "or more"
	if strings.HasPrefix(fmt.Sprint(t.at(id, "ComparisonOperator")), "LessThan") {
		side = "or less"
	}
	of := fmt.Sprintf("%v %s", t.at(id, "Threshold"), side)
	periods, minutes := t.number(id, "EvaluationPeriods"), t.period(id)/60
	of += fmt.Sprintf(", in %d periods of %d min", periods, minutes)
	if periods == 1 {
		of = fmt.Sprintf("%v %s, in %d min", t.at(id, "Threshold"), side, minutes)
	}
	if t.Resources[id].Properties["TreatMissingData"] == "breaching" {
		of += ", or no data"
	}
	return of
}

// children returns the names of the alarms of which a composite alarm is. One with
// another rule than any of several is a problem.
func (t *Template) children(id string) []string {
	var names []string
	rule := cfn.Text(t.at(id, "AlarmRule"))
	for _, child := range t.ids(alarmType) {
		term := `ALARM("` + child + `.Arn")`
		if strings.Contains(rule, term) {
			names = append(names, alarmName(child))
			rule = strings.Replace(rule, term, "", 1)
		}
	}
	if rest := strings.Trim(strings.ReplaceAll(rule, " OR ", ""), "()"); rest != "" || len(names) == 0 {
		t.problems = append(t.problems, fmt.Errorf("%s: AlarmRule %q isn't any of the stack's alarms", id, rest))
	}
	return names
}

// period returns an alarm's period in seconds: its own, or that of the metrics that
// its expression uses.
func (t *Template) period(id string) int {
	if t.Resources[id].Properties["Period"] != nil {
		return t.number(id, "Period")
	}
	metrics, _ := t.at(id, "Metrics").([]any)
	for i, metric := range metrics {
		if of, _ := metric.(map[string]any); of["MetricStat"] != nil {
			return t.number(id, "Metrics", i, "MetricStat", "Period")
		}
	}
	t.problems = append(t.problems, fmt.Errorf("%s: no period", id))
	return 0
}

// action says what follows when an alarm goes off.
func (t *Template) action(id string) string {
	for _, service := range t.ids(serviceType) {
		if refersTo(t.at(service, "DeploymentConfiguration", "Alarms", "AlarmNames"), id) {
			return "notifies people, and takes back a deployment of the " + serviceName(service) + " that is under way"
		}
	}
	for _, policy := range t.ids("AWS::ApplicationAutoScaling::ScalingPolicy") {
		if refersTo(t.Resources[id].Properties["AlarmActions"], policy) {
			return "scales the worker"
		}
	}
	return "notifies people"
}

func serviceName(id string) string {
	if strings.HasPrefix(id, "Worker") {
		return "worker"
	}
	return "web service"
}

// AlarmTable returns the alarms as a table in Markdown, with links into the runbook.
func AlarmTable(alarms []Alarm) string {
	var table strings.Builder
	table.WriteString("| Alarm | What it says | Goes off at | What follows |\n|---|---|---|---|\n")
	for _, a := range alarms {
		fmt.Fprintf(&table, "| [%s](runbook.md#%s) | %s | %s | %s |\n", a.Name, strings.ToLower(a.Name), a.Description, a.Condition, a.Action)
	}
	return table.String()
}
