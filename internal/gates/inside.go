package gates

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"benchlingwebhook/internal/imageaudit"
	"benchlingwebhook/internal/testbed"
)

// pythonPackages is where the tests' own packages are; the image's come first.
const pythonPackages = "docker/.venv/lib/python3.11/site-packages"

// missingLibraries prints what the loader doesn't find for the interpreter and
// every extension module, after the number of files that it looked at.
const missingLibraries = `
files=$(find /app/.venv /usr/lib*/python3.11 -name '*.so' -type f; readlink -f /app/.venv/bin/python)
echo "$files" | wc -l
for file in $files; do ldd "$file" | grep 'not found' | sed "s|^|$file:|"; done; true`

// interpreter prints version, environment and the program behind it.
const interpreter = `import os, sys
print(*sys.version_info[:2], sep=".")
print(sys.prefix)
print(os.path.realpath(sys.executable))`

// inside runs a command in a fresh container of the image.
func (m *measurement) inside(ctx context.Context, args []string, command ...string) (string, error) {
	return m.Docker(ctx, insideArgs(args, command)...)
}

func insideArgs(args, command []string) []string {
	run := []string{"run", "--rm", "--label", testbed.Mark(), "--read-only", "--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"}
	return slices.Concat(run, args, []string{newImage}, command)
}

// checkInside checks the design's three risks, and the image's configuration.
func (m *measurement) checkInside(ctx context.Context) error {
	var image imageaudit.BuiltImage
	err := m.Inspect(ctx, "image", newImage, &image)
	if err == nil {
		err = imageaudit.Nonconformance(m.Contract, image)
	}
	m.list.Add("contract kept", "as the Dockerfile promises", imageaudit.Conforming, err)

	text, err := m.inside(ctx, nil, "python", "-c", interpreter)
	lines := append(strings.Split(text, "\n"), "", "", "")
	if err == nil && lines[0] != "3.11" {
		err = errors.New("another version")
	}
	m.list.Add("Risk 1 interpreter", "3.11", "Python "+lines[0], err)
	if err == nil && (lines[1] != "/app/.venv" || !strings.HasPrefix(lines[2], "/usr/bin/")) {
		err = errors.New("the environment isn't the image's own")
	}
	m.list.Add("Risk 2 environment", "resolves inside the image", fmt.Sprintf("%s, run by %s", lines[1], lines[2]), err)

	text, err = m.inside(ctx, nil, "sh", "-c", missingLibraries)
	count, missing, _ := strings.Cut(text, "\n")
	if err == nil && missing != "" {
		err = errors.New(missing)
	}
	m.list.Add("Risk 3 shared libraries", "none missing", "ldd of "+count+" files", err)
	_, err = m.inside(ctx, nil, "python", "-c", "import flask, boto3, structlog, src.app, src.webhook.application, src.worker")
	m.list.Add("Risk 3 imports", "all", "flask, boto3, structlog, src.app, src.webhook.application, src.worker", err)
	text, err = m.inside(ctx, nil, "flask", "routes")
	m.list.Add("QG-4 flask routes", "every route, without settings", fmt.Sprintf("%d lines", strings.Count(text, "\n")+1), errors.Join(err, m.missingRoutes(text)))
	return ctx.Err()
}

// missingRoutes returns what a list of routes doesn't have.
func (m *measurement) missingRoutes(list string) error {
	var problems []error
	for _, path := range []string{m.Contract.HealthCheck.Path, "/event", "/canvas", "/lifecycle"} {
		if !slices.Contains(strings.Fields(list), path) {
			problems = append(problems, fmt.Errorf("flask routes: no %s", path))
		}
	}
	return errors.Join(problems...)
}

// unitTestsLog has all that the tests in the image write.
const unitTestsLog = gatesDir + "/unit-tests.log"

// failedTest is a failure in pytest's summary.
var failedTest = regexp.MustCompile(`(?m)^FAILED .*$`)

// testSummary returns pytest's last word, after which a log may say more.
func testSummary(text string) string {
	for _, line := range slices.Backward(strings.Split(text, "\n")) {
		if strings.Contains(line, " passed") || strings.Contains(line, " failed") {
			return strings.TrimSpace(line)
		}
	}
	return testbed.LastLines(text, 1)
}

// outsideTests are the test files that don't run in the image: libraries_bench, logs_page,
// operator_events, version, webhook_types_list and worker_bench are of files that aren't
// the image's, prune_image of what the builder stage does, whose outcome the image holds,
// and webhook_types of models that the image leaves out. memory measures memory in a
// process of a known size.
var outsideTests = []string{
	"libraries_bench", "logs_page", "operator_events", "prune_image", "memory", "version", "webhook_types", "webhook_types_list", "worker_bench",
}

// checkUnitTests runs the service's tests with the image's own Python and
// packages; only the tests' own packages come from outside.
func (m *measurement) checkUnitTests(ctx context.Context) error {
	// What the tests read lies as it does in the repository.
	options := []string{"--tmpfs", "/tmp:mode=1777", "--env", "HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis"}
	for from, to := range map[string]string{
		"docker/tests": "/app/tests", pythonPackages: "/packages", "docs": "/docs", "internal/testbed/quilt/schema": "/internal/testbed/quilt/schema",
	} {
		path, err := filepath.Abs(from)
		if err != nil {
			return err
		}
		options = append(options, "--volume", path+":"+to+":ro")
	}
	ignored := make([]string, len(outsideTests))
	for i, name := range outsideTests {
		ignored[i] = fmt.Sprintf("%q", "--ignore=tests/test_"+name+".py")
	}
	run := `import sys; sys.path.append("/packages"); import pytest
sys.exit(pytest.main(["-n", "2", "--dist", "worksteal", "-p", "no:cacheprovider", ` + strings.Join(ignored, ", ") + `, "tests"]))`
	text, err := m.Engine.Command(ctx, insideArgs(options, []string{"python", "-c", run})...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", unitTestsLog, err, strings.Join(failedTest.FindAllString(string(text), -1), ", "))
	}
	m.list.Add("QG-4 unit tests", "all pass", testSummary(string(text))+", in the image's own Python", errors.Join(err, os.WriteFile(unitTestsLog, text, 0o644)))
	return ctx.Err()
}
