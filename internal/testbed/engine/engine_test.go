package engine

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fakeDaemon is a process whose command line is that of dir's daemon.
func fakeDaemon(t *testing.T, dir, script string) {
	t.Helper()
	write(t, filepath.Join(dir, "programs/usr/sbin/dockerd"), "#!/bin/sh\n"+script, 0o755)
}

// fakeDocker responds `docker version` once a file "up" is beside it.
func fakeDocker(t *testing.T, dir string) {
	t.Helper()
	write(t, filepath.Join(dir, "programs/usr/bin/docker"), "#!/bin/sh\n[ -e "+dir+"/up ] && echo 26.1.5\n", 0o755)
}

const daemonScript = `trap 'rm -f "$root/up"; exit 0' TERM
root=${2%/data}
echo $$ > "$root/dockerd.pid"
: > "$root/up"
while :; do sleep 0.1; done
`

func TestStartReuseStopRemove(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "e")
	fakeDaemon(t, dir, daemonScript)
	fakeDocker(t, dir)
	ctx := context.Background()
	var progress strings.Builder
	first, err := start(ctx, dir, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Own || first.Version != "26.1.5" {
		t.Fatalf("unexpected engine: %+v", first)
	}
	pid := leftover(dir)
	if pid == 0 {
		t.Fatal("the daemon isn't recognised by its pid file")
	}
	if _, err := start(ctx, dir, &progress); err != nil || leftover(dir) != pid {
		t.Fatalf("a running daemon isn't reused: %v", err)
	}
	if !strings.Contains(progress.String(), "already running") {
		t.Fatalf("progress: %s", progress.String())
	}
	if err := first.Stop(ctx); err != nil || leftover(dir) != 0 {
		t.Fatalf("not stopped: %v", err)
	}
	if _, err := start(ctx, dir, &progress); err != nil {
		t.Fatal(err)
	}
	if err := Remove(ctx, dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatalf("the directory is still there: %v", err)
	}
}

func TestStartTellsWhyTheDaemonEnded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "e")
	fakeDaemon(t, dir, "echo no iptables; exit 1\n")
	fakeDocker(t, dir)
	_, err := start(context.Background(), dir, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "ended while starting") || !strings.Contains(err.Error(), "no iptables") {
		t.Fatalf("got %v", err)
	}
	if err := stop(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "e")
	fakeDaemon(t, dir, "exec sleep 2\n")
	fakeDocker(t, dir)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := start(ctx, dir, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "doesn't respond") {
		t.Fatalf("got %v", err)
	}
	if err := stop(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
}

// A pid file may name a process that took the number later.
func TestLeftoverIsOnlyOurs(t *testing.T) {
	for name, text := range map[string]string{"another process": strconv.Itoa(os.Getpid()), "garbage": "x", "init": "1"} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "dockerd.pid"), text, 0o644)
		if pid := leftover(dir); pid != 0 {
			t.Errorf("%s: %d is taken for the daemon", name, pid)
		}
	}
}

func TestRunDirectory(t *testing.T) {
	short, err := os.MkdirTemp("/tmp", "e")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	if got, err := runDirectory(short); err != nil || got != filepath.Join(short, "run") {
		t.Fatalf("short: %q, %v", got, err)
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	first, err := runDirectory(long)
	if err != nil || len(first+longestSocket) > socketLimit {
		t.Fatalf("long: %q, %v", first, err)
	}
	if again, err := runDirectory(long); err != nil || again != first {
		t.Fatalf("the recorded directory %q isn't used: %q, %v", first, again, err)
	}
	if err := clearRunDirectory(long); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first); !os.IsNotExist(err) {
		t.Fatalf("%s is still there", first)
	}
}

func TestMountsUnder(t *testing.T) {
	table := "a /e/data/x overlay\nb /e/data/x/y proc\nc /elsewhere tmpfs\n\nd /r/ns nsfs\n"
	want := []string{"/r/ns", "/e/data/x/y", "/e/data/x"}
	if got := mountsUnder(table, "/e", "/r"); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v", got)
	}
}

