package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestStatus(t *testing.T) {
	assert.Equal(t, status(errors.New("refused")), 1)
	assert.Equal(t, status(fmt.Errorf("cdk deploy: %w", exec.Command("sh", "-c", "exit 3").Run())), 3)
}

// output runs the program and returns what it printed.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	assert.NilError(t, run(t.Context(), args, &out), args)
	return out.String()
}

func TestHelpNamesEveryCommand(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		for _, c := range commands() {
			assert.Check(t, strings.Contains(output(t, args...), "\n  "+c.Name()+" "), c.Name())
		}
	}
	for _, c := range commands() {
		assert.Check(t, strings.Contains(output(t, c.Name(), "--help"), "webhook "+c.Use), c.Name())
		assert.Check(t, strings.Contains(c.Use, "ENVIRONMENT"), c.Name())
	}
}

// TestUseNamesEveryFlag holds the line of use, which errors quote, against the flags.
func TestUseNamesEveryFlag(t *testing.T) {
	for _, c := range commands() {
		for _, flag := range strings.Split(c.LocalFlags().FlagUsages(), "\n") {
			if name := strings.Fields(flag); len(name) > 0 && name[0] != "-h," {
				assert.Check(t, strings.Contains(c.Use, "["+name[0]), "%s: %s", c.Use, name[0])
			}
		}
	}
}

// TestEveryResultIsThereForPrograms wants --json of every command but deploy, whose output
// is the CDK CLI's.
func TestEveryResultIsThereForPrograms(t *testing.T) {
	for _, c := range commands() {
		if flag := c.Flags().Lookup("json"); c.Name() == "deploy" {
			assert.Check(t, flag == nil && strings.Contains(output(t, "deploy", "--help"), "there is no --json"))
		} else {
			assert.Check(t, flag != nil, c.Name())
		}
	}
}

func TestWrongArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                    "no command: write one of ",
		"stauts dev":          `"stauts": no such command; write status`,
		"frobnicate":          `"frobnicate": no such command; write one of `,
		"status":              "0 arguments; write `webhook status [--config] [--json] ENVIRONMENT`",
		"status dev prod":     "2 arguments; write `webhook status [--config] [--json] ENVIRONMENT`",
		"deploy":              "0 arguments; write `webhook deploy [--create-roles] ENVIRONMENT [CDK ARGUMENTS]`",
		"redrive dev a b":     "3 arguments; write `webhook redrive [--json] ENVIRONMENT [ID,ID|all]`",
		"status --secret dev": "unknown flag: --secret; `webhook status --help` lists the flags",
	} {
		err := run(t.Context(), strings.Fields(args), nil)
		assert.ErrorContains(t, err, want)
		assert.Check(t, !strings.Contains(err.Error(), "\n"), "%s: %q", args, err)
	}
}

// TestCompletion asks what a shell would for the environments of this repository.
func TestCompletion(t *testing.T) {
	t.Chdir("../..")
	assert.Check(t, strings.HasPrefix(output(t, "__complete", "status", ""), "dev\nprod\n"))
	assert.Check(t, strings.HasPrefix(output(t, "__complete", "sta"), "status\t"))
	assert.Check(t, strings.Contains(output(t, "completion", "bash"), "__start_webhook"))
}
