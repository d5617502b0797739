package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"benchlingwebhook/internal/testbed/cdkdocker"
	"benchlingwebhook/internal/testbed/emulator"
)

// deployTimeout bounds one command of the CDK CLI, with a first build of the
// CDK library and of the image.
const deployTimeout = 12 * time.Minute

// escape matches the colours in the CDK CLI's output.
var escape = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// deploy bootstraps the local AWS and deploys the stack twice, the second time
// unchanged.
func (r *rehearsal) deploy(ctx context.Context) error {
	environment, err := r.cdkEnvironment(ctx)
	if err != nil {
		return r.rows.Check("CDK CLI", func() (string, error) { return "", err })
	}
	deploy := []string{"deploy", stackName, "--require-approval", "never", "--progress", "events"}
	if err := r.rows.Check("cdk bootstrap", func() (string, error) {
		_, err := r.cdk(ctx, environment, "bootstrap", "bootstrap", "aws://"+emulator.Account+"/"+emulator.Region)
		return "local AWS account " + emulator.Account, err
	}); err != nil {
		return err
	}
	if err := r.rows.Check("cdk deploy", func() (string, error) {
		text, err := r.cdk(ctx, environment, "deploy", deploy...)
		if err == nil && !strings.Contains(text, "docker build") && !strings.Contains(text, "Building") {
			err = errors.New("the CDK CLI built no image")
		}
		return stackName + ", unmodified, with its image built and pushed", err
	}); err != nil {
		return err
	}
	return r.rows.Check("cdk deploy again, unchanged", func() (string, error) {
		text, err := r.cdk(ctx, environment, "deploy-unchanged", deploy...)
		if err == nil && !strings.Contains(text, "(no changes)") {
			err = fmt.Errorf("%s: the CDK CLI found changes in an unchanged stack", cdkLog("deploy-unchanged"))
		}
		return "no changes, nothing built", err
	})
}

// cdkEnvironment returns the environment of the CDK CLI: the local AWS, the
// rehearsal's docker, and a home of its own, because the CLI caches there which
// account a key belongs to. Go keeps its caches.
func (r *rehearsal) cdkEnvironment(ctx context.Context) ([]string, error) {
	directory, err := filepath.Abs(workDir)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	docker := r.engine.Command(ctx)
	config := cdkdocker.Config{
		Docker:         []string{docker.Path},
		Environment:    docker.Env,
		BuildArguments: r.contexts.BuildArgs(),
		Registry:       r.registry.Host,
		Endpoint:       r.emulator.Endpoint,
	}
	configFile := filepath.Join(directory, "docker.json")
	if err := config.Save(configFile); err != nil {
		return nil, err
	}
	environment := os.Environ()
	if environment, err = keepGo(ctx, environment); err != nil {
		return nil, err
	}
	bin, err := filepath.Abs("node_modules/.bin")
	if err != nil {
		return nil, err
	}
	for name, value := range emulator.Environment(r.emulator.Endpoint) {
		environment = append(environment, name+"="+value)
	}
	return append(environment,
		"HOME="+filepath.Join(directory, "home"),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"CDK_DOCKER="+program,
		cdkdocker.ConfigVariable+"="+configFile,
		"CDK_DISABLE_CLI_TELEMETRY=true",
		"CI=true",
	), nil
}

// keepGo adds Go's settings, whose defaults depend on HOME.
func keepGo(ctx context.Context, environment []string) ([]string, error) {
	text, err := exec.CommandContext(ctx, "go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH", "GOENV").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w: install Go", err)
	}
	var settings map[string]string
	if err := json.Unmarshal(text, &settings); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	for name, value := range settings {
		environment = append(environment, name+"="+value)
	}
	return environment, nil
}

func cdkLog(name string) string {
	return filepath.Join(workDir, "cdk-"+name+".log")
}

// cdk runs the CDK CLI, with its output in a log, and returns the output.
func (r *rehearsal) cdk(ctx context.Context, environment []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, deployTimeout)
	defer cancel()
	log, err := os.Create(cdkLog(name))
	if err != nil {
		return "", err
	}
	defer log.Close()
	command := exec.CommandContext(ctx, "node_modules/.bin/cdk", append(args, "--output", filepath.Join(workDir, "cdk.out"))...)
	command.Env = environment
	command.Stdout, command.Stderr = log, log
	// What the CLI started ends with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	failure := command.Run()
	if _, err := log.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	text, err := io.ReadAll(log)
	if err != nil {
		return "", err
	}
	plain := escape.ReplaceAllString(string(text), "")
	if failure != nil {
		return plain, fmt.Errorf("%s: cdk %s: %w: %s", log.Name(), args[0], failure, lastLines(plain, 6))
	}
	return plain, nil
}

// lastLines returns the last lines of a text, as one.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

// output runs a command and returns its trimmed standard output; its error has
// the command's own last words, wherever it wrote them.
func output(command *exec.Cmd, args []string) (string, error) {
	var errs strings.Builder
	command.Stderr = &errs
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, lastLines(string(text)+"\n"+errs.String(), 4))
	}
	return strings.TrimSpace(string(text)), nil
}
