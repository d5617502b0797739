package operate

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"benchlingwebhook/internal/deployed"
)

// deployedOf returns a stack's front door and its outputs, of which Connect needs all.
func deployedOf(ctx context.Context, cloud aws.Config, name string) (frontDoor, map[string]string, error) {
	stack, err := deployed.Read(ctx, cloud, name)
	if err != nil {
		return frontDoor{}, nil, err
	}
	var problems []error
	for _, output := range []string{"SecretArn", "ClusterName", "ServiceName", "WorkerServiceName"} {
		if stack.Outputs[output] == "" {
			problems = append(problems, fmt.Errorf("stack %q: no output %s: deploy the stack of this version first", name, output))
		}
	}
	door, err := doorOf(cloud, name, stack)
	return door, stack.Outputs, errors.Join(append(problems, err)...)
}

// refused returns what AWS said to a call about a resource, without the request's
// details.
func refused(action, resource string, err error) error {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return fmt.Errorf("%s: %s: %s: %s; allow this action, or try again", resource, action, api.ErrorCode(), api.ErrorMessage())
	}
	return fmt.Errorf("%s: %s: %w; try again", resource, action, err)
}
