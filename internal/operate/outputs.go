package operate

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"benchlingwebhook/internal/deployed"
)

// deployedOf returns a stack's front door and its outputs, of which the needed ones are there.
func deployedOf(ctx context.Context, cloud aws.Config, name string, needed ...string) (frontDoor, map[string]string, error) {
	stack, err := deployed.Read(ctx, cloud, name)
	if err != nil {
		return frontDoor{}, nil, err
	}
	door, err := doorOf(cloud, name, stack)
	return door, stack.Outputs, errors.Join(hasOutputs(name, stack, needed...), err)
}

// hasOutputs names the needed outputs that a stack lacks.
func hasOutputs(name string, stack deployed.Stack, needed ...string) error {
	var problems []error
	for _, output := range needed {
		if stack.Outputs[output] == "" {
			problems = append(problems, fmt.Errorf("stack %q: no output %s: deploy the stack of this version first", name, output))
		}
	}
	return errors.Join(problems...)
}

// refused returns what AWS said to a call about a resource, without the request's
// details.
func refused(action, resource string, err error) error {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return fmt.Errorf("%s: %s: %s: %s; allow this action, or try again", resource, action, api.ErrorCode(), api.ErrorMessage())
	}
	return fmt.Errorf("%s: %s: %w; try again", resource, action, err)
}
