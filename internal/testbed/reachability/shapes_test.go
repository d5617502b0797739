package reachability

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
	"benchlingwebhook/internal/testbed/resources"
)

const (
	// root is where the repository begins.
	root = "../../.."
	// goldens are the templates of all shapes of the stack.
	goldens = root + "/stacks/testdata/*.template.json"
)

// shape returns the template of a shape, and makes what it expects to exist.
func shape(t *testing.T, config aws.Config, name string) string {
	t.Helper()
	text, err := os.ReadFile(strings.Replace(goldens, "*", name, 1))
	assert.NilError(t, err)
	template, err := resources.MakeExisting(t.Context(), config, string(text))
	assert.NilError(t, err)
	return template
}

// deployed deploys a template under a name, and reads its network back.
func deployed(t *testing.T, config aws.Config, name, template string) *Network {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := resources.Deploy(ctx, config, name, template, nil)
	assert.NilError(t, err)
	network, err := Read(ctx, config, name)
	assert.NilError(t, err)
	return network
}

// question is whether a connection over TCP is possible.
type question struct {
	from, to Node
	port     int32
	allowed  bool
}

func (q question) String() string {
	return q.from.Name + " to " + q.to.Name + ", " + flow{TCP, q.port, q.port}.String()
}

// questions returns what is asked of every network, with the responses that are due. The
// web service listens at the contract's port, the load balancer at the given one.
func questions(n *Network, listener, container int32) []question {
	web, worker := n.Services["web"], n.Services["worker"]
	found := []question{
		{n.VpcLink, n.LoadBalancer, listener, true},
		{n.LoadBalancer, web, container, true},
		{n.VpcLink, web, container, false},
		{n.LoadBalancer, worker, container, false},
		{web, worker, container, false},
		{worker, web, container, false},
		{web, worker, HTTPSPort, false},
		{worker, worker, HTTPSPort, false},
		{Internet, n.LoadBalancer, listener, false},
		{Internet, web, container, false},
		{n.Others(), web, container, false},
	}
	for _, task := range []Node{web, worker} {
		found = append(found, question{task, Internet, HTTPSPort, true}, question{task, n.LoadBalancer, listener, false})
		for _, port := range []int32{22, 80, 5432} {
			found = append(found, question{task, Internet, port, false})
		}
	}
	return found
}

// TestReachability deploys everything to one local AWS, each stack under a name of its own.
func TestReachability(t *testing.T) {
	config := emulatortest.Start(t).Config()
	contract, err := imagecontract.Read(root + "/docker/Dockerfile")
	assert.NilError(t, err)
	port := int32(contract.Port)
	t.Run("shapes", func(t *testing.T) { shapesAreReachable(t, config, port) })
	t.Run("mutations", func(t *testing.T) { mutationsAreSeen(t, config, port) })
	t.Run("mends", func(t *testing.T) { mendsAreReadBack(t, config) })
	t.Run("public subnets", func(t *testing.T) { publicAddressesReachTheInternet(t, config) })
	t.Run("unknown stack", func(t *testing.T) {
		_, err := Read(t.Context(), config, "no-such-stack")
		assert.ErrorContains(t, err, "no-such-stack")
	})
}

// endpoints are those of the shapes whose VPC is the stack's, and listeners the load
// balancer's port where it isn't 80.
var (
	gatewayEndpoints = []string{"dynamodb", "s3"}
	endpoints        = map[string][]string{
		"existing-vpc": nil,
		"guarded":      {"dynamodb", "ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager", "sqs"},
	}
	listeners = map[string]int32{"custom-domain": 443}
)

// shapesAreReachable deploys every golden template: what is due is possible, and nothing
// else is.
func shapesAreReachable(t *testing.T, config aws.Config, port int32) {
	files, err := filepath.Glob(goldens)
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".template.json")
		t.Run(name, func(t *testing.T) {
			n := deployed(t, config, name, shape(t, config, name))
			listener := int32(80)
			if it, other := listeners[name]; other {
				listener = it
			}
			assert.DeepEqual(t, n.LoadBalancer.Ports, []int32{listener})
			assert.DeepEqual(t, n.Services["web"].Ports, []int32{port})
			for _, q := range questions(n, listener, port) {
				allowed, reason := n.Allows(q.from, q.to, TCP, q.port)
				assert.Check(t, allowed == q.allowed, reason)
			}
			assert.DeepEqual(t, n.Exposed(), []Exposure(nil))

			wanted, special := endpoints[name]
			if !special {
				wanted = gatewayEndpoints
			}
			assert.DeepEqual(t, slices.Sorted(maps.Keys(n.Endpoints)), wanted)
			for _, endpoint := range n.Endpoints {
				for _, task := range n.Services {
					allowed, reason := n.Allows(task, endpoint, TCP, HTTPSPort)
					assert.Check(t, allowed, reason)
				}
				allowed, reason := n.Allows(Internet, endpoint, TCP, HTTPSPort)
				assert.Check(t, !allowed, reason)
			}
		})
	}
}
