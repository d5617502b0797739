package gates

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"benchlingwebhook/internal/testbed"

	"gotest.tools/v3/assert"
)

func TestBuildChecks(t *testing.T) {
	_, err := buildChecks(context.Background(), filepath.Join("..", "..", testbed.Dockerfile))
	assert.NilError(t, err)
	file := filepath.Join(t.TempDir(), "Dockerfile")
	assert.NilError(t, os.WriteFile(file, []byte("FROM base@sha256:"+digits+" as one\nCMD python\n"), 0o644))
	_, err = buildChecks(context.Background(), file)
	assert.ErrorContains(t, err, file+":1: FromAsCasing")
	assert.ErrorContains(t, err, file+":2: JSONArgsRecommended")
}

const digits = "336b735f8f0aa1d591802beb01d2ef85c6a4a3f411ea4ffa35cad8ba5db282af"

func TestBothImagesStandOnTheSameBase(t *testing.T) {
	bases := func(path string) []string {
		text, err := os.ReadFile(filepath.Join("..", "..", path))
		assert.NilError(t, err)
		return regexp.MustCompile(`sha256:[0-9a-f]{64}|UV_VERSION=\S+`).FindAllString(string(text), -1)
	}
	ours, old := bases(testbed.Dockerfile), bases(oldDockerfile)
	assert.DeepEqual(t, ours[:2], old[:2])
	assert.Equal(t, old[2], ours[0])
}

func TestAScanWithoutBothKindsOfPackagesIsNone(t *testing.T) {
	for answer, want := range map[string]string{
		`{"Results":[{"Class":"os-pkgs"},{"Class":"lang-pkgs"}]}`: "",
		`{"Results":[{"Class":"os-pkgs"}]}`:                       "trivy scanned no lang-pkgs",
		`{}`:                                                      "trivy scanned no os-pkgs",
		`no`:                                                      "trivy's response",
		`{"Results":[{"Class":"os-pkgs"},{"Target":"app","Class":"lang-pkgs","Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"flask","Severity":"HIGH"}]}]}`: "HIGH CVE-1 in flask of app",
	} {
		_, err := findings([]byte(answer))
		if want == "" {
			assert.NilError(t, err)
		} else {
			assert.ErrorContains(t, err, want)
		}
	}
}

func TestAScannerWithoutItsDatabaseNeedsTheNetwork(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := scan(context.Background(), "image.tar")
	assert.ErrorIs(t, err, ErrNeedsNetwork)

	bin := t.TempDir()
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	trivy := func(script string) {
		assert.NilError(t, os.WriteFile(filepath.Join(bin, "trivy"), []byte("#!/bin/sh\n"+script), 0o755))
	}
	trivy("echo 'FATAL init error: DB error: failed to download' >&2; exit 1")
	_, err = scan(context.Background(), "image.tar")
	assert.ErrorIs(t, err, ErrNeedsNetwork)
	trivy("echo 'FATAL unable to open image.tar' >&2; exit 1")
	_, err = scan(context.Background(), "image.tar")
	assert.Error(t, err, "trivy: FATAL unable to open image.tar")
}

func TestRunningOn(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var seconds float64
	log := "2026-01-02T03:04:05.1Z {\"event\": \"first\"}\n2026-01-02T03:04:05.5Z {\"event\": \"Running on http://0.0.0.0:5000\"}\n"
	assert.NilError(t, runningOn(log, began, &seconds))
	assert.Equal(t, seconds, 0.5)
	assert.ErrorContains(t, runningOn("", began, &seconds), "no line says Running on")
	assert.ErrorContains(t, runningOn(log, began.Add(-time.Minute), &seconds), "more than 30.0 s")
}

func TestStepsAreExplained(t *testing.T) {
	text, err := explained([]string{"RUN /bin/sh -c dnf", "COPY src", `CMD ["python"]`})
	assert.NilError(t, err)
	assert.Equal(t, text, "3 instructions above the base")
	_, err = explained([]string{"/bin/sh -c #(nop) ADD file"})
	assert.ErrorContains(t, err, "no instruction of the final stage")
}

func TestChangedSource(t *testing.T) {
	t.Chdir("../..")
	changed, err := changedSource()
	assert.NilError(t, err)
	defer os.RemoveAll(changed)
	before, err := os.ReadFile("docker/src/app.py")
	assert.NilError(t, err)
	after, err := os.ReadFile(filepath.Join(changed, "src/app.py"))
	assert.NilError(t, err)
	assert.Assert(t, len(after) > len(before))
}

func TestAnSBOMListsWhatIsLocked(t *testing.T) {
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		assert.NilError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	locked := write("requirements.txt", "flask==3.1.3 \\\n    --hash=sha256:0\nsix==1.17.0 ; os_name != 'x' \\\n    --hash=sha256:1\n")
	of := func(purls ...string) string {
		text := `{"packages": [{"externalRefs": [`
		for i, purl := range purls {
			if i > 0 {
				text += ","
			}
			text += `{"referenceLocator": "` + purl + `"}`
		}
		return write("sbom.json", text+"]}]}")
	}
	value, err := components(of("pkg:pypi/flask@3.1.3", "pkg:pypi/six@1.17.0", "pkg:rpm/amzn/bash@5?arch=x86_64"), locked)
	assert.NilError(t, err)
	assert.Equal(t, value, "1 packages of the system, 2 of Python")
	_, err = components(of("pkg:pypi/flask@3.1.2", "pkg:pypi/six@1.17.0"), locked)
	assert.Error(t, err, "flask 3.1.3: not listed\nno package of the system listed")
	_, err = components(write("sbom.json", "no"), locked)
	assert.ErrorContains(t, err, "sbom.json")
}

// TestTheOldImageLoadsTheService runs what its CMD imports.
func TestTheOldImageLoadsTheService(t *testing.T) {
	t.Chdir("../..")
	text, err := os.ReadFile(oldDockerfile)
	assert.NilError(t, err)
	program := regexp.MustCompile(`"-c", "(.+) app\.main\(\)"\]`).FindStringSubmatch(string(text))
	assert.Assert(t, program != nil, "%s: no program in CMD", oldDockerfile)
	command := exec.CommandContext(t.Context(), "../"+strings.TrimSuffix(pythonPackages, "lib/python3.11/site-packages")+"bin/python", "-c", program[1])
	command.Dir = testbed.BuildContext
	out, err := command.CombinedOutput()
	assert.NilError(t, err, string(out))
}
