package actions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/rehearsal/tutorial"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/resources"
)

const (
	// newcomerPart has a stage of its own, on which it deploys the stack itself.
	newcomerPart = "newcomer"
	// tutorialPage is the page that a newcomer goes by.
	tutorialPage = "docs/tutorial.md"
	// credentialsFile is the file into which the page has a person write the credentials.
	credentialsFile = "benchling.json"
	// yourEntry stands in the page for the ID of an entry.
	yourEntry = "etr_…"
)

// quiltStack is what a newcomer's account has already: a Quilt stack's outputs and queue,
// a bucket that is registered with it, and the topic that Quilt makes for one.
const quiltStack = `{"Resources": {
	"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "quilt-packager"}},
	"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "lab-packages", "VersioningConfiguration": {"Status": "Enabled"}}},
	"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "lab-packages-QuiltNotifications-01234567-89ab-cdef-0123-456789abcdef"}}},
"Outputs": {"PackagerQueueArn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}, "QuiltWebHost": {"Value": "https://quilt.example.com"}}}`

// newcomer goes from a clone to the first package by the commands of the tutorial, and
// then interrupts and repeats them.
type newcomer struct {
	*stage.Stage
	shell tutorial.Shell
}

// Run runs the page's commands in order. Each has a row with its time.
func (a newcomer) Run(ctx context.Context) error {
	steps, err := tutorial.Read(tutorialPage)
	if err == nil {
		err = a.prepare(ctx)
	}
	if err != nil {
		return a.Report.Check("a copy of the repository, and an account with Quilt", func() (string, error) { return "", err })
	}
	began := time.Now()
	var interrupted time.Duration
	for _, step := range steps {
		paused := time.Now()
		if err := a.interruptBefore(ctx, step); err != nil {
			return err
		}
		interrupted += time.Since(paused)
		if err := a.Report.Check(step.Command, func() (string, error) { return step.Place, a.follow(ctx, step) }); err != nil && !errors.Is(err, tutorial.ErrOtherOutput) {
			return err
		}
		if makes(step, "deploy") {
			if err := a.startTasks(ctx); err != nil {
				return err
			}
		}
	}
	took := time.Since(began) - interrupted
	if err := a.Report.Check("clone to first package", func() (string, error) {
		// What was interrupted has built programs and the image already.
		return fmt.Sprintf("%.0f s by %d commands of %s, after %.0f s of interrupted ones", took.Seconds(), len(steps), tutorialPage, interrupted.Seconds()), nil
	}); err != nil {
		return err
	}
	return errors.Join(a.repeat(ctx), a.end(ctx))
}

// prepare makes the account's Quilt stack, and the environment of the commands.
func (a *newcomer) prepare(ctx context.Context) error {
	if _, err := resources.Deploy(ctx, a.Emulator.Config(), "quilt", quiltStack, nil); err != nil {
		return err
	}
	directory, err := filepath.Abs(filepath.Join(testbed.WorkDir, "newcomer"))
	if err != nil {
		return err
	}
	if a.shell, err = operatorShell(ctx, a.Stage, directory, directory+".log"); err != nil {
		return err
	}
	a.App.Definition = benchling.NewDefinition()
	return nil
}

// follow runs a step, and does what the page has a person, or AWS, do beside it.
func (a newcomer) follow(ctx context.Context, step tutorial.Step) error {
	if strings.HasPrefix(step.Command, "git clone ") {
		return tutorial.Copy(ctx, ".", a.shell.Directory, "node_modules")
	}
	if strings.Contains(step.Command, credentialsFile) && !strings.HasPrefix(step.Command, "make ") {
		if err := a.writeCredentials(); err != nil {
			return err
		}
	}
	output, ended := a.shell.Run(ctx, strings.ReplaceAll(step.Command, yourEntry, benchling.ListedEntry))
	return step.Check(output, ended)
}

// makes says whether a step is a call of make for a target.
func makes(step tutorial.Step, target string) bool {
	return strings.HasPrefix(step.Command+" ", "make "+target+" ")
}

// writeCredentials writes what the developer console shows of a new app: new credentials
// each time.
func (a newcomer) writeCredentials() error {
	return os.WriteFile(filepath.Join(a.shell.Directory, credentialsFile), []byte(a.NewSecret()), 0o600)
}

// startTasks does what ECS does of the deployed services, with the secret that the
// deployment has made, and goes on to do it.
func (a newcomer) startTasks(ctx context.Context) error {
	if err := readBack(ctx, a.Stage); err != nil {
		return err
	}
	return a.Report.Check("both services started", func() (string, error) {
		if err := errors.Join(a.StartWeb(ctx), a.StartWorker(ctx)); err != nil {
			return "", err
		}
		return "with the secret as the deployment made it", a.keepServices(ctx)
	})
}

// end stops the tasks, and looks at what they called.
func (a newcomer) end(ctx context.Context) error {
	return errors.Join(
		a.Report.Check("every call of a newcomer's task was allowed by its role", func() (string, error) { return allowed(ctx, a.Stage) }),
		a.Report.Check("web: SIGTERM", func() (string, error) { return a.RetireWeb(ctx, a.Web.Load()) }),
		a.Report.Check("worker: SIGTERM", func() (string, error) { return a.StopTask(ctx, a.Worker.Load()) }),
	)
}
