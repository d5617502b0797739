package operate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"benchlingwebhook/stacks"
)

// ConnectOptions say how credentials are taken and what is done with them.
type ConnectOptions struct {
	// File has them; "-" is standard input, and "" asks at the terminal.
	File string
	// Yes writes without asking.
	Yes bool
	// DryRun checks them and changes nothing.
	DryRun bool
	// JSON prints the outcome as one object.
	JSON bool
}

// connected is the outcome, as programs read it. It has no credential.
type connected struct {
	Entry    string   `json:"entry"`
	Secret   string   `json:"secret"`
	Changed  []string `json:"changed"`
	Replaced []string `json:"replaced"`
	Ready    bool     `json:"ready"`
}

// Connect puts the credentials of Benchling's app into the secret of an environment,
// after Benchling has given a token for them and an entry was read with it, and waits
// until both services are ready with them. What was done already isn't repeated.
func Connect(ctx context.Context, environment string, options ConnectOptions, out io.Writer) error {
	cloud, err := loadConfig(ctx)
	if err != nil {
		return err
	}
	messages := out
	if options.JSON {
		messages = os.Stderr
	}
	door, stack, err := deployedOf(ctx, cloud, stacks.StackName(environment), "SecretArn", "ClusterName", "ServiceName", "WorkerServiceName")
	if err != nil {
		return err
	}
	c := connection{
		options: options, person: newTerminal(os.Stdin, os.Stderr), in: os.Stdin,
		secrets: secretsmanager.NewFromConfig(cloud), secret: stack["SecretArn"],
		replacement: replacement{
			ECS: ecs.NewFromConfig(cloud), metrics: cloudwatch.NewFromConfig(cloud), door: door, stack: stacks.StackName(environment),
			cluster: stack["ClusterName"], web: stack["ServiceName"], worker: stack["WorkerServiceName"], out: messages, poll: rolloutPoll,
		},
	}
	outcome, err := c.run(ctx)
	if err != nil || !options.JSON {
		return err
	}
	return json.NewEncoder(out).Encode(outcome)
}

// connection is one run of Connect.
type connection struct {
	replacement
	options ConnectOptions
	in      io.Reader
	person  prompter
	secrets *secretsmanager.Client
	// secret is the secret's ARN.
	secret string
}

func (c connection) run(ctx context.Context) (connected, error) {
	outcome := connected{Secret: c.secret, Changed: []string{}, Replaced: []string{}}
	there, err := c.readSecret(ctx)
	if err != nil {
		return outcome, err
	}
	given, err := readCredentials(ctx, c.options.File, c.in, c.person)
	if err != nil {
		return outcome, err
	}
	all, changed := merge(there, given)
	if err := all.check(); err != nil {
		return outcome, err
	}
	if outcome.Entry, err = newBenchlingApp(all).check(ctx); err != nil {
		return outcome, err
	}
	fmt.Fprintf(c.out, "Benchling gave a token, and the app read entry %s\n", outcome.Entry)
	if c.options.DryRun {
		fmt.Fprintf(c.out, "dry run: nothing is written; would change in the secret: %s\n", orNothing(changed))
		return outcome, nil
	}
	if len(changed) > 0 {
		if err := c.writeSecret(ctx, there, given, changed); err != nil {
			return outcome, err
		}
		outcome.Changed = changed
	} else {
		fmt.Fprintln(c.out, "the secret has these credentials already")
	}
	if outcome.Replaced, err = c.replace(ctx, c.lastChange(ctx)); err != nil {
		return outcome, fmt.Errorf("%w\nthe secret is written: run this again, and it goes on from there", err)
	}
	outcome.Ready = true
	fmt.Fprintln(c.out, "ready: both services work with the secret")
	return outcome, nil
}

// readSecret returns the secret's fields, whatever they are.
func (c connection) readSecret(ctx context.Context) (map[string]any, error) {
	got, err := c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(c.secret)})
	if err != nil {
		return nil, refused("secretsmanager:GetSecretValue", c.secret, err)
	}
	fields := map[string]any{}
	if text := strings.TrimSpace(aws.ToString(got.SecretString)); text != "" && json.Unmarshal([]byte(text), &fields) != nil {
		return nil, fmt.Errorf("%s: its text isn't a JSON object, and would be lost; put {} into it with `aws secretsmanager put-secret-value`", c.secret)
	}
	return fields, nil
}

// writeSecret writes the secret with what is given over what is there.
func (c connection) writeSecret(ctx context.Context, there map[string]any, given credentials, changed []string) error {
	fmt.Fprintf(c.out, "writing %s into %s; its other fields stay\n", strings.Join(changed, ", "), c.secret)
	if !c.options.Yes {
		if c.person == nil {
			return errors.New("nothing is written: there is no terminal to ask at; pass --yes")
		}
		if yes, err := agrees(ctx, c.person, "Write it, and replace the tasks of both services?"); err != nil || !yes {
			return errors.Join(errors.New("nothing is written"), err)
		}
	}
	for name, value := range given {
		there[name] = value
	}
	text, err := json.Marshal(there)
	if err != nil {
		return err
	}
	_, err = c.secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(c.secret), SecretString: aws.String(string(text))})
	if err != nil {
		return refused("secretsmanager:PutSecretValue", c.secret, err)
	}
	return nil
}

// merge returns the credentials that the secret will have, and the names of those
// that are others now, in a fixed order.
func merge(there map[string]any, given credentials) (all credentials, changed []string) {
	all = credentials{}
	for _, name := range append(append([]string{}, requiredFields...), optionalFields...) {
		before, _ := there[name].(string)
		all[name] = before
		if value, is := given[name]; is && value != before {
			all[name] = value
			changed = append(changed, name)
		}
	}
	return all, changed
}

func orNothing(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
