package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// rooms are the module's packages, from the top down: a package imports packages of
// rows below its own, and none beside it. So the tools know the app, which is the
// root package ".", and the app knows no tool. A new package needs a place here.
var rooms = []string{
	"cmd/webhook cmd/rehearse cmd/gates cmd/review cmd/bench-pages cmd/bench-service cmd/bench-synth cmd/bench-synth/emptyapp cmd/cdk-docker cmd/scale cmd/scan cmd/update-base",
	"internal/rehearsal internal/gates internal/review internal/operate internal/benchservice internal/benchsynth internal/scale internal/scan internal/baseupdate",
	"internal/rehearsal/mutants",
	"internal/rehearsal/actions",
	"internal/rehearsal/stage internal/rehearsal/tutorial",
	"internal/imageaudit internal/gates/benchmarks internal/benchworker internal/preflight internal/deadletters internal/migrate internal/simulation",
	"internal/testbed",
	"internal/testbed/baseimage internal/testbed/cdkdocker internal/testbed/emulator/emulatortest internal/testbed/reachability",
	"internal/testbed/apigateway internal/testbed/loadbalancer internal/testbed/benchling internal/testbed/buildkit internal/testbed/emulator internal/testbed/engine internal/testbed/fargate internal/testbed/forward " +
		"internal/testbed/proxy internal/testbed/quilt internal/testbed/registry internal/testbed/resources internal/testbed/scheduler internal/testbed/taskagent",
	"internal/testbed/sessions internal/testbed/limits internal/testbed/onward",
	"internal/testbed/authority internal/testbed/awserror internal/testbed/rights",
	". internal/architecture",
	"stacks",
	"constructs",
	"internal/policy",
	"internal/imagecontract",
	"internal/benchpages internal/canvaspicture internal/cfn internal/cfnschema internal/iampolicy internal/secrets internal/statistics",
	"internal/report internal/process internal/svg internal/slowclient internal/deployed internal/worktree internal/cdkfile",
}

// goPackage is what `go list` says of a package, its imports without those of tests.
type goPackage struct {
	ImportPath, Name string
	Imports          []string
}

// misplaced returns what contradicts rooms, one line each.
func misplaced(packages []goPackage) []string {
	const module = "benchlingwebhook"
	// inside returns a package's name in rooms; own is false for one of others.
	inside := func(path string) (name string, own bool) {
		if path == module {
			return ".", true
		}
		return strings.CutPrefix(path, module+"/")
	}
	row := func(name string) int {
		return slices.IndexFunc(rooms, func(row string) bool { return slices.Contains(strings.Fields(row), name) })
	}
	var problems []string
	for _, p := range packages {
		name, _ := inside(p.ImportPath)
		if row(name) < 0 {
			problems = append(problems, name+": not in rooms: give it a place in rooms_test.go")
			continue
		}
		if p.Name == "main" && strings.HasPrefix(name, "internal/") {
			problems = append(problems, name+": a command: move it below cmd/")
		}
		for _, path := range p.Imports {
			if imported, own := inside(path); own && row(imported) >= 0 && row(imported) <= row(name) {
				problems = append(problems, fmt.Sprintf("%s: imports %s, which is not below it: move what it needs down", name, imported))
			}
		}
	}
	return problems
}

// TestImportsPointDown holds the imports of every package against rooms.
func TestImportsPointDown(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Imports", "./...").Output()
	assert.NilError(t, err)
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			assert.NilError(t, err)
		}
		packages = append(packages, p)
	}
	assert.Assert(t, len(packages) > 30, "%d packages", len(packages))
	for _, problem := range misplaced(packages) {
		t.Error(problem)
	}
}

func TestMisplacedPackages(t *testing.T) {
	of := func(name, path string, imports ...string) goPackage {
		for i := range imports {
			imports[i] = "benchlingwebhook/" + imports[i]
		}
		return goPackage{"benchlingwebhook/" + path, name, append(imports, "fmt")}
	}
	for _, c := range []struct {
		of      goPackage
		problem string
	}{
		{of("constructs", "constructs", "internal/imagecontract"), ""},
		{goPackage{"benchlingwebhook", "main", []string{"benchlingwebhook/stacks"}}, ""},
		{of("constructs", "constructs", "stacks"), "constructs: imports stacks, which is not below it: move what it needs down"},
		{of("stacks", "stacks", "internal/testbed/engine"), "stacks: imports internal/testbed/engine, which is not below it: move what it needs down"},
		{of("gates", "internal/gates", "internal/rehearsal"), "internal/gates: imports internal/rehearsal, which is not below it: move what it needs down"},
		{of("main", "internal/review"), "internal/review: a command: move it below cmd/"},
		{of("extra", "internal/extra"), "internal/extra: not in rooms: give it a place in rooms_test.go"},
	} {
		assert.Equal(t, strings.Join(misplaced([]goPackage{c.of}), "\n"), c.problem)
	}
}
