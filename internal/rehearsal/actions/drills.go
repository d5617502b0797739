package actions

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/rehearsal/tutorial"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/emulator"
)

const (
	// drillsPart is all drills; drillPrefix and a drill's name are the part of one.
	drillsPart, drillPrefix = "drills", "drill "
	// runbookPage is the page that an operator goes by.
	runbookPage = "docs/runbook.md"
	// beforeAll is the page's section whose lines come before those of every other.
	beforeAll = "Before a procedure"
	// awsCLI is where the Makefile installs the AWS CLI.
	awsCLI = "build/awscli/bin"
	// localSQS has version 1 of the AWS CLI take SQS's endpoint of the environment, too.
	// Source: overridesslcommonname.py of aws-cli, which sets AWS's own for SQS.
	localSQS = `aws() { if [ "$1" = sqs ]; then set -- --endpoint-url "$AWS_ENDPOINT_URL" "$@"; fi; command aws "$@"; }` + "\n"
)

// drill is a fault that an operator mends by a section of the runbook alone.
type drill struct {
	name, section string
	// run makes the fault, follows the section, and looks whether it is mended.
	run func(context.Context, *procedure) (string, error)
}

// drills breaks the deployed stack in one way after another, and mends each by the
// commands of the runbook.
type drills struct {
	*stage.Stage
	// parts are names of parts; drillsPart is every drill.
	parts []string
}

// all returns the drills in order; the last one leaves no stack.
func (a drills) all() []drill {
	return []drill{
		{"dead letters", "Dead letters by class of reason", a.deadLetters},
		{"Benchling down", "Benchling is down for a day", a.benchlingDown},
		{"Quilt down", "Quilt is down for a day", a.quiltDown},
		{"leaked secret", "A secret or key has leaked", a.leakedSecret},
		{"queue growing", "A queue grows", a.queueGrows},
		{"rollback", "Roll back to the former template", a.rollBack},
		{"package's object", "Restore a package's object", a.restoreObject},
		{"claims table", "Restore the claims table", a.restoreTable},
		{"deleted secret", "Restore a deleted secret", a.restoreSecret},
		{"destroy", "Destroy a stack, and what stays", a.destroy},
	}
}

// drillParts returns the names of the parts that drills are.
func drillParts() []string {
	parts := []string{drillsPart}
	for _, drill := range (drills{}).all() {
		parts = append(parts, drillPrefix+drill.name)
	}
	return parts
}

// Run runs the chosen drills. One that fails doesn't keep the next from its row.
func (a drills) Run(ctx context.Context) error {
	shell, err := a.shell(ctx)
	if err != nil {
		return a.Report.Check("an operator's shell", func() (string, error) { return "", err })
	}
	var failed []error
	for _, drill := range a.all() {
		if ctx.Err() != nil {
			break
		}
		if !slices.Contains(a.parts, drillsPart) && !slices.Contains(a.parts, drillPrefix+drill.name) {
			continue
		}
		failed = append(failed, a.Report.Check(drill.name+": mended by the runbook alone", func() (string, error) {
			steps, err := tutorial.Section(runbookPage, drill.section)
			if err != nil {
				return "", err
			}
			p := &procedure{shell: shell, steps: steps}
			detail, err := drill.run(ctx, p)
			if err == nil && p.next < len(steps) {
				err = fmt.Errorf("%s: no drill runs this block", steps[p.next].Place)
			}
			return fmt.Sprintf("%s; the commands took %.1f s", detail, p.took.Seconds()), err
		}))
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// shell returns the operator's shell, in which the lines before every procedure are run,
// for the rehearsal's environment.
func (a drills) shell(ctx context.Context) (drillShell, error) {
	directory, err := filepath.Abs(".")
	if err != nil {
		return drillShell{}, err
	}
	before, err := tutorial.Section(runbookPage, beforeAll)
	if err != nil {
		return drillShell{}, err
	}
	scratch := filepath.Join(directory, testbed.WorkDir, drillsPart)
	if err := errors.Join(os.RemoveAll(scratch), os.MkdirAll(scratch, 0o755)); err != nil {
		return drillShell{}, err
	}
	shell, err := operatorShell(ctx, a.Stage, directory, scratch+".log")
	shell.Environment = append(shell.Environment,
		"PATH="+filepath.Join(directory, awsCLI)+string(os.PathListSeparator)+os.Getenv("PATH"),
		"AWS_PAGER=", "AWS_DEFAULT_REGION="+emulator.Region,
		// A backfill of another stack, or of another day, isn't gone on with.
		"JOURNAL="+filepath.Join(scratch, "backfill.jsonl"),
	)
	environment := strings.TrimPrefix(stage.StackName, "BenchlingWebhook-")
	return drillShell{shell, scratch, localSQS + strings.Replace(before[0].Command, "ENVIRONMENT=prod", "ENVIRONMENT="+environment, 1)}, err
}

// drillShell is an operator's shell.
type drillShell struct {
	tutorial.Shell
	// scratch is a directory of the drills' own, before what comes before each block.
	scratch, before string
}

// procedure is a section of the runbook that is being followed.
type procedure struct {
	shell drillShell
	steps []tutorial.Step
	next  int
	took  time.Duration
}

// follow runs the section's next block, with variables that the page has a person set, and
// returns what it printed.
func (p *procedure) follow(ctx context.Context, variables ...string) (string, error) {
	if p.next == len(p.steps) {
		return "", fmt.Errorf("%s: no block of commands below it: the drill needs another", p.steps[p.next-1].Place)
	}
	step, shell := p.steps[p.next], p.shell.Shell
	p.next++
	shell.Environment = append(slices.Clone(shell.Environment), variables...)
	began := time.Now()
	output, ended := shell.Run(ctx, p.shell.before+"\n"+step.Command)
	p.took += time.Since(began)
	return output, step.Check(output, ended)
}

// says returns an error for an output without each of the texts.
func (p *procedure) says(output string, texts ...string) error {
	for _, text := range texts {
		if !strings.Contains(output, text) {
			return fmt.Errorf("%s: nothing like %q in what it printed: %s", p.steps[p.next-1].Place, text, strings.TrimSpace(output))
		}
	}
	return nil
}
