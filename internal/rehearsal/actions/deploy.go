package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/cdkdocker"
	"benchlingwebhook/internal/testbed/emulator"
)

// deployTimeout bounds one command of the CDK CLI, with a first build of the
// CDK library and of the image.
const deployTimeout = 12 * time.Minute

// escape matches the colours in the CDK CLI's output.
var escape = regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")

// cdkOut is where the CDK CLI writes what the app synthesizes.
var cdkOut = filepath.Join(testbed.WorkDir, "cdk.out")

type deploy struct{ *stage.Stage }

// Run bootstraps the local AWS, publishes the image and deploys the finished assembly, as
// the deploy workflow does, then deploys as a person does, unchanged, and reads it back.
func (a deploy) Run(ctx context.Context) error {
	environment, err := a.cdkEnvironment(ctx)
	if err != nil {
		return a.Report.Check("CDK CLI", func() (string, error) { return "", err })
	}
	deploy := []string{"deploy", stage.StackName, "--require-approval", "never", "--progress", "events"}
	if err := a.Report.Check("cdk bootstrap", func() (string, error) {
		_, err := a.cdk(ctx, environment, "bootstrap", "bootstrap", "aws://"+emulator.Account+"/"+emulator.Region)
		return "local AWS account " + emulator.Account, err
	}); err != nil {
		return err
	}
	if err := a.Report.Check("cdk publish-assets", func() (string, error) {
		text, err := a.cdk(ctx, environment, "publish", "publish-assets", stage.StackName, "--unstable=publish-assets")
		if err == nil && !built(text) {
			err = errors.New("the CDK CLI built no image")
		}
		return "the image is built and pushed before the stack is there", err
	}); err != nil {
		return err
	}
	if err := a.Report.Check("cdk deploy", func() (string, error) {
		text, err := a.cdk(ctx, environment, "deploy", append(deploy, "--app", cdkOut)...)
		if err == nil && built(text) {
			err = errors.New("the CDK CLI built another image than it had pushed")
		}
		return stage.StackName + ", unmodified, of the image that is pushed", err
	}); err != nil {
		return err
	}
	if err := a.Report.Check("cdk deploy again, unchanged", func() (string, error) {
		text, err := a.cdk(ctx, environment, "deploy-unchanged", deploy...)
		if err == nil && !strings.Contains(text, "(no changes)") {
			err = fmt.Errorf("%s: the CDK CLI found changes in an unchanged stack", cdkLog("deploy-unchanged"))
		}
		return "no changes, nothing built", err
	}); err != nil {
		return err
	}
	return readBack(ctx, a.Stage)
}

// built says whether the CDK CLI built an image, by what it printed.
func built(text string) bool {
	return strings.Contains(text, "docker build") || strings.Contains(text, "Building")
}

// readBack reads what was deployed, which must keep its rules.
func readBack(ctx context.Context, s *stage.Stage) error {
	if err := s.Report.Check("deployed resources keep their rules", func() (string, error) { return checkResources(ctx, s) }); err != nil {
		return err
	}
	if err := s.ReadBack(ctx); err != nil {
		return err
	}
	return s.Report.Check("network: nothing is open but what is due", func() (string, error) {
		var problems []error
		for _, open := range s.Reach.Exposed() {
			problems = append(problems, fmt.Errorf("%s: close it in constructs/", open))
		}
		return "API Gateway to load balancer, load balancer to web tasks, tasks to 443", errors.Join(problems...)
	})
}

// cdkEnvironment returns the environment of the CDK CLI: the local AWS, the
// rehearsal's docker, and a home of its own, because the CLI caches there which
// account a key belongs to. Go keeps its caches.
func (a deploy) cdkEnvironment(ctx context.Context) ([]string, error) {
	directory, err := filepath.Abs(testbed.WorkDir)
	if err != nil {
		return nil, err
	}
	program, err := cdkDocker(ctx)
	if err != nil {
		return nil, err
	}
	docker := a.Engine.Command(ctx)
	config := cdkdocker.Config{
		Docker:         []string{docker.Path},
		Environment:    docker.Env,
		BuildArguments: a.Contexts.BuildArgs(),
		ImagePrefix:    testbed.ImagePrefix(),
		Registry:       a.Registry.Host,
		Endpoint:       a.Emulator.Endpoint,
		Root:           a.Emulator.Root,
	}
	configFile := filepath.Join(directory, "docker"+a.Name+".json")
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
	authority, err := filepath.Abs(a.AuthorityFile())
	if err != nil {
		return nil, err
	}
	variables := a.Emulator.Environment()
	maps.Copy(variables, map[string]string{
		"AWS_ENDPOINT_URL":    "https://" + a.AWS.Address,
		"AWS_ENDPOINT_URL_S3": "https://" + a.AWS.Address,
		"AWS_CA_BUNDLE":       authority,
		"NODE_EXTRA_CA_CERTS": authority,
	})
	for name, value := range variables {
		environment = append(environment, name+"="+value)
	}
	return append(environment,
		"HOME="+filepath.Join(directory, "home"+a.Name),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"CDK_DOCKER="+program,
		cdkdocker.ConfigVariable+"="+configFile,
		"CDK_DISABLE_CLI_TELEMETRY=true",
		"CI=true",
	), nil
}

// cdkDocker builds the program that the CDK CLI calls as docker.
func cdkDocker(ctx context.Context) (string, error) {
	program, err := filepath.Abs("build/bin/cdk-docker")
	if err != nil {
		return "", err
	}
	text, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/cdk-docker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build ./cmd/cdk-docker: %w: %s", err, testbed.LastLines(string(text), 4))
	}
	return program, nil
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
	return filepath.Join(testbed.WorkDir, "cdk-"+name+".log")
}

// cdk runs the CDK CLI, with its output in a log, and returns the output.
func (a deploy) cdk(ctx context.Context, environment []string, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, deployTimeout)
	defer cancel()
	log, err := os.Create(cdkLog(name))
	if err != nil {
		return "", err
	}
	defer log.Close()
	command := exec.CommandContext(ctx, "node_modules/.bin/cdk", append(args, "--output", cdkOut)...)
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
		return plain, fmt.Errorf("%s: cdk %s: %w: %s", log.Name(), args[0], failure, testbed.LastLines(plain, 6))
	}
	return plain, nil
}
