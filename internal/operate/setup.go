package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rogpeppe/go-internal/diff"

	"benchlingwebhook/internal/cdkfile"
	"benchlingwebhook/stacks"
)

// SetupOptions say what an environment's settings are made of, and what is done.
type SetupOptions struct {
	// QuiltStack is the name of a Quilt stack; "none" takes none, and "" finds it.
	QuiltStack string
	// Set are settings, NAME=VALUE each; an empty value leaves one out.
	Set []string
	// Yes takes every proposal, asks nothing, and writes.
	Yes bool
	// DryRun writes nothing.
	DryRun bool
	// JSON prints the outcome as one object.
	JSON bool
}

// noQuilt is the QuiltStack that takes none.
const noQuilt = "none"

// prepared is the outcome, as programs read it.
type prepared struct {
	Environment string `json:"environment"`
	QuiltStack  string `json:"quiltStack"`
	// Changed are the settings that have other values now; null is left out.
	Changed map[string]any `json:"changed"`
	Written bool           `json:"written"`
}

// Setup writes an environment into cdk.json: what the options say, what the account
// tells of Quilt, and what a person answers where a choice is due. What the environment
// has already is kept, and not asked for. It shows the change before it asks whether to
// write it, and writes nothing that ReadSettings would refuse.
func Setup(ctx context.Context, environment string, options SetupOptions, out io.Writer) error {
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	s := setup{environment: environment, options: options, cloud: cloud, person: newTerminal(os.Stdin, os.Stderr), out: out}
	if options.JSON {
		s.out = os.Stderr
	}
	outcome, err := s.run(ctx)
	if err != nil || !options.JSON {
		return err
	}
	return json.NewEncoder(out).Encode(outcome)
}

// setup is one run of Setup.
type setup struct {
	environment string
	options     SetupOptions
	cloud       aws.Config
	person      prompter
	out         io.Writer
	// has are the environment's settings as cdk.json has them.
	has map[string]any
	// changes are the settings to write; nil leaves one out.
	changes map[string]any
}

func (s *setup) run(ctx context.Context) (prepared, error) {
	outcome := prepared{Environment: s.environment, Changed: map[string]any{}}
	text, err := os.ReadFile(stacks.SettingsFile)
	if err != nil {
		return outcome, fmt.Errorf("%w; run this in the folder of %s", err, stacks.SettingsFile)
	}
	known, err := s.readSettings(text)
	if err != nil {
		return outcome, err
	}
	if err := s.takeFlags(); err != nil {
		return outcome, err
	}
	outcome.QuiltStack, err = s.interview(ctx)
	// What an interruption kept from being looked up isn't what there is nothing of.
	if err = errors.Join(err, interrupted(ctx)); err != nil {
		return outcome, fmt.Errorf("%w\nnothing is written", err)
	}
	maps.DeleteFunc(s.changes, func(name string, value any) bool { return reflect.DeepEqual(value, s.has[name]) })
	outcome.Changed = s.changes
	if known && len(s.changes) == 0 {
		fmt.Fprintf(s.out, "%s: nothing to change in environments.%s\n", stacks.SettingsFile, s.environment)
		return outcome, nil
	}
	outcome.Written, err = s.write(ctx, text)
	return outcome, err
}

// readSettings takes what a cdk.json has of the environment, and says whether it has it.
func (s *setup) readSettings(text []byte) (known bool, err error) {
	context, err := cdkfile.Context(text)
	if err != nil {
		return false, err
	}
	environments, _ := context["environments"].(map[string]any)
	value, known := environments[s.environment]
	s.has, _ = value.(map[string]any)
	s.changes = map[string]any{}
	return known, nil
}

// takeFlags takes the settings of the options.
func (s *setup) takeFlags() error {
	var problems []error
	for _, one := range s.options.Set {
		name, typed, given := strings.Cut(one, "=")
		if !given {
			problems = append(problems, fmt.Errorf("--set %q: no value; write NAME=VALUE", one))
			continue
		}
		// A workflow's empty text is a value: none.
		if typed == "" && name != "workflow" {
			s.changes[name] = nil
			continue
		}
		value, err := stacks.ParseSetting(name, typed)
		if err != nil {
			problems = append(problems, fmt.Errorf("--set %w", err))
		}
		s.changes[name] = value
	}
	return errors.Join(problems...)
}

// interrupted returns an error where a person has interrupted the command.
func interrupted(ctx context.Context) error {
	if ctx.Err() != nil {
		return errors.New("interrupted: run this again")
	}
	return nil
}

// decided says whether a setting needs no proposal: an option says it, or cdk.json has it.
func (s *setup) decided(name string) bool {
	_, said := s.changes[name]
	value, has := s.has[name]
	return said || has && value != ""
}

// write shows the change and writes it, if a person agrees; it says whether it did.
func (s *setup) write(ctx context.Context, text []byte) (bool, error) {
	after, err := withSettings(text, s.environment, s.changes)
	if err != nil {
		return false, err
	}
	context, err := cdkfile.Context(after)
	if err != nil {
		return false, err
	}
	context[stacks.EnvironmentKey] = s.environment
	if _, err := stacks.ReadSettings(context); err != nil {
		return false, fmt.Errorf("%w\nnothing is written", err)
	}
	_, change, _ := strings.Cut(string(diff.Diff(stacks.SettingsFile, text, stacks.SettingsFile+" as it would be", after)), "\n")
	fmt.Fprint(s.out, change)
	switch {
	case s.options.DryRun:
		fmt.Fprintln(s.out, "dry run: nothing is written")
		return false, nil
	case s.options.Yes:
	case s.person == nil:
		return false, errors.New("nothing is written: there is no terminal to ask at; pass --yes")
	default:
		if yes, err := agrees(ctx, s.person, "Write "+stacks.SettingsFile+"?"); err != nil || !yes {
			return false, errors.Join(errors.New("nothing is written"), err)
		}
	}
	if err := interrupted(ctx); err != nil {
		return false, fmt.Errorf("%w\nnothing is written", err)
	}
	if err := replaceFile(stacks.SettingsFile, text, after); err != nil {
		return false, err
	}
	fmt.Fprintf(s.out, "written: %s; next: make doctor ENVIRONMENT=%s\n", strings.Join(append([]string{"environments." + s.environment}, slices.Sorted(maps.Keys(s.changes))...), ", "), s.environment)
	return true, nil
}
