//go:build engine

package baseimage

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"benchlingwebhook/internal/testbed/engine"
)

// The Dockerfile, unmodified, carries a tiny service to healthy, run as Fargate
// would: read-only, unprivileged, without capabilities. It takes minutes with
// cold caches, hence the build tag: go test -tags engine ./internal/testbed/baseimage
func TestDockerfileOnStandin(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds and runs an image with a real engine")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	eng, err := engine.Ensure(ctx, filepath.Join(root, "build/engine"), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := eng.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	docker := func(args ...string) string {
		t.Helper()
		out, err := eng.Command(ctx, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}

	dockerfile := filepath.Join(root, "docker/Dockerfile")
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	base := regexp.MustCompile(`(?m)^FROM (\S+@sha256:\S+)`).FindStringSubmatch(string(text))[1]
	contexts, err := Base(ctx, eng, dockerfile, []string{base}, filepath.Join(root, "build/standin"), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	service := t.TempDir()
	if err := os.CopyFS(service, os.DirFS("testdata/service")); err != nil {
		t.Fatal(err)
	}
	prune, err := os.ReadFile(filepath.Join(root, "docker/prune_image.py"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(service, "prune_image.py"), prune, 0o644); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	build := append([]string{"buildx", "build", "--load", "-t", "standin-test", "-f", dockerfile}, contexts.BuildArgs()...)
	docker(append(build, service)...)
	t.Logf("built on %s in %s", contexts.Description, time.Since(began).Round(time.Second))
	t.Logf("image: %s bytes", docker("image", "inspect", "--format", "{{.Size}}", "standin-test"))

	container := docker("run", "-d", "--read-only", "--user", "1000:1000", "--cap-drop", "ALL",
		"--security-opt", "no-new-privileges", "--health-start-period", "30s", "--health-start-interval", "1s",
		"-p", "127.0.0.1::5000", "standin-test")
	t.Cleanup(func() {
		if err := eng.Command(context.Background(), "rm", "-f", container).Run(); err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(40 * time.Second); ; time.Sleep(300 * time.Millisecond) {
		status := docker("inspect", "--format", "{{.State.Health.Status}}", container)
		if status == "healthy" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("health is %q after 40 s:\n%s", status, docker("logs", container))
		}
	}
}