func TestEnviron(t *testing.T) {
	t.Setenv("PATH", "/p")
	own := &Engine{Host: "unix:///s", Own: true, dir: "/e"}
	want := []string{"DOCKER_HOST=unix:///s", "DOCKER_CONFIG=/e/config",
		"PATH=/e/programs/usr/bin:/e/programs/usr/sbin:/p:/usr/sbin:/sbin"}
	if got := own.Environ(); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v", got)
	}
	foreign := &Engine{}
	if got := foreign.Environ(); got != nil {
		t.Fatalf("got %v", got)
	}
	if err := foreign.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestInstalled(t *testing.T) {
	cases := map[string]struct{ docker, problem string }{
		"usable":      {"[ $1 = version ] && echo 27.1.0; exit 0", ""},
		"old":         {"echo 20.10.24", `docker "20.10.24" is too old for --health-start-interval: 25 or later is needed`},
		"no buildx":   {"[ $1 = version ] && echo 27.1.0 && exit 0; exit 1", "docker has no buildx"},
		"no daemon":   {"exit 1", "docker version: the daemon doesn't respond"},
		"not present": {"", "docker isn't installed"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			if c.docker != "" {
				write(t, filepath.Join(bin, "docker"), "#!/bin/sh\n"+c.docker+"\n", 0o755)
			}
			t.Setenv("PATH", bin)
			_, err := installed(context.Background())
			if c.problem == "" && err == nil {
				engine, err := Ensure(context.Background(), t.TempDir(), &strings.Builder{})
				if err != nil || engine.Own {
					t.Fatalf("%+v, %v", engine, err)
				}
				return
			}
			if err == nil || err.Error() != c.problem {
				t.Fatalf("got %v; want %s", err, c.problem)
			}
		})
	}
}

func TestCanSetUp(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "debian"), "PRETTY_NAME=x\nID=debian\n", 0o644)
	write(t, filepath.Join(dir, "fedora"), "ID=fedora\n", 0o644)
	if err := canSetUp(filepath.Join(dir, "debian"), 0); err != nil {
		t.Error(err)
	}
	if err := canSetUp(filepath.Join(dir, "debian"), 1000); err == nil || !strings.Contains(err.Error(), "needs root") {
		t.Errorf("got %v", err)
	}
	if err := canSetUp(filepath.Join(dir, "fedora"), 0); err == nil || !strings.Contains(err.Error(), "needs Debian") {
		t.Errorf("got %v", err)
	}
}

func TestVersionsOf(t *testing.T) {
	got := versionsOf([]string{"/c/docker.io_26.1.5+dfsg1-9_amd64.deb", "/c/x_1%3a2_all.deb", "/c/odd.deb"})
	if want := "  docker.io 26.1.5+dfsg1-9\n  x 1:2\n"; got != want {
		t.Fatalf("got %q", got)
	}
}

func TestLinkBuildx(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		if err := linkBuildx(dir); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Readlink(filepath.Join(dir, "config/cli-plugins/docker-buildx")); err != nil {
		t.Fatal(err)
	}
}

// The archives come through apt-get and dpkg, here two that only pretend.
func TestUnpack(t *testing.T) {
	if _, err := Mirror("/etc/apt", machineSuite); err != nil {
		t.Skipf("this machine has no apt sources of %s: %v", machineSuite, err)
	}
	for _, program := range []string{"runc", "iptables"} {
		if _, err := exec.LookPath("/usr/sbin/" + program); err != nil {
			t.Skipf("this machine has no %s", program)
		}
	}
	bin, dir := t.TempDir(), t.TempDir()
	write(t, filepath.Join(bin, "apt-get"), "#!/bin/sh\n[ $1 = update ] && exit 0\nshift 2\nfor p; do : > ${p}_1_all.deb; done\n", 0o755)
	write(t, filepath.Join(bin, "dpkg"), "#!/bin/sh\nmkdir -p $3\n", 0o755)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, want := range []string{"Setting one up", "Using the engine in"} {
		var progress strings.Builder
		if err := unpack(context.Background(), dir, &progress); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(progress.String(), want) || !strings.Contains(progress.String(), "docker.io 1") {
			t.Fatalf("progress lacks %q:\n%s", want, progress.String())
		}
	}
}

func TestRunShowsOutput(t *testing.T) {
	err := run(exec.Command("sh", "-c", "echo why; exit 3"))
	if err == nil || !strings.Contains(err.Error(), "why") {
		t.Fatalf("got %v", err)
	}
}
