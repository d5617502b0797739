// Package engine finds a container engine that can build and run the image, or,
// on Debian as root, sets one up in a directory of its own.
package engine

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Engine is a container engine that responds.
type Engine struct {
	// Host is its address, as DOCKER_HOST takes it; empty means Docker's default.
	Host string
	// Bin is the path of the docker command.
	Bin string
	// Own is true for an engine that Ensure set up and Stop ends.
	Own bool
	// Version is the version of its daemon.
	Version string

	dir string
}

// oldestDaemon is the first major version that has an interval of health checks in the
// start period, without which a container's first one can't be timed. Its BuildKit knows
// named contexts, as from 23 on.
const oldestDaemon = 25

// Ensure returns the machine's engine where it responds and its buildx knows
// named build contexts. Otherwise it sets one up in dir, reusing what an
// earlier call left there, and says so on progress. It fails where neither is
// possible.
func Ensure(ctx context.Context, dir string, progress io.Writer) (*Engine, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("directory of the container engine: %w", err)
	}
	engine, reason := installed(ctx)
	if reason == nil {
		fmt.Fprintf(progress, "Container engine: the machine's Docker %s\n", engine.Version)
		return engine, nil
	}
	if err := canSetUp("/etc/os-release", os.Geteuid()); err != nil {
		return nil, fmt.Errorf("no usable container engine (%w), and none can be set up: %w", reason, err)
	}
	fmt.Fprintf(progress, "No usable container engine (%v)\n", reason)
	if err := unpack(ctx, dir, progress); err != nil {
		return nil, err
	}
	return start(ctx, dir, progress)
}

// installed returns the machine's own engine, or why it can't be used.
func installed(ctx context.Context) (*Engine, error) {
	bin, err := exec.LookPath("docker")
	if err != nil {
		return nil, fmt.Errorf("docker isn't installed")
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	engine := &Engine{Bin: bin, Host: os.Getenv("DOCKER_HOST")}
	if engine.Version, err = engine.version(ctx); err != nil {
		return nil, err
	}
	if err := daemonIsNew(engine.Version); err != nil {
		return nil, err
	}
	if err := engine.Command(ctx, "buildx", "version").Run(); err != nil {
		return nil, fmt.Errorf("docker has no buildx")
	}
	return engine, nil
}

func (e *Engine) version(ctx context.Context) (string, error) {
	out, err := e.Command(ctx, "version", "--format", "{{.Server.Version}}").Output()
	if err != nil {
		return "", fmt.Errorf("docker version: the daemon doesn't respond")
	}
	return strings.TrimSpace(string(out)), nil
}

func daemonIsNew(version string) error {
	major, _, _ := strings.Cut(version, ".")
	number, err := strconv.Atoi(major)
	if err != nil || number < oldestDaemon {
		return fmt.Errorf("docker %q is too old for --health-start-interval: %d or later is needed", version, oldestDaemon)
	}
	return nil
}

// canSetUp reports what stands against setting an engine up on this machine.
func canSetUp(osRelease string, uid int) error {
	remedy := fmt.Sprintf("start Docker %d or later with buildx", oldestDaemon)
	text, err := os.ReadFile(osRelease)
	if err != nil || !contains(strings.Fields(string(text)), "ID=debian") {
		return fmt.Errorf("that needs Debian: %s", remedy)
	}
	if uid != 0 {
		return fmt.Errorf("that needs root: %s, or run as root", remedy)
	}
	return nil
}

// Command returns the docker command with args, addressed to this engine. A
// cancelled context ends it.
func (e *Engine) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, e.Bin, args...)
	cmd.Env = append(os.Environ(), e.Environ()...)
	return cmd
}

// Environ returns what a child program needs beside the process's environment
// to reach this engine with a docker command of its own.
func (e *Engine) Environ() []string {
	var env []string
	if e.Host != "" {
		env = append(env, "DOCKER_HOST="+e.Host)
	}
	if e.Own {
		env = append(env, "DOCKER_CONFIG="+filepath.Join(e.dir, "config"), "PATH="+searchPath(e.dir))
	}
	return env
}

// searchPath puts the programs under dir before those of the machine.
func searchPath(dir string) string {
	programs := filepath.Join(dir, "programs", "usr")
	return strings.Join([]string{
		filepath.Join(programs, "bin"), filepath.Join(programs, "sbin"), os.Getenv("PATH"), "/usr/sbin", "/sbin",
	}, string(os.PathListSeparator))
}
