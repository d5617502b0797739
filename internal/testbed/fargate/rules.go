package fargate

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// rule is one by which ECS refuses a task definition for Fargate.
type rule struct {
	// name is what the rule is about.
	name string
	// remedy is what to do where it is broken.
	remedy string
	// faults returns what breaks it, with its place in the definition.
	faults func(types.TaskDefinition) []string
}

// rules are all rules, in the order in which their faults are reported.
var rules = slices.Concat(unsupported, sizes, figures, names, roles, logs, dependencies, limitations)

// broken returns what of a definition breaks rules, one line each.
func broken(rules []rule, definition types.TaskDefinition) []string {
	var found []string
	for _, rule := range rules {
		for _, fault := range rule.faults(definition) {
			found = append(found, fault+": "+rule.remedy)
		}
	}
	return found
}

// inEach returns a rule's faults in every container of a definition.
func inEach(faults func(types.ContainerDefinition) []string) func(types.TaskDefinition) []string {
	return func(definition types.TaskDefinition) []string {
		var found []string
		for _, c := range definition.ContainerDefinitions {
			for _, fault := range faults(c) {
				found = append(found, fmt.Sprintf("container %s: %s", aws.ToString(c.Name), fault))
			}
		}
		return found
	}
}

// where returns a fault where something is so.
func where(is bool, format string, values ...any) []string {
	if !is {
		return nil
	}
	return []string{fmt.Sprintf(format, values...)}
}
