// Package testbed is what the image and the deployed service are tried on: a
// container engine, a base image, a local registry and AWS, a network, and
// stand-ins for Benchling, ECS's agent and API Gateway.
package testbed

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
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
	"benchlingwebhook/internal/testbed/registry"
	"benchlingwebhook/internal/testbed/taskagent"
)

// cleanUpTimeout bounds Stop.
const cleanUpTimeout = time.Minute

// Testbed is what a run has started, in order. Its zero value but for Report has
// started nothing.
type Testbed struct {
	Report   *report.Report
	Contract imagecontract.Contract
	Engine   *engine.Engine
	Contexts baseimage.Contexts
	Registry *registry.Registry
	Emulator *emulator.Emulator
	// Network is the engine's network of the run's containers.
	Network string
	// AWS lies between the containers and the emulator.
	AWS *proxy.Proxy
	// Agent protects tasks in ECS's place, and Door passes signed probes on in API
	// Gateway's.
	Agent *taskagent.Agent
	Door  *frontdoor.Door
	// Addresses are where containers reach the stand-ins, as host and port.
	Addresses struct{ AWS, Benchling, Agent, Door string }
	// Benchling is called with App's credentials, and calls with its key.
	Benchling *benchling.Server
	App       App

	cleanUps []func(context.Context)
}

// New returns a testbed that reports to a report.
func New(report *report.Report) *Testbed { return &Testbed{Report: report} }

// AtEnd adds what Stop does, last first.
func (t *Testbed) AtEnd(cleanUp func(context.Context)) {
	t.cleanUps = append(t.cleanUps, cleanUp)
}

// Stop ends everything that was started. It has a time of its own, because the
// run's may be over.
func (t *Testbed) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), cleanUpTimeout)
	defer cancel()
	for i := len(t.cleanUps) - 1; i >= 0; i-- {
		t.cleanUps[i](ctx)
	}
	t.cleanUps = nil
}

// Prepare starts everything. webURL returns where the web service is reached at
// the moment, or nothing.
func (t *Testbed) Prepare(ctx context.Context, webURL func() string) error {
	return t.Report.Run(ctx,
		report.Check{Name: "container engine", Run: t.StartEngine},
		report.Check{Name: "base image", Run: t.ChooseBase},
		report.Check{Name: "local registry and AWS", Run: t.startCloud},
		report.Check{Name: "Benchling stand-in and network", Run: func(ctx context.Context) (string, error) { return t.startNetwork(ctx, webURL) }},
	)
}

// StartEngine starts the container engine, or finds the machine's.
func (t *Testbed) StartEngine(ctx context.Context) (string, error) {
	if err := os.MkdirAll(WorkDir, 0o755); err != nil {
		return "", err
	}
	eng, err := engine.Ensure(ctx, engineDir, t.Report)
	if err != nil {
		return "", err
	}
	t.Engine = eng
	t.AtEnd(func(ctx context.Context) {
		if eng.Own {
			_ = eng.Stop(ctx)
		}
	})
	if eng.Own {
		return "Docker " + eng.Version + ", set up in " + engineDir, nil
	}
	return "Docker " + eng.Version + " of this machine", nil
}

// ChooseBase reads the Dockerfile, and builds a stand-in where its base image
// can't be pulled.
func (t *Testbed) ChooseBase(ctx context.Context) (string, error) {
	var err error
	if t.Contract, err = imagecontract.Read(Dockerfile); err != nil {
		return "", err
	}
	var bases []string
	for _, base := range t.Contract.BaseImages {
		bases = append(bases, base.Reference)
	}
	t.Contexts, err = baseimage.Base(ctx, t.Engine, Dockerfile, bases, standinDir, t.Report)
	if err != nil {
		return "", err
	}
	kind := "public image: "
	if t.Contexts.Standin {
		kind = "STAND-IN, not the public image: "
	}
	return kind + t.Contexts.Description, nil
}

func (t *Testbed) startCloud(ctx context.Context) (string, error) {
	blobs, err := filepath.Abs(filepath.Join(WorkDir, "registry"))
	if err != nil {
		return "", err
	}
	if t.Registry, err = registry.Start(blobs); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.Registry.Stop() })
	dir, err := filepath.Abs(filepath.Join(WorkDir, "emulator"))
	if err != nil {
		return "", err
	}
	if t.Emulator, err = emulator.Start(ctx, python, emulatorDir, dir); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.Emulator.Stop() })
	return "registry " + t.Registry.Host + ", AWS " + t.Emulator.Endpoint, nil
}

func (t *Testbed) startNetwork(ctx context.Context, webURL func() string) (string, error) {
	var err error
	if t.App.Key, err = benchling.NewKey(); err != nil {
		return "", err
	}
	if t.Benchling, err = benchling.Serve(t.App.Key, benchling.Client); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.Benchling.Stop() })

	t.Network = Label + "-" + benchling.RandomText()
	if _, err := t.Docker(ctx, "network", "create", "--label", Label, t.Network); err != nil {
		return "", err
	}
	t.AtEnd(func(ctx context.Context) { _, _ = t.Docker(ctx, "network", "rm", t.Network) })
	gateway, err := t.Docker(ctx, "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", t.Network)
	if err != nil {
		return "", err
	}
	if t.AWS, err = proxy.Start(t.Emulator.Endpoint); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.AWS.Stop() })
	if t.Agent, err = taskagent.Serve(); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.Agent.Stop() })
	if t.Door, err = frontdoor.Serve(t.Emulator.Config().Credentials, emulator.Region, webURL); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.Door.Stop() })
	for target, address := range map[string]*string{
		t.AWS.Address:       &t.Addresses.AWS,
		t.Benchling.Address: &t.Addresses.Benchling,
		t.Agent.Address:     &t.Addresses.Agent,
		t.Door.Address:      &t.Addresses.Door,
	} {
		f, err := forward.Start(gateway, target)
		if err != nil {
			return "", fmt.Errorf("gateway %s of the network %s: %w: the engine must run on this machine itself, not in a virtual machine", gateway, t.Network, err)
		}
		t.AtEnd(func(context.Context) { f.Stop() })
		*address = f.Address
	}
	return "containers reach AWS at " + t.Addresses.AWS + " and Benchling at " + t.Addresses.Benchling, nil
}
