package engine

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The release whose engine is recent enough, and the one that lends its
// archive's address, runc and iptables: trixie's runc needs a newer libc.
const (
	engineSuite  = "trixie"
	machineSuite = "bookworm"
)

var enginePackages = []string{"docker.io", "docker-cli", "docker-buildx", "containerd", "tini"}

// unpack puts the engine's programs under dir/programs, once, and the missing
// packages of the machine in place. It prints the versions.
func unpack(ctx context.Context, dir string, progress io.Writer) error {
	if err := machinePackages(ctx, progress); err != nil {
		return err
	}
	versions := filepath.Join(dir, "versions")
	if text, err := os.ReadFile(versions); err == nil {
		fmt.Fprintf(progress, "Using the engine in %s:\n%s", dir, text)
		return nil
	}
	mirror, err := Mirror("/etc/apt", machineSuite)
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "Setting one up in %s from Debian's %s: %s\n", dir, engineSuite, strings.Join(enginePackages, ", "))
	archives, err := download(ctx, dir, mirror)
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if err := run(exec.CommandContext(ctx, "dpkg", "-x", archive, filepath.Join(dir, "programs"))); err != nil {
			return err
		}
	}
	if err := linkBuildx(dir); err != nil {
		return err
	}
	text := versionsOf(archives)
	fmt.Fprint(progress, text)
	// Written last: it says that what it names is all there.
	return os.WriteFile(versions, []byte(text), 0o644)
}

// machinePackages installs runc and iptables where they are missing.
func machinePackages(ctx context.Context, progress io.Writer) error {
	var missing []string
	for _, program := range []string{"runc", "iptables"} {
		if _, err := os.Stat(filepath.Join("/usr/sbin", program)); err != nil {
			missing = append(missing, program)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(progress, "Installing with apt-get: %s\n", strings.Join(missing, ", "))
	if err := run(exec.CommandContext(ctx, "apt-get", "update", "-q")); err != nil {
		return err
	}
	args := append([]string{"install", "-qy", "--no-install-recommends"}, missing...)
	return run(exec.CommandContext(ctx, "apt-get", args...))
}

// download fetches the engine's packages with apt's state under dir, so that
// the machine's own stays as it is, and returns their paths.
func download(ctx context.Context, dir, mirror string) ([]string, error) {
	apt := filepath.Join(dir, "apt")
	archives := filepath.Join(apt, "cache", "archives")
	for _, directory := range []string{filepath.Join(apt, "lists", "partial"), filepath.Join(archives, "partial")} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return nil, fmt.Errorf("set up the container engine: %w", err)
		}
	}
	for name, text := range aptFiles(apt, mirror) {
		if err := os.WriteFile(filepath.Join(apt, name), []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("set up the container engine: %w", err)
		}
	}
	for _, args := range [][]string{{"update", "-q"}, append([]string{"download", "-q"}, enginePackages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Dir = archives
		cmd.Env = append(os.Environ(), "APT_CONFIG="+filepath.Join(apt, "apt.conf"))
		if err := run(cmd); err != nil {
			return nil, err
		}
	}
	found, err := filepath.Glob(filepath.Join(archives, "*.deb"))
	if err != nil || len(found) < len(enginePackages) {
		return nil, fmt.Errorf("%s: %d of %d packages were downloaded: remove the directory and try again", archives, len(found), len(enginePackages))
	}
	return found, nil
}

// aptFiles returns the files of an apt that knows only the engine's release.
func aptFiles(apt, mirror string) map[string]string {
	return map[string]string{
		"status": "",
		"sources.list": fmt.Sprintf("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n",
			mirror, engineSuite),
		"apt.conf": fmt.Sprintf(`Dir::Etc::sourcelist "%[1]s/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "%[1]s/lists";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
APT::Sandbox::User "root";
`, apt),
	}
}

// linkBuildx makes buildx a plugin of the docker command with our configuration.
func linkBuildx(dir string) error {
	plugins := filepath.Join(dir, "config", "cli-plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return fmt.Errorf("set up buildx: %w", err)
	}
	link := filepath.Join(plugins, "docker-buildx")
	if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("set up buildx: %w", err)
	}
	return os.Symlink(filepath.Join(dir, "programs/usr/libexec/docker/cli-plugins/docker-buildx"), link)
}

// versionsOf turns the archives' file names, name_version_arch.deb, into lines.
func versionsOf(archives []string) string {
	var lines strings.Builder
	for _, archive := range archives {
		parts := strings.Split(filepath.Base(archive), "_")
		if len(parts) == 3 {
			fmt.Fprintf(&lines, "  %s %s\n", parts[0], strings.ReplaceAll(parts[1], "%3a", ":"))
		}
	}
	return lines.String()
}

// run runs cmd; its error holds what the command printed.
func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
