// Package testbed is what the image and the deployed service are tried on: a
// container engine, a base image, a local registry and AWS, a network, and
// stand-ins for Benchling, ECS's agent and API Gateway.
package testbed

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"benchlingwebhook/internal/imagecontract"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed/apigateway"
	"benchlingwebhook/internal/testbed/authority"
	"benchlingwebhook/internal/testbed/baseimage"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/emulator"
	"benchlingwebhook/internal/testbed/engine"
	"benchlingwebhook/internal/testbed/proxy"
	"benchlingwebhook/internal/testbed/registry"
	"benchlingwebhook/internal/testbed/rights"
	"benchlingwebhook/internal/testbed/sessions"
	"benchlingwebhook/internal/testbed/taskagent"
)

// cleanUpTimeout bounds Stop.
const cleanUpTimeout = time.Minute

// Testbed is what a run has started, in order. Its zero value but for Report has
// started nothing.
type Testbed struct {
	Report *report.Report
	// Name tells a testbed's files from those of others of the same run; "" is the first.
	Name     string
	Contract imagecontract.Contract
	Engine   *engine.Engine
	Contexts baseimage.Contexts
	Registry *registry.Registry
	Emulator *emulator.Emulator
	// Network is the engine's network of the testbed's containers. With Closed, it leads
	// nowhere but to this machine.
	Network string
	Closed  bool
	// Authority has signed the certificates of the stand-ins.
	Authority *authority.Authority
	// Client trusts the authority.
	Client *http.Client
	// Sessions are the tasks' credentials, and Rights what they may.
	Sessions *sessions.Sessions
	Rights   *rights.Checker
	// AWS lies between the containers and the emulator.
	AWS *proxy.Proxy
	// Agent is ECS's, one of Agents, and Door takes requests in API Gateway's place.
	Agent  *taskagent.Agent
	Agents *Agents
	Door   *apigateway.Door
	// Addresses are where containers reach the stand-ins over TLS, as host and port.
	Addresses struct{ AWS, Benchling, Door string }
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

// Prepare starts everything.
func (t *Testbed) Prepare(ctx context.Context) error {
	return t.Report.Run(ctx,
		report.Check{Name: "container engine", Run: t.StartEngine},
		report.Check{Name: "base image", Run: t.ChooseBase},
		report.Check{Name: "local registry and AWS", Run: t.startCloud},
		report.Check{Name: "Benchling stand-in and network", Run: t.startNetwork},
	)
}

// PrepareOn starts everything but the engine and the base image, which are another
// testbed's.
func (t *Testbed) PrepareOn(ctx context.Context, other *Testbed) error {
	t.Engine, t.Contexts, t.Contract, t.Agents = other.Engine, other.Contexts, other.Contract, other.Agents
	return t.Report.Run(ctx,
		report.Check{Name: "local registry and AWS", Run: t.startCloud},
		report.Check{Name: "Benchling stand-in and network", Run: t.startNetwork},
	)
}

// StartEngine starts the container engine, or finds the machine's.
func (t *Testbed) StartEngine(ctx context.Context) (string, error) {
	unlock, err := Lock()
	if err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { unlock() })
	if err := os.MkdirAll(WorkDir, 0o755); err != nil {
		return "", err
	}
	eng, err := engine.Ensure(ctx, engineDir, t.Report)
	if err != nil {
		return "", err
	}
	t.Engine = eng
	// What a run left that was killed.
	if err := clearContainers(ctx, eng); err != nil {
		return "", err
	}
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
	blobs, err := filepath.Abs(filepath.Join(WorkDir, "registry"+t.Name))
	if err != nil {
		return "", err
	}
	if t.Registry, err = registry.Start(blobs); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.Registry.Stop() })
	dir, err := filepath.Abs(filepath.Join(WorkDir, "emulator"+t.Name))
	if err != nil {
		return "", err
	}
	if t.Emulator, err = emulator.Start(ctx, python, emulatorDir, dir); err != nil {
		return "", err
	}
	t.AtEnd(func(context.Context) { t.Emulator.Stop() })
	return "registry " + t.Registry.Host + ", AWS " + t.Emulator.Endpoint, nil
}
