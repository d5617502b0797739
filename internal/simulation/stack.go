// Package simulation evaluates a synthesized template's alarms and scaling
// policies over series of metrics, and plays a day of events through a model of
// the queue and its worker, so that the stack's own figures are tried before
// anything is deployed. A new figure in the template needs no change here.
package simulation

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"benchlingwebhook/internal/cfn"
)

// Stack is what a stack's synthesized template says of alarms and of scaling.
type Stack struct {
	// Alarms are sorted by name.
	Alarms []Alarm
	// Composites are sorted by name.
	Composites []Composite
	// Targets are sorted by name.
	Targets []Target

	template cfn.Template
}

// Read returns a template's alarms and scaling. What the simulator doesn't know
// is an error that names the resource: all of them at once.
func Read(text []byte) (Stack, error) {
	template, err := cfn.Read(text)
	if err != nil {
		return Stack{}, err
	}
	stack := Stack{template: template}
	var problems []error
	var policies []policy
	for _, r := range template.All() {
		var err error
		switch r.Type {
		case "AWS::CloudWatch::Alarm":
			var a Alarm
			a, err = readAlarm(r)
			stack.Alarms = append(stack.Alarms, a)
		case "AWS::CloudWatch::CompositeAlarm":
			var c Composite
			c, err = readComposite(r)
			stack.Composites = append(stack.Composites, c)
		case "AWS::ApplicationAutoScaling::ScalableTarget":
			var t Target
			t, err = readTarget(r)
			stack.Targets = append(stack.Targets, t)
		case "AWS::ApplicationAutoScaling::ScalingPolicy":
			var p policy
			p, err = readPolicy(r)
			policies = append(policies, p)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", r.ID, err))
		}
	}
	for i, target := range stack.Targets {
		for _, p := range policies {
			if p.target == target.Name {
				stack.Targets[i].policies = append(stack.Targets[i].policies, p)
			}
		}
	}
	return stack, errors.Join(problems...)
}

// Alarm returns the alarm whose name begins with a prefix, which CDK completes by
// a hash.
func (s Stack) Alarm(prefix string) (Alarm, error) {
	return one(s.Alarms, prefix, func(a Alarm) string { return a.Name })
}

// Target returns what scales whose name begins with a prefix.
func (s Stack) Target(prefix string) (Target, error) {
	return one(s.Targets, prefix, func(target Target) string { return target.Name })
}

// Queue returns the metrics' dimension of the queue whose name begins with a
// prefix.
func (s Stack) Queue(prefix string) (string, error) {
	queue, err := one(s.template.OfType("AWS::SQS::Queue"), prefix, func(r cfn.Resource) string { return r.ID })
	return "QueueName=" + queue.ID + ".QueueName", err
}

func one[T any](all []T, prefix string, name func(T) string) (T, error) {
	var found []T
	for _, it := range all {
		if strings.HasPrefix(name(it), prefix) {
			found = append(found, it)
		}
	}
	if len(found) != 1 {
		var none T
		return none, fmt.Errorf("%d resources of the template begin with %q: name one", len(found), prefix)
	}
	return found[0], nil
}

// dimension is one of a metric's, in CloudFormation's form.
type dimension struct {
	Name  string
	Value any
}

// dimensionsOf returns dimensions as one text that is the same for the same
// metric: a reference reads as its logical ID and attribute.
func dimensionsOf(dimensions []dimension) string {
	var parts []string
	for _, d := range dimensions {
		parts = append(parts, d.Name+"="+cfn.Text(d.Value))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}
