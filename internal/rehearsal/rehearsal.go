package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed/baseimage"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/engine"
	"benchlingwebhook/internal/testbed/forward"
	"benchlingwebhook/internal/testbed/frontdoor"
	"benchlingwebhook/internal/testbed/proxy"
	"benchlingwebhook/internal/testbed/quilt"
	"benchlingwebhook/internal/testbed/registry"
	"benchlingwebhook/internal/testbed/taskagent"
)

// The rehearsal runs where cdk.json is, and keeps what it makes under build.
const (
	dockerfile  = "docker/Dockerfile"
	engineDir   = "build/engine"
	standinDir  = "build/standin"
	workDir     = "build/rehearsal"
	resultFile  = "build/rehearsal.json"
	python      = "build/tools/bin/python"
	emulatorDir = "internal/testbed/emulator"
	stackName   = "BenchlingWebhook-dev"

	// label marks what the engine holds for a rehearsal.
	label = "benchling-webhook-rehearsal"

	cleanUpTimeout = time.Minute
)

// rehearsal is a run: what it started, in order, and what it learned.
type rehearsal struct {
	rows      *report.Report
	cleanUps  []func(context.Context)
	contract  imagecontract.Contract
	engine    *engine.Engine
	contexts  baseimage.Contexts
	registry  *registry.Registry
	emulator  *emulator.Emulator
	key       benchling.Key
	benchling *benchling.Server
	aws       *proxy.Proxy
	network   string
	// awsAddress and benchlingAddress are where containers reach the two.
	awsAddress, benchlingAddress string
	// agent protects tasks in ECS's place, and door passes signed probes on in API
	// Gateway's; containers reach them at the addresses.
	agent                     *taskagent.Agent
	door                      *frontdoor.Door
	agentAddress, doorAddress string
	deployed                  deployment
	// appDefinition is the app's, as the secret has it.
	appDefinition string
	image         string
	// web and worker are the tasks that run now.
	web, worker atomic.Pointer[runningTask]
	// packager takes the packaging messages in Quilt's place.
	packager *quilt.Packager
	// checked is how many of the packager's messages and failures were looked at.
	checked struct{ messages, failures int }
	// last are the events that were accounted for last.
	last accepted
	// clientSecret is the secret's, as it was filled last.
	clientSecret string
}

// run makes the checks in order and ends with the first on which others stand.
func (r *rehearsal) run(ctx context.Context) {
	steps := []func(context.Context) error{
		r.prepare, r.deploy, r.readBack, r.pull, r.runEmpty, r.runReady, r.runWorker, r.runCanvases, r.runPackages, r.runFaults, r.runAttacks, r.runKills, r.runEnd,
	}
	for _, step := range steps {
		if step(ctx) != nil {
			return
		}
	}
}

// atEnd adds what stop does, last first.
func (r *rehearsal) atEnd(cleanUp func(context.Context)) {
	r.cleanUps = append(r.cleanUps, cleanUp)
}

// stop ends everything that the run started. It has a time of its own, because
// the run's may be over.
func (r *rehearsal) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpTimeout)
	defer cancel()
	for i := len(r.cleanUps) - 1; i >= 0; i-- {
		r.cleanUps[i](ctx)
	}
	r.cleanUps = nil
}

// prepare gets ready what a deployment needs.
func (r *rehearsal) prepare(ctx context.Context) error {
	return r.runRows(ctx, []row{
		{"container engine", r.startEngine},
		{"base image", r.chooseBase},
		{"local registry and AWS", r.startCloud},
		{"Benchling stand-in and network", r.startNetwork},
	})
}

// row is a line of the report, and what makes it.
type row struct {
	check string
	run   func(context.Context) (string, error)
}

