package fargate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

// whole returns a definition of two containers that Fargate takes.
func whole() types.TaskDefinition {
	d := definition(
		types.ContainerDefinition{
			Name: aws.String("web"), Image: aws.String("a"), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(5000)}},
			Secrets: []types.Secret{{Name: aws.String("SECRET"), ValueFrom: aws.String("arn:secret")}},
			LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
				"awslogs-group": "group", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web", "mode": "non-blocking",
			}},
		},
		types.ContainerDefinition{Name: aws.String("side"), Image: aws.String("b")},
	)
	d.Cpu, d.Memory = aws.String("1024"), aws.String("2048")
	return d
}

// TestRules breaks one rule at a time.
func TestRules(t *testing.T) {
	assert.DeepEqual(t, broken(rules, whole()), []string(nil))
	for _, rule := range rules {
		assert.Check(t, len(cases[rule.name]) > 0, "no case breaks the rule %q", rule.name)
	}
	assert.Equal(t, len(cases), len(rules), "two rules of one name, or a case of none")
	for name, all := range cases {
		for _, c := range all {
			t.Run(name+"/"+c.fault, func(t *testing.T) {
				d := whole()
				c.change(&d)
				found := broken(rules, d)
				assert.Assert(t, len(found) == 1, "%q", found)
				assert.Assert(t, strings.HasPrefix(found[0], c.fault), "%q doesn't begin with %q", found[0], c.fault)
			})
		}
	}
}

// resolved returns a template's value with a text for everything that is known when it
// is deployed.
func resolved(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = resolved(v[i])
		}
	case map[string]any:
		for key := range v {
			if key == "Ref" || strings.HasPrefix(key, "Fn::") {
				return "resolved"
			}
			v[key] = resolved(v[key])
		}
	}
	return value
}

// TestDeployedDefinitionsPass holds every task definition that the stack has, in any
// shape, against the rules.
func TestDeployedDefinitionsPass(t *testing.T) {
	files, err := filepath.Glob("../../../stacks/testdata/*.template.json")
	assert.NilError(t, err)
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		var template struct {
			Resources map[string]struct {
				Type       string
				Properties map[string]any
			}
		}
		assert.NilError(t, json.Unmarshal(text, &template))
		for id, resource := range template.Resources {
			if resource.Type != "AWS::ECS::TaskDefinition" {
				continue
			}
			seen++
			text, err := json.Marshal(resolved(resource.Properties))
			assert.NilError(t, err)
			var d types.TaskDefinition
			assert.NilError(t, json.Unmarshal(text, &d))
			assert.Check(t, len(d.ContainerDefinitions) > 0 && d.ContainerDefinitions[0].HealthCheck != nil, "%s: %s: not read", file, id)
			for _, fault := range broken(rules, d) {
				t.Errorf("%s: %s: %s", file, id, fault)
			}
		}
	}
	assert.Assert(t, seen >= 12, "%d task definitions", seen)
}
