package actions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/rehearsal/tutorial"
	"benchlingwebhook/internal/testbed/benchling"
)

// settingsFile is what `make setup` writes.
const settingsFile = "cdk.json"

// Where commands are interrupted: when they have printed what matches.
var (
	inSetup  = regexp.MustCompile(`(?m)^Quilt stack `)
	inDeploy = regexp.MustCompile(`CREATE_IN_PROGRESS`)
	// Credentials are written by then, and the services don't work with them yet.
	inConnect = regexp.MustCompile(`(?m)^waiting for `)
	inVerify  = regexp.MustCompile(`event queued`)
)

// interruptBefore interrupts a step half-way before it is run as a whole, where what it
// prints then is the same.
func (a newcomer) interruptBefore(ctx context.Context, step tutorial.Step) error {
	switch {
	case makes(step, "setup"):
		return a.Report.Check("interrupted: make setup", func() (string, error) {
			file := filepath.Join(a.shell.Directory, settingsFile)
			before, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			if _, err := a.shell.Interrupt(ctx, step.Command, inSetup); err != nil {
				return "", err
			}
			after, err := os.ReadFile(file)
			if err == nil && !bytes.Equal(before, after) {
				err = fmt.Errorf("%s has changed: it is written by the last step alone", settingsFile)
			}
			return settingsFile + " is as before", err
		})
	case makes(step, "deploy"):
		return a.Report.Check("interrupted: make deploy", func() (string, error) {
			_, err := a.shell.Interrupt(ctx, step.Command, inDeploy)
			return "while CloudFormation made the stack", err
		})
	}
	return nil
}

// repeat runs each command once more after the last: those that were interrupted go on,
// and the others have nothing to do.
func (a newcomer) repeat(ctx context.Context) error {
	connect := "make connect ENVIRONMENT=dev YES=1 FILE=" + credentialsFile
	verify := "make verify ENVIRONMENT=dev ENTRY=" + benchling.ListedEntry
	return errors.Join(
		a.again("again: make setup", "make setup ENVIRONMENT=dev YES=1", ctx, "nothing to change in environments.dev"),
		a.again("again: make deploy", "make deploy ENVIRONMENT=dev", ctx, "(no changes)"),
		a.Report.Check("interrupted: make connect with new credentials", func() (string, error) {
			if err := a.writeCredentials(); err != nil {
				return "", err
			}
			_, err := a.shell.Interrupt(ctx, connect, inConnect)
			return "after they were stored", err
		}),
		a.again("again: make connect", connect, ctx, "the secret has these credentials already", "ready: both services work with the secret"),
		a.Report.Check("interrupted: make verify", func() (string, error) {
			output, err := a.shell.Interrupt(ctx, verify, inVerify)
			if err == nil && !strings.Contains(output, "goes on by itself") {
				err = fmt.Errorf("it doesn't say that the event goes on: %s", output)
			}
			return "its event goes on by itself", err
		}),
		a.again("again: make verify", verify, ctx, "revision confirmed: "+stage.PackageName(benchling.ListedEntry)),
		a.Report.Check("one message to Quilt for each export", a.AccountForAll),
	)
}

// again runs a command, which must succeed and print the texts.
func (a newcomer) again(row, command string, ctx context.Context, texts ...string) error {
	return a.Report.Check(row, func() (string, error) {
		output, err := a.shell.Run(ctx, command)
		for _, text := range texts {
			if err == nil && !strings.Contains(output, text) {
				err = fmt.Errorf("it doesn't print %q", text)
			}
		}
		if err != nil {
			err = fmt.Errorf("%s: %w; it printed\n%s", command, err, output)
		}
		return strings.Join(texts, "; "), err
	})
}
