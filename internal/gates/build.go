package gates

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/opencontainers/go-digest"

	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
)

const (
	coldBuildLimit = 10 * time.Minute
	rebuildLimit   = 5 * time.Second
)

// checkLint runs the linters of the Dockerfile and of the service.
func (m *measurement) checkLint(ctx context.Context) error {
	_, err := program(ctx, ".", "build/tools/bin/hadolint", testbed.Dockerfile)
	m.list.Add("QG-1 hadolint", "no finding", "clean", err)
	value, err := buildChecks(ctx, testbed.Dockerfile)
	m.list.Add("QG-1 BuildKit's checks", "no warning", value, err)
	_, err = program(ctx, ".", "make", "-C", testbed.BuildContext, "lint")
	m.list.Add("QG-4 linters", "no finding", "hadolint, ruff, mypy: clean", err)
	return ctx.Err()
}

// buildChecks runs the checks of `docker build --check` over a Dockerfile.
func buildChecks(ctx context.Context, file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	source := llb.NewSourceMap(nil, file, "Dockerfile", text)
	source.Definition = &llb.Definition{}
	results, err := dockerfile2llb.DockerfileLint(ctx, text, dockerfile2llb.ConvertOpt{SourceMap: source, MetaResolver: platformOnly{}})
	if err != nil {
		return "", err
	}
	var problems []error
	if results.Error != nil {
		problems = append(problems, errors.New(results.Error.Message))
	}
	for _, w := range results.Warnings {
		problems = append(problems, fmt.Errorf("%s:%d: %s: %s", file, w.Location.Ranges[0].Start.Line, w.RuleName, w.Detail))
	}
	return "clean", errors.Join(problems...)
}

// platformOnly tells of every base image only that it fits this machine: the
// checks read the Dockerfile, and need no registry for it.
type platformOnly struct{}

// ResolveImageConfig returns a reference as it is, with the smallest configuration.
func (platformOnly) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(map[string]string{"os": "linux", "architecture": runtime.GOARCH})
	return ref, digest.FromBytes(config), config, err
}

// checkBuilds times the builds and leaves both images behind.
func (m *measurement) checkBuilds(ctx context.Context) error {
	cold, err := m.Build(ctx, newImage, testbed.Dockerfile, testbed.BuildContext, "--no-cache")
	if err != nil {
		return err
	}
	m.figures.ColdBuild = cold.Seconds()
	m.list.Add("QG-1 cold build", "600 s", fmt.Sprintf("%.1f s without a cached layer", cold.Seconds()), within(cold, coldBuildLimit))
	if _, err := m.Build(ctx, oldImage, oldDockerfile, testbed.BuildContext); err != nil {
		return err
	}
	changed, err := changedSource()
	if err != nil {
		return err
	}
	defer os.RemoveAll(changed)
	warm, err := m.Build(ctx, rebuiltImage, filepath.Join(changed, "Dockerfile"), changed)
	if err != nil {
		return err
	}
	m.figures.Rebuild = warm.Seconds()
	m.list.Add("QG-1 rebuild after a change of the source", "5 s", fmt.Sprintf("%.1f s", warm.Seconds()), within(warm, rebuildLimit))
	return nil
}

// Build builds the image as a tag of the engine, which keeps it, and returns
// whether it could; out has the reason where not.
func Build(ctx context.Context, image string, out io.Writer) bool {
	t := testbed.New(report.New(out))
	defer t.Stop()
	if t.Report.Run(ctx,
		report.Check{Name: "container engine", Run: t.StartEngine},
		report.Check{Name: "base image", Run: t.ChooseBase},
		report.Check{Name: "build", Run: func(ctx context.Context) (string, error) {
			_, err := t.Build(ctx, image, testbed.Dockerfile, testbed.BuildContext)
			return "", err
		}},
	) != nil {
		return false
	}
	fmt.Fprintf(out, "Built %s on %s\n", image, t.Contexts.Description)
	return true
}

func within(took, limit time.Duration) error {
	if took > limit {
		return fmt.Errorf("more than %.1f s", limit.Seconds())
	}
	return nil
}

// changedSource copies the build context and changes one source file in it.
func changedSource() (string, error) {
	directory, err := os.MkdirTemp("", "gates-")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"Dockerfile", ".dockerignore", "prune_image.py", "requirements.txt"} {
		text, err := os.ReadFile(filepath.Join(testbed.BuildContext, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(directory, name), text, 0o644); err != nil {
			return "", err
		}
	}
	if err := os.CopyFS(filepath.Join(directory, "src"), os.DirFS(filepath.Join(testbed.BuildContext, "src"))); err != nil {
		return "", err
	}
	file, err := os.OpenFile(filepath.Join(directory, "src/app.py"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(file, "# %s\n", time.Now())
	return directory, errors.Join(err, file.Close())
}

// checkVulnerabilities scans the saved image where there is a scanner.
func (m *measurement) checkVulnerabilities(ctx context.Context) error {
	value, err := scan(ctx, filepath.Join(gatesDir, "new.tar"))
	m.list.Add("QG-1 vulnerability scan", "none high or critical", value, err)
	return ctx.Err()
}

// scan runs trivy. Without it, or without its database, nothing was scanned.
func scan(ctx context.Context, archive string) (string, error) {
	trivy, err := exec.LookPath("trivy")
	if err != nil {
		return "", fmt.Errorf("%w: no trivy here: run `make -C docker gates` in CI, where it is installed", ErrNeedsNetwork)
	}
	text, err := exec.CommandContext(ctx, trivy, "image", "--quiet", "--input", archive, "--severity", "HIGH,CRITICAL", "--format", "json").Output()
	if err != nil {
		said := err.Error()
		if exit := (&exec.ExitError{}); errors.As(err, &exit) {
			said = testbed.LastLines(string(exit.Stderr), 2)
		}
		if strings.Contains(said, "DB") || strings.Contains(said, "database") {
			return "", fmt.Errorf("%w: trivy has no database: %s", ErrNeedsNetwork, said)
		}
		return "", fmt.Errorf("trivy: %s", said)
	}
	return findings(text)
}

// findings reads trivy's response, which must tell of both kinds of packages.
func findings(text []byte) (string, error) {
	var response struct {
		Results []struct {
			Target, Class   string
			Vulnerabilities []struct{ VulnerabilityID, PkgName, Severity string }
		}
	}
	if err := json.Unmarshal(text, &response); err != nil {
		return "", fmt.Errorf("trivy's response: %w", err)
	}
	scanned := map[string]bool{}
	var problems []error
	for _, result := range response.Results {
		scanned[result.Class] = true
		for _, v := range result.Vulnerabilities {
			problems = append(problems, fmt.Errorf("%s %s in %s of %s", v.Severity, v.VulnerabilityID, v.PkgName, result.Target))
		}
	}
	for _, class := range []string{"os-pkgs", "lang-pkgs"} {
		if !scanned[class] {
			problems = append(problems, fmt.Errorf("trivy scanned no %s", class))
		}
	}
	return "none", errors.Join(problems...)
}
