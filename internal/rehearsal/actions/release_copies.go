package actions

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// soonChecked is the shortest interval of a health check, in seconds.
// Source: ECS API reference, HealthCheck.
const soonChecked = 5

// cannotExport runs the worker with a module of the service's that isn't what its callers
// take it for, as a release does in which somebody overlooked one of them.
const cannotExport = `import runpy
from src.export import exporter
exporter.package_of = None
runpy.run_module("src.worker", run_name="__main__", alter_sys=True)`

// anotherRelease returns a definition of another name that is checked sooner.
func anotherRelease(of types.TaskDefinition, name string) types.TaskDefinition {
	of.TaskDefinitionArn = aws.String(aws.ToString(of.TaskDefinitionArn) + "-" + name)
	of.ContainerDefinitions = slices.Clone(of.ContainerDefinitions)
	for i := range of.ContainerDefinitions {
		c := &of.ContainerDefinitions[i]
		c.Environment = slices.Clone(c.Environment)
		if c.HealthCheck != nil {
			sooner := *c.HealthCheck
			sooner.Interval = aws.Int32(soonChecked)
			c.HealthCheck = &sooner
		}
	}
	return of
}

// listeningElsewhere returns a release whose first container listens on another port than
// its mapping and its health check have.
func listeningElsewhere(of types.TaskDefinition) types.TaskDefinition {
	release := anotherRelease(of, "elsewhere")
	c := &release.ContainerDefinitions[0]
	port := strconv.Itoa(int(aws.ToInt32(c.PortMappings[0].ContainerPort)) + 1)
	c.Environment = slices.DeleteFunc(c.Environment, func(pair types.KeyValuePair) bool { return aws.ToString(pair.Name) == "PORT" })
	c.Environment = append(c.Environment, types.KeyValuePair{Name: aws.String("PORT"), Value: &port})
	return release
}

// failingEveryExport returns a release of the worker that is healthy and makes no package.
func failingEveryExport(of types.TaskDefinition) types.TaskDefinition {
	release := anotherRelease(of, "failing")
	release.ContainerDefinitions[0].Command = []string{"python", "-c", cannotExport}
	return release
}
