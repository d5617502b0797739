// Package cdkdocker is the `docker` that the CDK CLI calls during a
// rehearsal (CDK_DOCKER). It builds for real, with the rehearsal's build
// contexts, and what the CLI pushes to ECR goes to the local registry instead.
package cdkdocker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"benchlingwebhook/internal/testbed/emulator"
)

// ConfigVariable names the environment variable with the path of the Config.
const ConfigVariable = "REHEARSAL_DOCKER"

// cdkImage begins the name of each image that the CDK CLI builds.
const cdkImage = "cdkasset-"

// manifestTypes are the kinds of manifest that an image can have.
const manifestTypes = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, " +
	"application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"

// ecrHost is the registry of an account.
var ecrHost = regexp.MustCompile(`[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com`)

// Config is what a call needs to know of the rehearsal.
type Config struct {
	// Docker is the real docker CLI and what comes before a command's arguments.
	Docker []string
	// Environment is the real docker CLI's.
	Environment []string
	// BuildArguments come after `buildx build`.
	BuildArguments []string
	// ImagePrefix comes before the names that the CDK CLI gives its images: a machine's
	// own images of a real deployment, and those of another checkout's run, stay what
	// they are.
	ImagePrefix string
	// Registry is the local registry, "127.0.0.1:PORT".
	Registry string
	// Endpoint is the emulator's.
	Endpoint string
	// Root is the key of the emulator's root; the file is this user's alone.
	Root emulator.Key
}

// Save writes the configuration for the calls to come.
func (c Config) Save(path string) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// Load reads what Save wrote.
func Load(path string) (Config, error) {
	var c Config
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// LocalReference returns a reference with ECR's host replaced by the local
// registry.
func (c Config) LocalReference(reference string) string {
	return ecrHost.ReplaceAllString(reference, c.Registry)
}

// Rewrite returns the arguments for the real docker, or ok false for a command
// that the rehearsal responds to itself: login (the local registry wants none) and
// inspect (an image of an earlier run must not keep this one from building).
func (c Config) Rewrite(args []string) (rewritten []string, ok bool) {
	if len(args) == 0 {
		return nil, true
	}
	for _, arg := range args {
		if strings.HasPrefix(arg, cdkImage) {
			arg = c.ImagePrefix + arg
		}
		rewritten = append(rewritten, c.LocalReference(arg))
	}
	switch args[0] {
	case "login", "inspect":
		return nil, false
	case "build":
		build := []string{"buildx", "build"}
		// An asset's own output says where the image goes.
		if !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--output") }) {
			build = append(build, "--load")
		}
		return append(append(build, c.BuildArguments...), rewritten[1:]...), true
	}
	return rewritten, true
}

// Run responds to one call of the CDK CLI and returns its exit status.
func (c Config) Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	rewritten, ok := c.Rewrite(args)
	switch {
	case !ok && args[0] == "login":
		_, _ = io.Copy(io.Discard, in)
		fmt.Fprintln(out, "Login Succeeded")
		return 0
	case !ok:
		fmt.Fprintf(errs, "Error: No such object: %s\n", args[len(args)-1])
		return 1
	}
	if err := c.run(ctx, rewritten, in, out, errs); err != nil {
		fmt.Fprintf(errs, "docker %s: %v\n", strings.Join(rewritten, " "), err)
		return 1
	}
	return 0
}

func (c Config) run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) error {
	docker := func(args ...string) error {
		command := exec.CommandContext(ctx, c.Docker[0], append(slices.Clone(c.Docker[1:]), args...)...)
		command.Env = c.Environment
		command.Stdin, command.Stdout, command.Stderr = in, out, errs
		return command.Run()
	}
	if err := docker(args...); err != nil || len(args) == 0 || args[0] != "push" {
		return err
	}
	// The registry has it; its name here would outlive the registry.
	reference := args[len(args)-1]
	return errors.Join(c.recordPush(ctx, reference), docker("image", "rm", reference))
}

// recordPush tells the emulator's ECR of a pushed image, as a push to ECR does
// in the end.
func (c Config) recordPush(ctx context.Context, reference string) error {
	repository, tag, found := strings.Cut(strings.TrimPrefix(reference, c.Registry+"/"), ":")
	if !found {
		return fmt.Errorf("%q: no tag", reference)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Registry+"/v2/"+repository+"/manifests/"+tag, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", manifestTypes)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	manifest, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", request.URL, response.Status)
	}
	_, err = ecr.NewFromConfig(emulator.Config(c.Endpoint, c.Root)).PutImage(ctx, &ecr.PutImageInput{
		RepositoryName:         aws.String(repository),
		ImageTag:               aws.String(tag),
		ImageManifest:          aws.String(string(manifest)),
		ImageManifestMediaType: aws.String(response.Header.Get("Content-Type")),
		ImageDigest:            aws.String(response.Header.Get("Docker-Content-Digest")),
	})
	return err
}
