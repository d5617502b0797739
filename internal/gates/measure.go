package gates

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"benchlingwebhook/internal/benchpages"
	"benchlingwebhook/internal/gates/benchmarks"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	gatesFile = "build/gates.json"
	gatesDir  = "build/gates"

	oldDockerfile = "internal/gates/testdata/single-stage/Dockerfile"
	newImage      = "benchling-webhook:gates"
	oldImage      = "benchling-webhook:single-stage"
	rebuiltImage  = "benchling-webhook:rebuilt"
)

// measurement is a run of the gates over the image.
type measurement struct {
	*testbed.Testbed
	list    List
	figures benchmarks.Figures
	// environment is the web service's, in NAME=VALUE form.
	environment []string
	// trust are the arguments of `docker run` by which a container trusts the stand-ins.
	trust []string
	// secret is BENCHLING_SECRET=VALUE.
	secret string
	// port is the machine's that services listen on; a free one where it is empty.
	port string
}

// Measure checks every gate in the repository's root and writes them, also after a
// failure; it returns whether none was missed. Where asked to, it writes the
// benchmarks too.
func Measure(ctx context.Context, bench bool, out io.Writer) (bool, error) {
	fmt.Fprintln(out, "This builds the image and the old single-stage one, runs both, and measures the quality gates of the design.")
	m := &measurement{Testbed: testbed.New(report.New(out))}
	failure := m.measureAll(ctx)
	m.Stop()
	if failure != nil {
		m.list.Add("gates", "all of them", "", failure)
	}
	err := errors.Join(m.list.Table(out), m.list.Checklist(out), m.list.Save(gatesFile))
	if bench && m.figures.Complete() {
		err = errors.Join(err, benchmarks.Write("docs", m.figures, time.Now().UTC()))
	}
	return m.list.Passed() && ctx.Err() == nil, err
}

// Images returns the names of the images that Measure makes.
func Images() []string { return []string{newImage, oldImage, rebuiltImage} }

// Paths returns the paths that Measure makes.
func Paths() []string { return []string{gatesDir, gatesFile, sbomFile, buildkitDir} }

// measureAll makes the checks in order; its error is of what others stand on.
func (m *measurement) measureAll(ctx context.Context) error {
	machine, err := benchpages.ThisMachine()
	if err != nil {
		return err
	}
	m.figures.Load, m.figures.Processors = machine.Load, machine.Processors
	if err := m.Prepare(ctx); err != nil {
		return err
	}
	m.figures.Standin = m.Contexts.Standin
	if err := os.MkdirAll(gatesDir, 0o755); err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		run  func(context.Context) error
	}{
		{"what the Dockerfile promises", m.checkContract},
		{"linters", m.checkLint},
		{"builds", m.checkBuilds},
		{"layers", m.checkLayers},
		{"two clean builds (a first run builds BuildKit, about four minutes)", m.checkReproducible},
		{"components", m.checkComponents},
		{"vulnerabilities", m.checkVulnerabilities},
		{"what is inside", m.checkInside},
		{"unit tests in the image", m.checkUnitTests},
		{"settings for the service", m.chooseSettings},
		{"the running service", m.checkRunning},
		{"the first event of a cold task", m.checkColdStart},
		{"start-up and memory beside the old image", m.checkSpeed},
	} {
		if err := m.Report.Check(step.what, func() (string, error) { return "", step.run(ctx) }); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// checkContract checks what is read from the Dockerfile alone.
func (m *measurement) checkContract(context.Context) error {
	var digests []string
	for _, base := range m.Contract.BaseImages {
		if len(digests) == 0 || digests[0] != base.Digest {
			digests = append(digests, base.Digest)
		}
	}
	on := ""
	if m.Contexts.Standin {
		on = "; built here on a stand-in"
	}
	var err error
	if len(digests) != 1 || !strings.Contains(m.Contract.BaseImages[0].Reference, "amazonlinux:2023@") {
		err = fmt.Errorf("bases %v: use one digest of amazonlinux:2023", digests)
	}
	m.list.Add("contract base by digest", "one digest", digests[0]+on, err)
	err = nil
	if len(m.Contract.BaseImages) < 2 {
		err = errors.New("one stage")
	}
	m.list.Add("contract two stages", "2 or more", fmt.Sprintf("%d stages", len(m.Contract.BaseImages)), err)
	err = nil
	if m.Contract.Command[0] != "python" {
		err = errors.New("doesn't run Python itself")
	}
	m.list.Add("contract command", "python", strings.Join(m.Contract.Command, " "), err)
	missing := missingFiles("README.md", "docs/benchmarks.md", "docs/decisions/0005-gzip-unless-set.md")
	m.list.Add("docs written", "README, benchmarks, decisions", "README.md, docs/benchmarks.md, docs/decisions", missing)
	return nil
}

func missingFiles(paths ...string) error {
	var problems []error
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// chooseSettings makes the queue and the secret that the service needs to be
// ready.
func (m *measurement) chooseSettings(ctx context.Context) error {
	queue, err := sqs.NewFromConfig(m.Emulator.Config()).CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String("gates-" + benchling.RandomText() + ".fifo"),
		Attributes: map[string]string{"FifoQueue": "true"},
	})
	if err != nil {
		return err
	}
	// The gates are about the image: its tasks have the root's key.
	variables := m.Emulator.Environment()
	trust, trusted, err := m.Trust()
	if err != nil {
		return err
	}
	m.trust = trust
	maps.Copy(variables, trusted)
	variables["AWS_ENDPOINT_URL"] = "https://" + m.Addresses.AWS
	delete(variables, "AWS_ENDPOINT_URL_S3")
	for name, value := range variables {
		m.environment = append(m.environment, name+"="+value)
	}
	m.environment = append(m.environment,
		"PACKAGE_BUCKET=gates", "CLAIMS_TABLE=gates")
	for _, name := range []string{"INTAKE", "CANVAS", "DEAD_LETTER", "PACKAGING", "REVISION"} {
		m.environment = append(m.environment, name+"_QUEUE_URL="+aws.ToString(queue.QueueUrl))
	}
	m.App.Definition = benchling.NewDefinition()
	m.secret = "BENCHLING_SECRET=" + m.NewSecret()
	return nil
}

// program runs a program of this machine and returns what it said, on failure
// in the error.
func program(ctx context.Context, directory, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = directory
	text, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(name), err, testbed.LastLines(string(text), 6))
	}
	return strings.TrimSpace(string(text)), nil
}
