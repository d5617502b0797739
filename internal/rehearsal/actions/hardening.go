package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

// containerState is what the engine says of a container's restrictions.
type containerState struct {
	Config     struct{ User string }
	HostConfig struct {
		ReadonlyRootfs, Privileged bool
		CapDrop, SecurityOpt       []string
		Memory, NanoCpus           int64
		PidsLimit                  *int64
	}
}

// checkHardening looks at the restrictions from outside and from inside.
func checkHardening(ctx context.Context, a *stage.Stage, running *stage.Task) {
	name := running.Containers[0].Name
	_ = a.Report.Check("hardening, as the engine has it", func() (string, error) {
		var state containerState
		if err := a.Inspect(ctx, "container", name, &state); err != nil {
			return "", err
		}
		h := state.HostConfig
		var problems []error
		want := func(ok bool, what string) {
			if !ok {
				problems = append(problems, fmt.Errorf("%s: not in force: see the task definition in constructs/", what))
			}
		}
		want(h.ReadonlyRootfs, "read-only root")
		want(!h.Privileged, "no privileges")
		want(slices.Contains(h.CapDrop, "ALL"), "all capabilities dropped")
		want(slices.Contains(h.SecurityOpt, "no-new-privileges"), "no new privileges")
		want(state.Config.User == a.Contract.User.String(), "user "+a.Contract.User.String())
		want(h.Memory > 0 && h.NanoCpus > 0 && h.PidsLimit != nil, "limits of memory, processor and processes")
		return fmt.Sprintf("read-only root, no capabilities, no new privileges, user %s, %d MiB, %.2g CPU", state.Config.User, h.Memory>>20, float64(h.NanoCpus)/1e9), errors.Join(problems...)
	})
	_ = a.Report.Check("hardening, from inside", func() (string, error) {
		text, err := a.Docker(ctx, "exec", name, "sh", "-c", "cat /proc/[0-9]*/status")
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("uid %d, no capability, NoNewPrivs 1 in every process", a.Contract.User.UID), unrestricted(text, a.Contract.User.UID)
	})
	for _, attempt := range []struct{ check, command, refusal string }{
		{"refused: write to the root file system", "echo x > /app/src/app.py || echo x > /written", "ead-only file system"},
		{"refused: become root", `python -c 'import os; os.setuid(0)'`, "not permitted"},
	} {
		_ = a.Report.Check(attempt.check, func() (string, error) {
			text, err := a.Engine.Command(ctx, "exec", name, "sh", "-c", attempt.command).CombinedOutput()
			if err == nil {
				return "", fmt.Errorf("%q succeeded in the container", attempt.command)
			}
			if !strings.Contains(string(text), attempt.refusal) {
				return "", fmt.Errorf("%q failed for another reason: %s", attempt.command, testbed.LastLines(string(text), 2))
			}
			return testbed.LastLines(string(text), 1), nil
		})
	}
}

// unrestricted returns what the kernel's status of the processes shows beyond
// the restrictions.
func unrestricted(statuses string, uid int) error {
	want := map[string]string{
		"Uid:":        strings.TrimSpace(strings.Repeat(strconv.Itoa(uid)+" ", 4)),
		"CapEff:":     "0000000000000000",
		"CapBnd:":     "0000000000000000",
		"NoNewPrivs:": "1",
	}
	var problems []error
	seen := 0
	for line := range strings.Lines(statuses) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		value, found := want[fields[0]]
		if !found {
			continue
		}
		seen++
		if got := strings.Join(fields[1:], " "); got != value {
			problems = append(problems, fmt.Errorf("%s %s, not %s", fields[0], got, value))
		}
	}
	if seen == 0 {
		problems = append(problems, errors.New("no process to look at"))
	}
	return errors.Join(problems...)
}
