package stacks_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/constructs"
	"benchlingwebhook/stacks"
)

// readTool reads a JSON file of a Python package that cfn-lint brings.
func readTool(t *testing.T, path string, into any) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("../build/tools/lib/python3*/site-packages", path))
	assert.NilError(t, err)
	assert.Assert(t, len(found) == 1, "%s: %d files; run `make lint`", path, len(found))
	text, err := os.ReadFile(found[0])
	assert.NilError(t, err)
	assert.NilError(t, json.Unmarshal(text, into))
}

// TestRegionsAreBotocores compares the regions with botocore's: one that is new
// there belongs in stacks/regions.go.
func TestRegionsAreBotocores(t *testing.T) {
	var data struct {
		Partitions []struct {
			ID      string
			Regions map[string]any
		}
	}
	readTool(t, "botocore/data/partitions.json", &data)
	want := map[string]string{}
	for _, partition := range data.Partitions {
		for region := range partition.Regions {
			if !strings.HasSuffix(region, "-global") {
				want[region] = partition.ID
			}
		}
	}
	assert.DeepEqual(t, stacks.Regions(), want)
}

// TestSettingsRetainLogsAsLongAsCloudWatch compares the retention times with those
// of CloudFormation's schema.
func TestSettingsRetainLogsAsLongAsCloudWatch(t *testing.T) {
	var files map[string]string
	readTool(t, "cfnlint/data/schemas/providers/us-east-1.json", &files)
	var schema struct {
		Properties struct{ RetentionInDays struct{ Enum []int } }
	}
	readTool(t, "cfnlint/data/schemas/resources/"+files["AWS::Logs::LogGroup"]+".json", &schema)
	assert.DeepEqual(t, constructs.LogRetentionDays(), schema.Properties.RetentionInDays.Enum)
}
