package preflight_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"gotest.tools/v3/assert"
)

// pinnedCDK returns the version of the CDK CLI that package.json pins.
func pinnedCDK(t *testing.T) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(here), "../../package.json"))
	assert.NilError(t, err)
	var pinned struct{ DevDependencies map[string]string }
	assert.NilError(t, json.Unmarshal(text, &pinned))
	assert.Check(t, pinned.DevDependencies["aws-cdk"] != "")
	return pinned.DevDependencies["aws-cdk"]
}

// deployedStack returns a stack that was deployed.
func deployedStack() *cfntypes.Stack {
	return &cfntypes.Stack{StackStatus: cfntypes.StackStatusUpdateComplete}
}
