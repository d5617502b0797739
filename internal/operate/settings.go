// Package operate does what the operator's program cmd/webhook is asked for, a
// file a verb.
package operate

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"benchlingwebhook/stacks"
)

// readSettings returns the settings of an environment in the working directory's
// cdk.json.
func readSettings(environment string) (stacks.Settings, error) {
	context, err := stacks.ReadContextFile()
	if err != nil {
		return stacks.Settings{}, err
	}
	context["environment"] = environment
	return stacks.ReadSettings(context)
}

// loadConfig returns the region and credentials that the AWS CLI would take; the
// load options come before them.
func loadConfig(ctx context.Context, load ...func(*config.LoadOptions) error) (aws.Config, error) {
	cloud, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return cloud, fmt.Errorf("credentials: %w; set AWS_PROFILE to a profile of your AWS configuration", err)
	}
	return cloud, nil
}

// Environments returns the names of the environments in the working directory's
// cdk.json, sorted; none where it can't be read.
func Environments() []string {
	context, err := stacks.ReadContextFile()
	if err != nil {
		return nil
	}
	environments, _ := context["environments"].(map[string]any)
	return slices.Sorted(maps.Keys(environments))
}
