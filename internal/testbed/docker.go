package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Docker runs the engine's CLI and returns its trimmed output.
func (t *Testbed) Docker(ctx context.Context, args ...string) (string, error) {
	return Output(t.Engine.Command(ctx, args...), args)
}

// Inspect decodes what the engine says of an object.
func (t *Testbed) Inspect(ctx context.Context, kind, name string, into any) error {
	text, err := t.Docker(ctx, kind, "inspect", "--format", "{{json .}}", name)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// Build builds an image and returns how long that took.
func (t *Testbed) Build(ctx context.Context, image, file, directory string, args ...string) (time.Duration, error) {
	command := append([]string{"buildx", "build", "--load", "--provenance=false", "--tag", image, "--file", file}, t.Contexts.BuildArgs()...)
	command = append(append(command, args...), directory)
	began := time.Now()
	text, err := t.Engine.Command(ctx, command...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("docker build of %s: %w: %s", file, err, LastLines(string(text), 8))
	}
	return time.Since(began), nil
}

// LastLines returns the last lines of a text, as one.
func LastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}

// LinesWith returns the lines that match, as one.
func LinesWith(text string, match func(string) bool) string {
	var found []string
	for line := range strings.Lines(text) {
		if match(line) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return strings.Join(found, " | ")
}

// Output runs a command of the engine's CLI and returns its trimmed standard
// output; its error has the command's own last words, wherever it wrote them.
func Output(command *exec.Cmd, args []string) (string, error) {
	var errs strings.Builder
	command.Stderr = &errs
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, LastLines(string(text)+"\n"+errs.String(), 4))
	}
	return strings.TrimSpace(string(text)), nil
}
