// Package operate does what the operator's program cmd/webhook is asked for, a
// file a verb.
package operate

import "benchlingwebhook/stacks"

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