// runRows makes rows in order and ends with the first that fails.
func (r *rehearsal) runRows(ctx context.Context, rows []row) error {
	for _, row := range rows {
		if err := r.rows.Check(row.check, func() (string, error) { return row.run(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *rehearsal) startEngine(ctx context.Context) (string, error) {
	if err := os.MkdirAll(workDir, 0o755); err != nil {
		return "", err
	}
	eng, err := engine.Ensure(ctx, engineDir, r.rows)
	if err != nil {
		return "", err
	}
	r.engine = eng
	r.atEnd(func(ctx context.Context) {
		if eng.Own {
			_ = eng.Stop(ctx)
		}
	})
	if eng.Own {
		return "Docker " + eng.Version + ", set up in " + engineDir, nil
	}
	return "Docker " + eng.Version + " of this machine", nil
}

func (r *rehearsal) chooseBase(ctx context.Context) (string, error) {
	var err error
	if r.contract, err = imagecontract.Read(dockerfile); err != nil {
		return "", err
	}
	var bases []string
	for _, base := range r.contract.BaseImages {
		bases = append(bases, base.Reference)
	}
	r.contexts, err = baseimage.Base(ctx, r.engine, dockerfile, bases, standinDir, r.rows)
	if err != nil {
		return "", err
	}
	kind := "public image: "
	if r.contexts.Standin {
		kind = "STAND-IN, not the public image: "
	}
	return kind + r.contexts.Description, nil
}

func (r *rehearsal) startCloud(ctx context.Context) (string, error) {
	blobs, err := filepath.Abs(filepath.Join(workDir, "registry"))
	if err != nil {
		return "", err
	}
	if r.registry, err = registry.Start(blobs); err != nil {
		return "", err
	}
	r.atEnd(func(context.Context) { r.registry.Stop() })
	dir, err := filepath.Abs(filepath.Join(workDir, "emulator"))
	if err != nil {
		return "", err
	}
	if r.emulator, err = emulator.Start(ctx, python, emulatorDir, dir); err != nil {
		return "", err
	}
	r.atEnd(func(context.Context) { r.emulator.Stop() })
	return "registry " + r.registry.Host + ", AWS " + r.emulator.Endpoint, nil
}

func (r *rehearsal) startNetwork(ctx context.Context) (string, error) {
	var err error
	if r.key, err = benchling.NewKey(); err != nil {
		return "", err
	}
	if r.benchling, err = benchling.Serve(r.key, benchling.Client); err != nil {
		return "", err
	}
	r.atEnd(func(context.Context) { r.benchling.Stop() })

	r.network = label + "-" + benchling.RandomText()
	if _, err := r.docker(ctx, "network", "create", "--label", label, r.network); err != nil {
		return "", err
	}
	r.atEnd(func(ctx context.Context) { _, _ = r.docker(ctx, "network", "rm", r.network) })
	gateway, err := r.docker(ctx, "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", r.network)
	if err != nil {
		return "", err
	}
	if r.aws, err = proxy.Start(r.emulator.Endpoint); err != nil {
		return "", err
	}
	r.atEnd(func(context.Context) { r.aws.Stop() })
	if r.agent, err = taskagent.Serve(); err != nil {
		return "", err
	}
	r.atEnd(func(context.Context) { r.agent.Stop() })
	if r.door, err = frontdoor.Serve(r.emulator.Config().Credentials, emulator.Region, r.webURL); err != nil {
		return "", err
	}
	r.atEnd(func(context.Context) { r.door.Stop() })
	for target, address := range map[string]*string{
		r.aws.Address:       &r.awsAddress,
		r.benchling.Address: &r.benchlingAddress,
		r.agent.Address:     &r.agentAddress,
		r.door.Address:      &r.doorAddress,
	} {
		f, err := forward.Start(gateway, target)
		if err != nil {
			return "", fmt.Errorf("gateway %s of the network %s: %w: the engine must run on this machine itself, not in a virtual machine", gateway, r.network, err)
		}
		r.atEnd(func(context.Context) { f.Stop() })
		*address = f.Address
	}
	return "containers reach AWS at " + r.awsAddress + " and Benchling at " + r.benchlingAddress, nil
}

// webURL returns where the web task that runs now is reached, or nothing.
func (r *rehearsal) webURL() string {
	if running := r.web.Load(); running != nil {
		return running.url
	}
	return ""
}

// docker runs the engine's CLI and returns its trimmed output.
func (r *rehearsal) docker(ctx context.Context, args ...string) (string, error) {
	return output(r.engine.Command(ctx, args...), args)
}
