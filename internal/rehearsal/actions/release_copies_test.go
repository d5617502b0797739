package actions

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func deployedTask() types.TaskDefinition {
	return types.TaskDefinition{
		TaskDefinitionArn: aws.String("task:1"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Command:      []string{"python", "-m", "src.worker"},
			HealthCheck:  &types.HealthCheck{Command: []string{"CMD", "true"}, Interval: aws.Int32(30), Retries: aws.Int32(3)},
			PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(5000)}},
			Environment:  []types.KeyValuePair{{Name: aws.String("PORT"), Value: aws.String("5000")}, {Name: aws.String("OTHER"), Value: aws.String("a")}},
		}},
	}
}

// TestReleasesAreCopies changes none of what is deployed.
func TestReleasesAreCopies(t *testing.T) {
	for name, release := range map[string]func(types.TaskDefinition) types.TaskDefinition{
		"task:1-elsewhere": listeningElsewhere,
		"task:1-failing":   failingEveryExport,
		"task:1-next":      func(of types.TaskDefinition) types.TaskDefinition { return anotherRelease(of, "next") },
	} {
		of := deployedTask()
		made := release(of)
		assert.Equal(t, *made.TaskDefinitionArn, name)
		check := made.ContainerDefinitions[0].HealthCheck
		assert.Equal(t, *check.Interval, int32(soonChecked))
		assert.Equal(t, *check.Retries, int32(3))
		after, before := of.ContainerDefinitions[0], deployedTask().ContainerDefinitions[0]
		assert.DeepEqual(t, after.Command, before.Command)
		assert.Equal(t, *after.HealthCheck.Interval, *before.HealthCheck.Interval)
		assert.Equal(t, *after.Environment[0].Value, "5000")
	}
}

func TestListeningElsewhere(t *testing.T) {
	made := listeningElsewhere(deployedTask()).ContainerDefinitions[0]
	set := map[string]string{}
	for _, pair := range made.Environment {
		set[*pair.Name] = *pair.Value
	}
	assert.DeepEqual(t, set, map[string]string{"PORT": "5001", "OTHER": "a"})
	assert.Equal(t, len(made.Environment), 2)
	assert.Equal(t, *made.PortMappings[0].ContainerPort, int32(5000))
}

// TestCannotExport looks for what the release takes away in the module that it takes it
// from: otherwise it would be a release without a fault.
func TestCannotExport(t *testing.T) {
	taken := regexp.MustCompile(`exporter\.(\w+) = None`).FindStringSubmatch(cannotExport)
	assert.Assert(t, taken != nil)
	module, err := os.ReadFile("../../../docker/src/export/exporter.py")
	assert.NilError(t, err)
	assert.Check(t, cmp.Contains(string(module), "= "+taken[1]+"("))
	command := failingEveryExport(deployedTask()).ContainerDefinitions[0].Command
	assert.Equal(t, strings.Join(command[:2], " "), "python -c")
}
