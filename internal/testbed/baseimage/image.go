package baseimage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"benchlingwebhook/internal/testbed/engine"
)

const (
	suite = "bookworm"
	// repository names the image on the engine; it is never pushed.
	repository = "standin-amazonlinux"
	label      = "LABEL benchling-webhook.standin=\"Debian in place of Amazon Linux 2023\""
	caBundle   = "/etc/ssl/certs/ca-certificates.crt"
	// release tells a person in a container what it stands on.
	release = "This is a stand-in for Amazon Linux 2023, made of Debian for rehearsals. Not for production.\n"
)

// hidden are programs of Debian's base that Amazon Linux's lacks; dnf shows
// them again when their package is installed.
var hidden = []string{"tar", "gzip", "useradd", "groupadd", "usermod", "groupmod", "userdel", "groupdel"}

// unneeded is what the public base has no equal of: caches, logs, documentation.
var unneeded = []string{
	"var/cache/apt", "var/lib/apt/lists", "var/log", "var/cache/debconf", "usr/share/doc", "usr/share/man",
	"usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/doc-base",
}

// recipe is what beside dnf and the CA bundle decides how the image comes out;
// a change of it builds the image anew.
const recipe = "1"

// buildImage returns the name of the stand-in on the engine, built where it is
// missing there.
func buildImage(ctx context.Context, eng *engine.Engine, dir string, progress io.Writer) (string, error) {
	mirror, err := engine.Mirror("/etc/apt", suite)
	if err != nil {
		return "", err
	}
	authorities, err := os.ReadFile(caBundle)
	if err != nil {
		return "", fmt.Errorf("certificates for the stand-in: %w: install ca-certificates", err)
	}
	image := imageName(mirror, dnf, string(authorities))
	if eng.Command(ctx, "image", "inspect", image).Run() == nil {
		fmt.Fprintf(progress, "Using the stand-in %s\n", image)
		return image, nil
	}
	tree := filepath.Join(dir, "tree")
	if err := bootstrap(ctx, tree, mirror, progress); err != nil {
		return "", err
	}
	if err := furnish(tree, authorities); err != nil {
		return "", err
	}
	fmt.Fprintf(progress, "Loading the stand-in as %s\n", image)
	if err := load(ctx, eng, tree, image); err != nil {
		return "", err
	}
	return image, os.RemoveAll(tree)
}

// imageName is a tag that changes with all that the image is made of.
func imageName(parts ...string) string {
	hash := sha256.New()
	for _, part := range append([]string{recipe, label, release, strings.Join(hidden, " ")}, parts...) {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return repository + ":" + hex.EncodeToString(hash.Sum(nil))[:12]
}

// bootstrap unpacks Debian's smallest system into tree, anew.
func bootstrap(ctx context.Context, tree, mirror string, progress io.Writer) error {
	if _, err := exec.LookPath("debootstrap"); err != nil {
		fmt.Fprintln(progress, "Installing with apt-get: debootstrap")
		if err := run(exec.CommandContext(ctx, "apt-get", "install", "-qy", "--no-install-recommends", "debootstrap")); err != nil {
			return fmt.Errorf("the stand-in needs debootstrap: %w", err)
		}
	}
	if err := os.RemoveAll(tree); err != nil {
		return fmt.Errorf("clear the stand-in's directory: %w", err)
	}
	fmt.Fprintf(progress, "Building the stand-in from Debian's %s (about 30 s)\n", suite)
	return run(exec.CommandContext(ctx, "debootstrap", "--variant=minbase", "--include=ca-certificates,curl", suite, tree, mirror))
}

// furnish turns a Debian tree into the stand-in.
func furnish(tree string, authorities []byte) error {
	for _, path := range unneeded {
		if err := os.RemoveAll(filepath.Join(tree, path)); err != nil {
			return fmt.Errorf("furnish the stand-in: %w", err)
		}
	}
	for _, path := range []string{"usr/lib/standin", "var/log", "var/cache/apt/archives/partial", "var/lib/apt/lists/partial", "var/cache/debconf"} {
		if err := os.MkdirAll(filepath.Join(tree, path), 0o755); err != nil {
			return fmt.Errorf("furnish the stand-in: %w", err)
		}
	}
	for _, program := range hidden {
		if err := hide(tree, program); err != nil {
			return fmt.Errorf("furnish the stand-in: %w", err)
		}
	}
	files := map[string]string{
		"usr/bin/dnf":       dnf,
		"etc/standin-image": release,
		caBundle:            string(authorities),
		// Amazon Linux's packages have no documentation in a container either.
		"etc/dpkg/dpkg.cfg.d/standin": "path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n" +
			"path-exclude=/usr/share/locale/*\npath-exclude=/usr/share/lintian/*\n",
	}
	for path, text := range files {
		if err := os.WriteFile(filepath.Join(tree, path), []byte(text), 0o644); err != nil {
			return fmt.Errorf("furnish the stand-in: %w", err)
		}
	}
	return os.Chmod(filepath.Join(tree, "usr/bin/dnf"), 0o755)
}

// hide moves a program to where only dnf looks.
func hide(tree, program string) error {
	for _, directory := range []string{"usr/bin", "usr/sbin"} {
		err := os.Rename(filepath.Join(tree, directory, program), filepath.Join(tree, "usr/lib/standin", program))
		if err == nil || !os.IsNotExist(err) {
			return err
		}
	}
	return fmt.Errorf("%s isn't in the tree", program)
}

// load imports tree as an image.
func load(ctx context.Context, eng *engine.Engine, tree, image string) error {
	pack := exec.CommandContext(ctx, "tar", "-C", tree, "--numeric-owner", "--sort=name", "-c", ".")
	stream, err := pack.StdoutPipe()
	if err != nil {
		return fmt.Errorf("pack the stand-in: %w", err)
	}
	if err := pack.Start(); err != nil {
		return fmt.Errorf("pack the stand-in: %w", err)
	}
	importing := eng.Command(ctx, "import", "--change", label, "--change", "ENV SSL_CERT_FILE="+caBundle,
		"--change", `CMD ["/bin/bash"]`, "-", image)
	importing.Stdin = stream
	importErr := run(importing)
	if err := pack.Wait(); err != nil && importErr == nil {
		return fmt.Errorf("pack the stand-in: %w", err)
	}
	return importErr
}

// run runs cmd; its error holds what the command printed.
func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
