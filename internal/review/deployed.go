package review

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"benchlingwebhook/internal/cdkfile"
	"benchlingwebhook/internal/cfn"
	"benchlingwebhook/internal/deployed"
)

// Deployed compares the templates that CloudFormation has of an environment's stacks
// with the working tree's, of the stacks that are nested in them, too. It reads the account of the AWS CLI's credentials and
// changes nothing there. What somebody changed past CloudFormation it can't see: its
// notes say what CloudFormation last found of that.
func Deployed(ctx context.Context, o Options, environment string) (result Review, err error) {
	sources, err := o.Sources()
	if err != nil {
		return result, err
	}
	cloud, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return result, fmt.Errorf("credentials: %w; set AWS_PROFILE to a profile of your AWS configuration", err)
	}
	scratch, err := os.MkdirTemp("", "review-")
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	after, err := synthesizeEnvironment(ctx, o.Tree, scratch, environment)
	if err != nil {
		return result, err
	}
	result, err = compareDeployed(ctx, cloud, after, sources)
	if err != nil {
		return result, err
	}
	result.Base = "deployed " + environment
	result.Commit, result.Uncommitted, err = stateOf(ctx, o.Tree)
	return result, err
}

// synthesizeEnvironment returns the templates of one environment of a tree, by stack.
func synthesizeEnvironment(ctx context.Context, tree, scratch, environment string) (map[string]cfn.Template, error) {
	all, environments, err := contextOf(tree)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(environments, environment) {
		return nil, fmt.Errorf("%s: environments.%s: not there; name one of %s", cdkfile.Name, environment, strings.Join(environments, ", "))
	}
	app, err := build(ctx, tree)
	if err != nil {
		return nil, err
	}
	return synthesizeOne(ctx, app, tree, scratch, all, environment)
}

// compareDeployed compares what is deployed of stacks with their new templates.
func compareDeployed(ctx context.Context, cloud aws.Config, after map[string]cfn.Template, sources Sources) (Review, error) {
	is := deployment{cloud: cloud, after: after, before: map[string]cfn.Template{}}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if !strings.Contains(name, "/") {
			problems = append(problems, is.read(ctx, name, name))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return Review{}, err
	}
	result, err := Compare(Input{Before: is.before, After: after}, sources)
	result.Notes = append(is.notes, result.Notes...)
	return result, err
}

// deployment is what CloudFormation has of an app's stacks.
type deployment struct {
	cloud aws.Config
	// after are the app's new templates, before those of what is deployed, by stack.
	after, before map[string]cfn.Template
	notes         []string
}

// read reads the stack of an ID, a name or an ARN, and those that are nested in it. Of
// one whose new template isn't known, nothing can be compared.
func (d *deployment) read(ctx context.Context, name, id string) error {
	if unread(name, d.after) {
		return nil
	}
	is, err := deployed.ReadTemplate(ctx, d.cloud, id)
	if errors.Is(err, deployed.ErrNoStack) {
		d.notes = append(d.notes, name+": not deployed in this account and region")
		return nil
	} else if err != nil {
		return err
	}
	if d.before[name], err = parsed("stack "+name, []byte(is.Text)); err != nil {
		return err
	}
	// A nested stack has the protection of the one that it is in.
	if name == id {
		d.before[name].Rest["TerminationProtection"] = is.Protected
	}
	d.notes = append(d.notes, name+": "+driftNote(is))
	nested, err := deployed.Nested(ctx, d.cloud, id)
	problems := []error{err}
	for _, child := range slices.Sorted(maps.Keys(nested)) {
		problems = append(problems, d.read(ctx, name+"/"+child, nested[child]))
	}
	return errors.Join(problems...)
}

// driftNote says what is known of changes past CloudFormation, which a comparison of
// templates doesn't see.
func driftNote(is deployed.Template) string {
	when := ""
	if !is.DriftChecked.IsZero() {
		when = " at " + is.DriftChecked.UTC().Format(time.RFC3339)
	}
	switch is.Drift {
	case "DRIFTED":
		return "drift found" + when + ": somebody changed resources past CloudFormation, which is not in this review"
	case "IN_SYNC":
		return "no drift" + when
	case "UNKNOWN":
		return "drift unknown" + when + ": CloudFormation couldn't look at every resource"
	}
	return "drift never looked for: `aws cloudformation detect-stack-drift` does"
}
