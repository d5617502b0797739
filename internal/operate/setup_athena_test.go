package operate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"benchlingwebhook/constructs"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"

	"gotest.tools/v3/assert"
)

// athenaOutputs are several databases and workgroups among a Quilt stack's outputs; those
// for people's queries of packages are the user's, neither first nor last.
const athenaOutputs = `"Outputs": {
	"AuditTrailDatabaseName": {"Value": "audit"}, "AdminAthenaWorkgroupName": {"Value": "admins"},
	"UserAthenaDatabaseName": {"Value": "lake"}, "UserAthenaWorkgroupName": {"Value": "people"},
	"ZonesAthenaDatabaseName": {"Value": "zones"}, "ZonesAthenaWorkgroupName": {"Value": "zones"},
	"UserAthenaWorkgroup": {"Value": "short"},`

// TestSetupPicksOneOfSeveralAthenaOutputs takes the database and the workgroup of people's
// queries where nobody is asked, proposes them to who is, and takes another answer.
func TestSetupPicksOneOfSeveralAthenaOutputs(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, run := rehearsedSetup(ctx, t)
	emulatortest.MakeStack(ctx, t, cloud, "quilt", strings.Replace(quiltTemplate, `"Outputs": {`, athenaOutputs, 1))
	const database, workgroup = "quiltDatabase", "athenaWorkgroup"

	for _, c := range []struct {
		name    string
		options SetupOptions
		says    []string
		want    [2]any
	}{
		{"unattended", SetupOptions{Yes: true}, nil, [2]any{"lake", "people"}},
		{"set", SetupOptions{Yes: true, Set: []string{database + "=zones", workgroup + "=admins"}}, nil, [2]any{"zones", "admins"}},
		{"database set", SetupOptions{Yes: true, Set: []string{database + "=zones"}}, nil, [2]any{"zones", "people"}},
		{"proposals taken", SetupOptions{}, []string{"", "", "", ""}, [2]any{"lake", "people"}},
		{"others answered", SetupOptions{}, []string{"", "", "zones", "admins"}, [2]any{"zones", "admins"}},
		// Without a database nothing is searched, and no workgroup is asked for.
		{"none", SetupOptions{}, []string{"", "", "-"}, [2]any{nil, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.DryRun = true
			if c.says != nil {
				// The bucket is taken, nobody is notified.
				c.says = append(c.says, "", "")
			}
			outcome, out, err := run(c.options, c.says...)
			assert.NilError(t, err, out)
			assert.Equal(t, fmt.Sprint(outcome.Changed[database], outcome.Changed[workgroup]), fmt.Sprint(c.want[0], c.want[1]), out)
		})
	}
}

// TestSetupWithoutExports takes the registered buckets as those whose linked packages
// canvases show, and neither a queue nor a bucket for packages.
func TestSetupWithoutExports(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cloud, run := rehearsedSetup(ctx, t)
	emulatortest.MakeStack(ctx, t, cloud, "quilt", strings.Replace(quiltTemplate, `"Outputs": {`, athenaOutputs, 1))
	outcome, out, err := run(SetupOptions{Yes: true, Set: []string{"exportEntries=false"}})
	assert.NilError(t, err, out)
	for _, name := range []string{"packagingQueueArn", "packagingQueueKeyArn", "packageBucket"} {
		_, given := outcome.Changed[name]
		assert.Check(t, !given, name)
	}
	settings, err := readSettings("lab")
	assert.NilError(t, err)
	assert.DeepEqual(t, settings.LinkedBuckets, []constructs.LinkedBucket{{Name: "lab-packages"}})
	assert.Check(t, !settings.ExportEntries && settings.Search.Database != "")
	outcome, _, err = run(SetupOptions{Yes: true})
	assert.NilError(t, err)
	assert.Check(t, len(outcome.Changed) == 0, "%v", outcome.Changed)
}
