package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"benchlingwebhook/internal/process"
)

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 40 * time.Second
	// socketLimit is the longest path of a Unix socket on Linux.
	socketLimit = 107
	// longestSocket is what the daemon adds to its run directory at most.
	longestSocket = "/exec/containerd/containerd.sock.ttrpc"
)

// start starts the daemon of dir, unless it already runs, and waits for it.
func start(ctx context.Context, dir string, progress io.Writer) (*Engine, error) {
	runDir, err := runDirectory(dir)
	if err != nil {
		return nil, err
	}
	engine := &Engine{
		Host: "unix://" + filepath.Join(runDir, "docker.sock"),
		Bin:  filepath.Join(dir, "programs/usr/bin/docker"),
		Own:  true,
		dir:  dir,
	}
	if pid := leftover(dir); pid != 0 {
		if engine.Version, err = engine.version(ctx); err == nil {
			fmt.Fprintf(progress, "Container engine: Docker %s, already running in %s\n", engine.Version, dir)
			return engine, nil
		}
		if err := stop(ctx, dir); err != nil {
			return nil, err
		}
	}
	exited, err := engine.launch(runDir)
	if err != nil {
		return nil, err
	}
	if err := engine.wait(ctx, exited); err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "Container engine: Docker %s in %s\n", engine.Version, dir)
	return engine, nil
}

// launch starts the daemon in a session of its own, so that an interrupt of the
// caller leaves it to Stop; it ends with a caller that is killed. The channel closes when the daemon ends.
func (e *Engine) launch(runDir string) (<-chan struct{}, error) {
	log, err := os.Create(filepath.Join(e.dir, "dockerd.log"))
	if err != nil {
		return nil, fmt.Errorf("log of the container engine: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(e.dir, "programs/usr/sbin/dockerd"),
		"--data-root", filepath.Join(e.dir, "data"),
		"--exec-root", filepath.Join(runDir, "exec"),
		"--pidfile", filepath.Join(e.dir, "dockerd.pid"),
		"-H", e.Host)
	cmd.Env = append(os.Environ(), "PATH="+searchPath(e.dir))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	exited, err := process.StartBound(cmd)
	if err != nil {
		return nil, fmt.Errorf("start the container engine: %w", err)
	}
	return exited, nil
}

// wait returns once the daemon responds, and fails when it ends or takes too long.
func (e *Engine) wait(ctx context.Context, exited <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		version, err := e.version(ctx)
		if err == nil {
			e.Version = version
			return nil
		}
		log := filepath.Join(e.dir, "dockerd.log")
		select {
		case <-exited:
			return fmt.Errorf("the container engine ended while starting: see %s, or start Docker yourself:\n%s", log, tail(log))
		case <-ctx.Done():
			return fmt.Errorf("the container engine doesn't respond: %w: see %s, or start Docker yourself:\n%s", ctx.Err(), log, tail(log))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Stop ends the engine where Ensure set it up, waits for its end and removes its
// mounts. Its images stay for the next time. Another engine is left alone.
func (e *Engine) Stop(ctx context.Context) error {
	if !e.Own {
		return nil
	}
	return stop(ctx, e.dir)
}

// Remove ends an engine that an earlier run left in dir and deletes dir.
func Remove(ctx context.Context, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("directory of the container engine: %w", err)
	}
	if err := stop(ctx, dir); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

func stop(ctx context.Context, dir string) error {
	if pid := leftover(dir); pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return fmt.Errorf("stop the container engine, process %d: %w", pid, err)
		}
		deadline := time.Now().Add(stopTimeout)
		for leftover(dir) == pid {
			if time.Now().After(deadline) {
				return fmt.Errorf("the container engine, process %d, doesn't stop: end it yourself", pid)
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("stop the container engine, process %d: %w", pid, ctx.Err())
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return clearRunDirectory(dir)
}

// clearRunDirectory unmounts what the daemon mounted and removes its run directory.
func clearRunDirectory(dir string) error {
	runDir := filepath.Join(dir, "run")
	if text, err := os.ReadFile(filepath.Join(dir, "run-directory")); err == nil {
		runDir = string(text)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fmt.Errorf("list mounts: %w", err)
	}
	for _, mount := range mountsUnder(string(mounts), dir, runDir) {
		if err := syscall.Unmount(mount, syscall.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", mount, err)
		}
	}
	if err := os.RemoveAll(runDir); err != nil {
		return fmt.Errorf("clear the container engine's run directory: %w", err)
	}
	if err := os.Remove(filepath.Join(dir, "run-directory")); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("clear the container engine's run directory: %w", err)
	}
	return nil
}

// mountsUnder returns the mount points of a mount table under the directories,
// innermost first.
func mountsUnder(table string, directories ...string) []string {
	var found []string
	for _, line := range strings.Split(table, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		for _, directory := range directories {
			if strings.HasPrefix(fields[1], directory+"/") {
				found = append(found, fields[1])
				break
			}
		}
	}
	sort.Sort(sort.Reverse(sort.StringSlice(found)))
	return found
}

// leftover returns the process that dir's pid file names if it is the daemon of
// dir, and 0 otherwise: the number may have gone to another program.
func leftover(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "dockerd.pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !bytes.Contains(line, []byte("--data-root\x00"+filepath.Join(dir, "data")+"\x00")) {
		return 0
	}
	return pid
}

// runDirectory makes and returns the directory of the daemon's sockets: dir/run, or a
// temporary one, recorded in dir, where that path is too long for a socket.
func runDirectory(dir string) (string, error) {
	if runDir := filepath.Join(dir, "run"); len(runDir+longestSocket) <= socketLimit {
		return runDir, os.MkdirAll(runDir, 0o700)
	}
	record := filepath.Join(dir, "run-directory")
	if text, err := os.ReadFile(record); err == nil {
		if err := os.MkdirAll(string(text), 0o700); err != nil {
			return "", fmt.Errorf("run directory of the container engine: %w", err)
		}
		return string(text), nil
	}
	runDir, err := os.MkdirTemp("/tmp", "engine-")
	if err != nil {
		return "", fmt.Errorf("run directory of the container engine: %w", err)
	}
	return runDir, os.WriteFile(record, []byte(runDir), 0o644)
}

// tail returns the last lines of a log, or nothing where it can't be read.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
