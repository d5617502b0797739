package fargate

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// conditions are those that a dependency can have.
var conditions = types.ContainerCondition("").Values()

// dependencies are the rules of essential and dependsOn.
//
// Source: ECS API reference, ContainerDefinition and ContainerDependency.
var dependencies = []rule{
	{"essential", "make one essential", func(d types.TaskDefinition) []string {
		none := !slices.ContainsFunc(d.ContainerDefinitions, isEssential)
		return where(len(d.ContainerDefinitions) > 0 && none, "no container is essential")
	}},
	{"dependsOn", "name another container of the task, that can meet the condition", func(d types.TaskDefinition) []string {
		return inEach(func(c types.ContainerDefinition) []string {
			var found []string
			for _, dependency := range c.DependsOn {
				found = append(found, unmet(d, dependency)...)
			}
			return found
		})(d)
	}},
	{"circle of dependsOn", "take one of them out", func(d types.TaskDefinition) []string {
		_, circle := startOrder(d.ContainerDefinitions)
		return where(len(circle) > 0, "dependsOn goes round: %s", strings.Join(circle, ", "))
	}},
}

// isEssential says whether the task ends with a container; unless the definition says
// otherwise, it does.
func isEssential(c types.ContainerDefinition) bool { return c.Essential == nil || *c.Essential }

// awaitsEnd says whether a dependency is met when its container has ended.
func awaitsEnd(dependency types.ContainerDependency) bool {
	return dependency.Condition == types.ContainerConditionComplete || dependency.Condition == types.ContainerConditionSuccess
}

// unmet returns why a dependency can't be met.
func unmet(d types.TaskDefinition, dependency types.ContainerDependency) []string {
	name, condition := aws.ToString(dependency.ContainerName), dependency.Condition
	i := slices.IndexFunc(d.ContainerDefinitions, func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == name })
	if i < 0 {
		return where(true, "dependsOn %q: no such container", name)
	}
	on := d.ContainerDefinitions[i]
	return slices.Concat(
		where(!slices.Contains(conditions, condition), "dependsOn %q: condition %q", name, condition),
		where(condition == types.ContainerConditionHealthy && on.HealthCheck == nil, "dependsOn %q: HEALTHY, and it has no health check", name),
		where(awaitsEnd(dependency) && isEssential(on), "dependsOn %q: %s, and it is essential", name, condition),
	)
}

// startOrder returns containers so that each comes after those that it depends on, and
// otherwise as they are; and the names of those that wait for each other.
func startOrder(all []types.ContainerDefinition) (ordered []types.ContainerDefinition, circle []string) {
	waiting := slices.Clone(all)
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(c types.ContainerDefinition) bool {
			return !slices.ContainsFunc(c.DependsOn, func(dependency types.ContainerDependency) bool {
				return slices.ContainsFunc(waiting, func(other types.ContainerDefinition) bool {
					return aws.ToString(other.Name) == aws.ToString(dependency.ContainerName)
				})
			})
		})
		if i < 0 {
			for _, c := range waiting {
				circle = append(circle, aws.ToString(c.Name))
			}
			return ordered, circle
		}
		ordered = append(ordered, waiting[i])
		waiting = slices.Delete(waiting, i, i+1)
	}
	return ordered, nil
}
