package operate

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// TestDoctorAtTheEmulator examines an account where nothing was made ready, then one
// that is ready, and holds that nothing changes.
func TestDoctorAtTheEmulator(t *testing.T) {
	pins := map[string]string{}
	for _, name := range []string{"go.mod", "package.json"} {
		pins[name] = text(t, "../../"+name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud, log := start(ctx, t)
	for name, content := range pins {
		assert.NilError(t, os.WriteFile(name, []byte(content), 0o600))
	}
	var out bytes.Buffer
	err := Doctor(ctx, "open", false, &out)
	assert.ErrorContains(t, err, "\nCDK bootstrap: nothing in this account and region; ")
	assert.Check(t, strings.Contains(out.String(), "ok    credentials: account 000000000000"), out.String())
	assert.Equal(t, text(t, log), "--version\n")

	out.Reset()
	err = Doctor(ctx, "open", true, &out)
	var found struct {
		OK       bool
		Passed   []string
		Notes    []string
		Problems []struct{ Place, Fault, Remedy string }
	}
	assert.NilError(t, json.Unmarshal(out.Bytes(), &found))
	assert.Check(t, !found.OK && len(found.Passed) > 0 && len(found.Problems) > 0)
	for _, problem := range found.Problems {
		assert.Check(t, problem.Place != "" && problem.Fault != "" && problem.Remedy != "", problem)
	}
	assert.ErrorContains(t, err, "problems")

	prepare(ctx, t, cloud)
	err = Doctor(ctx, "open", false, &out)
	assert.Check(t, err == nil || !strings.Contains(err.Error(), "bootstrap"), "%v", err)
	assert.ErrorContains(t, Doctor(ctx, "prod", false, &out), "prod")
}
