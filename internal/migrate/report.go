package migrate

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Target is what the predecessor is moved to, and what Benchling has of its canvases.
type Target struct {
	// Environment is the environment's name, Settings what cdk.json has for it.
	Environment string
	Settings    map[string]any
	// WebhookURL is the stack's output; empty before it is deployed.
	WebhookURL string
	// Canvases says in words which canvases there are.
	Canvases string
}

// Write prints what the move is, and changes nothing. No value of the secret is
// printed.
func (f Former) Write(out io.Writer, to Target) error {
	fmt.Fprintf(out, "From stack %s%s to environment %s of cdk.json. Nothing is changed.\n", f.Stack, version(f), to.Environment)
	sections := []struct {
		title string
		write func(io.Writer, Target)
	}{
		{"Settings of cdk.json", f.writeSettings},
		{"Fields of its secret", f.writeSecret},
		{"Packages", f.writePackages},
		{"Canvases", f.writeCanvases},
		{"The switch", f.writeSwitch},
		{"The way back", f.writeWayBack},
	}
	for _, section := range sections {
		fmt.Fprintf(out, "\n%s\n", section.title)
		section.write(out, to)
	}
	_, err := fmt.Fprintln(out, "\ndocs/migration.md has the whole tables and the reasons.")
	return err
}

func version(f Former) string {
	if v := f.Outputs["StackVersion"]; v != "" {
		return " (release " + v + ")"
	}
	return ""
}

func (f Former) writeSettings(out io.Writer, to Target) {
	if f.File == "" {
		fmt.Fprintln(out, "  No configuration file of this stack is on this machine; name one with --config FILE.")
	}
	proposals, problems := f.Proposals()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	differing := map[string]any{}
	for _, p := range proposals {
		value, _ := json.Marshal(p.Value)
		state := p.State(to.Settings)
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", p.Setting, value, p.From, state)
		if strings.HasPrefix(state, "set it") {
			differing[p.Setting] = p.Value
		}
	}
	table.Flush()
	for _, problem := range problems {
		fmt.Fprintln(out, "  "+problem)
	}
	if len(differing) > 0 {
		text, _ := json.Marshal(map[string]any{to.Environment: differing})
		fmt.Fprintf(out, "  What to set, below \"environments\": %s\n", text)
	}
	for _, name := range Names {
		if name.Place == File && name.Fate == Dropped && f.at(name.Name) != nil {
			fmt.Fprintf(out, "  %s has no counterpart. %s\n", name.Name, name.Meaning)
		}
	}
	for _, field := range f.unknownFields() {
		fmt.Fprintf(out, "  %s: nothing reads it.\n", field)
	}
}

func (f Former) writeSecret(out io.Writer, to Target) {
	if f.SecretID == "" {
		fmt.Fprintln(out, "  Neither the stack nor a configuration file names a secret.")
		return
	}
	fmt.Fprintf(out, "  %s; its values are compared, and not printed.\n", f.SecretID)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, field := range f.SecretFields() {
		fmt.Fprintf(table, "  %s\t%s\n", field, f.fieldState(field, to))
	}
	table.Flush()
	fmt.Fprintf(out, "  Store the credentials with `make connect ENVIRONMENT=%s`; leave out the fields that cdk.json decides.\n", to.Environment)
}

// fieldState says what becomes of a field of the secret.
func (f Former) fieldState(field string, to Target) string {
	i := slices.IndexFunc(Names, func(n Name) bool {
		return n.Place == Secret && (n.Name == field || slices.Contains(n.Also, field))
	})
	if i < 0 {
		return "nothing reads it"
	}
	name := Names[i]
	switch name.Fate {
	case Same:
		return "taken as it is"
	case Taken:
		return "taken as " + name.To
	case Compared:
		if f.isAs(field, name.To, to) {
			return "cdk.json has the same in " + name.To
		}
		return "not what cdk.json has in " + name.To + ": set it there, and leave it out of the secret"
	}
	value := strings.ToLower(strings.TrimSpace(fmt.Sprint(f.secret[field])))
	if value == "" || name.To == "" && value == "true" {
		return "does nothing: leave it out"
	}
	if name.To != "" {
		return "refused: set " + name.To + " in cdk.json, and leave it out of the secret"
	}
	return "refused: leave it out. " + name.Meaning
}

// isAs says whether a field's value is what cdk.json has in a setting.
func (f Former) isAs(field, setting string, to Target) bool {
	text, _ := f.secret[field].(string)
	var value any = strings.TrimSpace(text)
	if setting == "packagingQueueArn" {
		name, err := queueARN(text)
		if err != nil {
			return false
		}
		value = name
	}
	return strings.HasPrefix(Proposal{Setting: setting, Value: value}.State(to.Settings), "as it is")
}
