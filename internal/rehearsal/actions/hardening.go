package actions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

// service is one of the two, and a task of it that runs.
type service struct {
	name       string
	definition types.TaskDefinition
	running    *stage.Task
}

// restrictions are what the engine says of a container's.
type restrictions struct {
	Config     struct{ User string }
	HostConfig struct {
		ReadonlyRootfs, Privileged bool
		CapDrop, SecurityOpt       []string
		Memory, NanoCpus           int64
	}
}

// checkHardening looks at the restrictions from outside, where they come from the task
// definition or the image, and from inside.
func checkHardening(ctx context.Context, a *stage.Stage, of service) {
	name, container := of.running.Containers[0].Name, of.definition.ContainerDefinitions[0]
	_ = a.Report.Check(of.name+": hardening, as the engine has it", func() (string, error) {
		var has restrictions
		if err := a.Inspect(ctx, "container", name, &has); err != nil {
			return "", err
		}
		h := has.HostConfig
		return fmt.Sprintf("read-only root, no capabilities, user %s, %d MiB, %.2g CPU", has.Config.User, h.Memory>>20, float64(h.NanoCpus)/1e9),
			has.lacking(of.definition, a.Contract.User.String(), runtime.NumCPU())
	})
	_ = a.Report.Check(of.name+": hardening, from inside", func() (string, error) {
		// A process may end between the list and the look.
		text, err := a.Docker(ctx, "exec", name, "sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null || true")
		if err != nil {
			return "", err
		}
		hasInit := container.LinuxParameters != nil && aws.ToBool(container.LinuxParameters.InitProcessEnabled)
		return fmt.Sprintf("uid %d, no capability, NoNewPrivs 1 in every process", a.Contract.User.UID), unrestricted(text, a.Contract.User.UID, hasInit)
	})
	for _, attempt := range []struct{ check, command, refusal string }{
		{"refused: write to the root file system", "echo x > /app/src/app.py || echo x > /written", "ead-only file system"},
		{"refused: become root", `python -c 'import os; os.setuid(0)'`, "not permitted"},
	} {
		_ = a.Report.Check(of.name+": "+attempt.check, func() (string, error) {
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

// lacking returns what the engine doesn't have of the definition's and the image's
// restrictions, and what it has that Fargate couldn't give.
func (r restrictions) lacking(definition types.TaskDefinition, user string, processors int) error {
	h := r.HostConfig
	var problems []error
	want := func(ok bool, what string) {
		if !ok {
			problems = append(problems, fmt.Errorf("%s: not in force: see the task definition in constructs/", what))
		}
	}
	// The rules of internal/testbed/fargate have seen that these are numbers.
	memory, _ := strconv.ParseInt(aws.ToString(definition.Memory), 10, 64)
	cpu, _ := strconv.ParseFloat(aws.ToString(definition.Cpu), 64)
	want(h.ReadonlyRootfs, "read-only root")
	want(!h.Privileged, "no privileges")
	want(slices.Contains(h.CapDrop, "ALL"), "all capabilities dropped")
	want(r.Config.User == user, "user "+user)
	want(h.Memory>>20 == memory, fmt.Sprintf("memory of %d MiB", memory))
	want(h.NanoCpus == int64(min(cpu/1024, float64(processors))*1e9), fmt.Sprintf("CPU of %g units", cpu))
	if len(h.SecurityOpt) > 0 {
		problems = append(problems, fmt.Errorf("security options %q: Fargate has none: take them out of internal/testbed/fargate", h.SecurityOpt))
	}
	return errors.Join(problems...)
}

// processes returns the kernel's statuses of processes, by process ID.
func processes(statuses string) map[string]map[string]string {
	found := map[string]map[string]string{}
	var status map[string]string
	for line := range strings.Lines(statuses) {
		name, value, _ := strings.Cut(line, ":")
		value = strings.Join(strings.Fields(value), " ")
		if name == "Name" {
			status = map[string]string{}
		}
		if status == nil {
			continue
		}
		status[name] = value
		if name == "Pid" {
			found[value] = status
		}
	}
	return found
}

// unrestricted returns what the kernel's statuses show of the service's processes
// beyond the restrictions. Those are the container's first process and what descends
// from it, not what somebody runs in the container beside it, such as the look itself
// or a health check. Where the first is the engine's init, it isn't the service's and
// can gain no privilege for it: it need not have given them up.
func unrestricted(statuses string, uid int, hasInit bool) error {
	all := processes(statuses)
	want := []struct{ name, value string }{
		{"Uid", strings.TrimSpace(strings.Repeat(strconv.Itoa(uid)+" ", 4))},
		{"CapEff", "0000000000000000"},
		{"CapBnd", "0000000000000000"},
		{"NoNewPrivs", "1"},
	}
	var problems []error
	seen := 0
	for _, pid := range slices.Sorted(maps.Keys(all)) {
		first := pid
		for all[first]["PPid"] != "0" && all[first] != nil {
			first = all[first]["PPid"]
		}
		if first != "1" {
			continue
		}
		isInit := hasInit && pid == "1"
		if !isInit {
			seen++
		}
		for _, w := range want {
			if got := all[pid][w.name]; got != w.value && !(isInit && w.name == "NoNewPrivs") {
				problems = append(problems, fmt.Errorf("process %s (%s): %s %s, not %s", pid, all[pid]["Name"], w.name, got, w.value))
			}
		}
	}
	if seen == 0 {
		problems = append(problems, errors.New("no process of the service to look at"))
	}
	return errors.Join(problems...)
}
