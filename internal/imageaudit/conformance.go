package imageaudit

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/imagecontract"
)

// BuiltImage is what the engine says of an image.
type BuiltImage struct {
	Size   int64
	Config struct {
		User            string
		ExposedPorts    map[string]any
		Entrypoint, Cmd []string
		WorkingDir      string
		Volumes         map[string]any
		Env             []string
		StopSignal      string
		Healthcheck     *BuiltHealthCheck
	}
}

// BuiltHealthCheck is a health check as the engine has it; zero stands for
// Docker's default.
type BuiltHealthCheck struct {
	Test                           []string
	Interval, Timeout, StartPeriod time.Duration
	Retries                        int
}

// Conforming is what of an image Nonconformance compares with its contract.
const Conforming = "port, user, health check, command, working directory, volumes, environment, stop signal"

// Nonconformance returns what the image has and its contract doesn't promise, or
// promises otherwise; nil where they agree.
func Nonconformance(c imagecontract.Contract, image BuiltImage) error {
	var problems []error
	same := func(what, promised, built string) {
		if promised != built {
			problems = append(problems, fmt.Errorf("%s: %s promises %s, the image has %s", what, c.File, promised, built))
		}
	}
	built := image.Config
	same("port", fmt.Sprintf("[%d/%s]", c.Port, c.Protocol), fmt.Sprint(slices.Sorted(maps.Keys(built.ExposedPorts))))
	same("user", c.User.String(), built.User)
	same("entrypoint", fmt.Sprintf("%q", c.Entrypoint), fmt.Sprintf("%q", built.Entrypoint))
	same("command", fmt.Sprintf("%q", c.Command), fmt.Sprintf("%q", built.Cmd))
	same("working directory", c.WorkingDirectory, or(built.WorkingDir, "/"))
	same("stop signal", or(c.StopSignal, "SIGTERM"), or(built.StopSignal, "SIGTERM"))
	same("volumes", fmt.Sprint(c.Volumes), fmt.Sprint(slices.Sorted(maps.Keys(built.Volumes))))
	problems = append(problems, environmentDifferences(c, built.Env)...)
	h := built.Healthcheck
	if h == nil {
		return errors.Join(append(problems, errors.New("health check: the image has none"))...)
	}
	same("health check",
		fmt.Sprintf("%q %v %v %v %d", c.HealthCheck.Command, c.HealthCheck.Interval, c.HealthCheck.Timeout, c.HealthCheck.StartPeriod, c.HealthCheck.Retries),
		fmt.Sprintf("%q %v %v %v %d", h.Test, or(h.Interval, 30*time.Second), or(h.Timeout, 30*time.Second), h.StartPeriod, or(h.Retries, 3)))
	return errors.Join(problems...)
}

// fromBuild matches what the contract leaves to the build: the base's PATH and
// the platform.
var fromBuild = regexp.MustCompile(`\\\$(PATH|(BUILD|TARGET)(PLATFORM|OS|ARCH|VARIANT))`)

// environmentDifferences compares the promised variables; what else the base
// sets is its own.
func environmentDifferences(c imagecontract.Contract, built []string) []error {
	values := map[string]string{}
	for _, variable := range built {
		name, value, _ := strings.Cut(variable, "=")
		values[name] = value
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		promised := regexp.MustCompile(`(?s)^` + fromBuild.ReplaceAllString(regexp.QuoteMeta(c.Env[name]), `.*`) + `$`)
		if value, set := values[name]; !set || !promised.MatchString(value) {
			problems = append(problems, fmt.Errorf("environment: %s promises %s=%q, the image has %q", c.File, name, c.Env[name], value))
		}
	}
	return problems
}

// or returns a value, or its default where it is zero.
func or[V comparable](value, otherwise V) V {
	var zero V
	if value == zero {
		return otherwise
	}
	return value
}
