package resources

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

const (
	// root is where the repository begins.
	root = "../../.."
	// goldens are the templates of all shapes of the stack.
	goldens = root + "/stacks/testdata/*.template.json"
)

// bounded returns a context for all that one test calls.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// shape returns the template of a shape, and makes what it expects to exist.
func shape(ctx context.Context, t *testing.T, config aws.Config, name string) string {
	t.Helper()
	text, err := os.ReadFile(strings.Replace(goldens, "*", name, 1))
	assert.NilError(t, err)
	template, err := MakeExisting(ctx, config, string(text))
	assert.NilError(t, err)
	return template
}

// deployed deploys a template under a name, and reads it back.
func deployed(ctx context.Context, t *testing.T, config aws.Config, name, template string) *Deployed {
	t.Helper()
	stack, err := Deploy(ctx, config, name, template, nil)
	assert.NilError(t, err)
	d, err := Read(ctx, config, stack)
	assert.NilError(t, err)
	return d
}

// environments are what the shapes' settings decide. Source: cdk.json, and
// stacks/webhook_stack_test.go for what each shape adds.
var environments = map[string]environment{
	"arm64":          {days: 30, least: 2, most: 4, architecture: "ARM64"},
	"custom-domain":  {days: 30, least: 2, most: 4, architecture: "X86_64", notified: true, server: "webhooks.example.com"},
	"dev":            {days: 30, least: 1, most: 4, architecture: "X86_64"},
	"existing-quilt": {days: 30, least: 2, most: 4, architecture: "X86_64", queues: 4, buckets: 1},
	"existing-vpc":   {days: 30, least: 2, most: 4, architecture: "X86_64"},
	"frugal":         {days: 30, least: 2, most: 4, architecture: "X86_64", spot: true},
	"guarded":        {days: 30, least: 2, most: 4, architecture: "X86_64", notified: true},
	"linked-only":    {days: 30, least: 2, most: 4, architecture: "X86_64", queues: 3, buckets: 1},
	"prod":           {days: 365, least: 2, most: 10, architecture: "X86_64", protected: true},
}

// environment is what a shape reads back with. The web service scales between least and
// most tasks, log groups keep lines for days, and zero queues and buckets are 5 and 2.
type environment struct {
	days            int
	least, most     int32
	architecture    string
	protected       bool
	notified        bool
	server          string
	queues, buckets int
	// spot is whether the worker's tasks are on Fargate Spot.
	spot bool
}

// of returns the environment of a deployed shape.
func of(d *Deployed) environment {
	e := environment{protected: d.FrontDoor.BalancerAttributes["deletion_protection.enabled"] == "true"}
	for _, days := range d.LogDays {
		e.days = max(e.days, days)
	}
	for id, it := range d.Targets {
		if strings.HasPrefix(id, "Webhook") {
			e.least, e.most = aws.ToInt32(it.MinCapacity), aws.ToInt32(it.MaxCapacity)
		}
	}
	for _, it := range d.Tasks {
		e.architecture = string(it.RuntimePlatform.CpuArchitecture)
	}
	for _, it := range d.Alarms {
		e.notified = e.notified || len(it.OKActions) > 0
	}
	for id, it := range d.Services {
		for _, one := range it.CapacityProviderStrategy {
			e.spot = e.spot || strings.HasPrefix(id, "Worker") && aws.ToString(one.CapacityProvider) == "FARGATE_SPOT"
		}
	}
	if tls := d.FrontDoor.Integration.TlsConfig; tls != nil {
		e.server = aws.ToString(tls.ServerNameToVerify)
	}
	if len(d.Queues) != 5 || len(d.Buckets) != 2 {
		e.queues, e.buckets = len(d.Queues), len(d.Buckets)
	}
	return e
}

// TestDeployments deploys everything to one local AWS, each stack under a name of its own.
func TestDeployments(t *testing.T) {
	config := emulatortest.Start(t).Config()
	for _, part := range []struct {
		name string
		run  func(*testing.T, aws.Config)
	}{
		{"every shape keeps the rules", shapesKeepTheRules},
		{"old bootstrap is refused", oldBootstrapIsRefused},
		{"mends are read back", mendsAreReadBack},
		{"mutations are noticed", mutationsAreNoticed},
		{"hours are read back", hoursAreReadBack},
		{"Spot needs its association", spotNeedsItsAssociation},
		{"failed creation leaves nothing", failedCreationLeavesNothing},
		{"protected creation is stuck", protectedCreationIsStuck},
		{"failed update keeps data", failedUpdateKeepsData},
		{"deleted stack leaves its data", deletedStackLeavesItsData},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, config) })
	}
}

// shapesKeepTheRules deploys every golden template, and holds it against the rules, the
// inequalities, and what its environment has.
func shapesKeepTheRules(t *testing.T, config aws.Config) {
	files, err := filepath.Glob(goldens)
	assert.NilError(t, err)
	assert.Equal(t, len(files), len(environments))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".template.json")
		t.Run(name, func(t *testing.T) {
			ctx := bounded(t)
			d := deployed(ctx, t, config, name, shape(ctx, t, config, name))
			assert.Equal(t, of(d), environments[name])
			figures, err := Figures(d, root)
			assert.NilError(t, err)
			for _, problem := range append(Problems(d), Broken(figures)...) {
				t.Error(problem)
			}
			assert.DeepEqual(t, unused(figures), []string(nil))
		})
	}
}

// oldBootstrapIsRefused deploys to an account whose bootstrap stack the template's rule
// doesn't take: nothing is made.
func oldBootstrapIsRefused(t *testing.T, config aws.Config) {
	ctx := bounded(t)
	template := shape(ctx, t, config, "dev")
	assert.NilError(t, putParameter(ctx, config, "/old/version", "5"))
	_, err := Deploy(ctx, config, "old-bootstrap", template, map[string]string{"BootstrapVersion": "/old/version"})
	assert.ErrorContains(t, err, "CDK bootstrap stack version 6 required")
	_, err = Find(ctx, config, "old-bootstrap")
	assert.ErrorContains(t, err, "old-bootstrap")
}
