package resources

import (
	"fmt"
	"maps"
	"slices"
)

// Rule is something that must hold of what a stack deployed.
type Rule struct {
	// Name is short and unique.
	Name string
	// Source is where AWS says so, or "the project's own" with the reason.
	Source string
	// check returns what contradicts the rule, "LOGICAL_ID: FAULT" each.
	check func(d *Deployed) []string
}

// Rules returns all rules. Those of time are in Inequalities.
func Rules() []Rule {
	return slices.Concat(serviceRules, taskRules, alarmRules, scalingRules, queueRules, storageRules, removalRules)
}

// Problems returns what contradicts the rules, "RULE: LOGICAL_ID: FAULT (SOURCE)" each,
// in the order of the rules.
func Problems(d *Deployed) []string {
	var problems []string
	for _, rule := range Rules() {
		for _, fault := range rule.check(d) {
			problems = append(problems, fmt.Sprintf("%s: %s (%s)", rule.Name, fault, rule.Source))
		}
	}
	return problems
}

// every returns the faults of each resource of a map, in the order of logical IDs.
func every[T any](of func(*Deployed) map[string]T, faults func(d *Deployed, id string, it T) []string) func(*Deployed) []string {
	return func(d *Deployed) []string {
		found := of(d)
		if len(found) == 0 {
			return []string{d.Stack.Name + ": there is none"}
		}
		var all []string
		for _, id := range slices.Sorted(maps.Keys(found)) {
			for _, fault := range faults(d, id, found[id]) {
				all = append(all, id+": "+fault)
			}
		}
		return all
	}
}

// unless returns a fault where a condition doesn't hold.
func unless(holds bool, format string, arguments ...any) []string {
	if holds {
		return nil
	}
	return []string{fmt.Sprintf(format, arguments...)}
}
