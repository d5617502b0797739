package migrate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
)

// Former is what was found of a deployment of the predecessor.
type Former struct {
	// Stack is its stack's name, Outputs and Parameters what CloudFormation says.
	Stack               string
	Outputs, Parameters map[string]string
	// SecretID is its secret's ARN or name; empty where nothing names one.
	SecretID string
	// File is its configuration file; empty where there is none for the stack.
	File string
	// secret has the secret's fields, whose values are compared and never printed.
	secret map[string]any
	// profile is the configuration file's object.
	profile map[string]any
}

// Read returns what can be read of the predecessor's stack, secret and
// configuration file. The error has a line for each of them that can't; what
// could be read is returned all the same.
func Read(ctx context.Context, cloud aws.Config, stack, file string) (Former, error) {
	former := Former{Stack: stack, Outputs: map[string]string{}, Parameters: map[string]string{}}
	described, err := cloudformation.NewFromConfig(cloud).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	if err != nil {
		return former, fmt.Errorf("stack %q: %s; name the predecessor's stack, in the region of AWS_REGION", stack, said(err))
	}
	for _, output := range described.Stacks[0].Outputs {
		former.Outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	for _, parameter := range described.Stacks[0].Parameters {
		former.Parameters[aws.ToString(parameter.ParameterKey)] = aws.ToString(parameter.ParameterValue)
	}
	former.File, former.profile, err = readProfile(stack, file)
	problems := []error{err}
	former.SecretID = cmp.Or(former.Parameters["BenchlingSecretARN"], former.Outputs["BenchlingSecretArn"], former.Outputs["BenchlingSecret"],
		former.text("benchling.secretArn"))
	if former.SecretID != "" {
		former.secret, err = readSecret(ctx, cloud, former.SecretID)
		problems = append(problems, err)
	}
	return former, errors.Join(problems...)
}

// readSecret returns a secret's fields. An error has none of its text.
func readSecret(ctx context.Context, cloud aws.Config, id string) (map[string]any, error) {
	got, err := secretsmanager.NewFromConfig(cloud).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(id)})
	if err != nil {
		return nil, fmt.Errorf("secret %s: secretsmanager:GetSecretValue: %s; allow this action, or try again", id, said(err))
	}
	var fields map[string]any
	if json.Unmarshal([]byte(aws.ToString(got.SecretString)), &fields) != nil {
		return nil, fmt.Errorf("secret %s: not a JSON object; the predecessor can't read it either", id)
	}
	return fields, nil
}

// SecretFields returns the names of the secret's fields, sorted.
func (f Former) SecretFields() []string { return slices.Sorted(maps.Keys(f.secret)) }

// Credentials returns the secret's fields by the names here, for a call of
// Benchling. They aren't to be printed.
func (f Former) Credentials() map[string]string {
	all := map[string]string{}
	for _, name := range Names {
		to := name.To
		if name.Fate == Same {
			to = name.Name
		}
		if name.Place != Secret || name.Fate != Same && name.Fate != Taken {
			continue
		}
		for _, spelling := range append([]string{name.Name}, name.Also...) {
			if text, isText := f.secret[spelling].(string); isText && strings.TrimSpace(text) != "" {
				all[to] = strings.TrimSpace(text)
			}
		}
	}
	return all
}

// at returns what the configuration file has at a path such as "quilt.catalog".
func (f Former) at(path string) any {
	var value any = f.profile
	for _, name := range strings.Split(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// text returns a text of the configuration file; empty where it has none.
func (f Former) text(path string) string {
	text, _ := f.at(path).(string)
	return strings.TrimSpace(text)
}

// isIntegrated says whether it runs within a Quilt stack, which is From then.
func (f Former) isIntegrated() bool {
	isOn, _ := f.at("integratedStack").(bool)
	return isOn || f.Parameters["BenchlingWebhook"] != ""
}

// endpoint returns the URL that Benchling calls.
func (f Former) endpoint() string {
	return cmp.Or(f.Outputs["WebhookEndpoint"], f.Outputs["BenchlingWebhookEndpoint"], f.Outputs["BenchlingUrl"])
}

// unknownFields returns the paths of the configuration file that Names hasn't, sorted.
func (f Former) unknownFields() []string {
	found := []string{}
	var walk func(path string, object map[string]any)
	walk = func(path string, object map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(object)) {
			at := strings.TrimPrefix(path+"."+name, ".")
			known := slices.ContainsFunc(Names, func(n Name) bool { return n.Place == File && n.Name == at })
			// The file's own history, which configures nothing.
			if known || at == "_metadata" {
				continue
			}
			if below, isObject := object[name].(map[string]any); isObject {
				walk(at, below)
			} else {
				found = append(found, at)
			}
		}
	}
	walk("", f.profile)
	return found
}

// said returns an error of AWS without the request's details.
func said(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode() + ": " + api.ErrorMessage()
	}
	return err.Error()
}
