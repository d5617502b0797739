package stacks

import (
	"fmt"
	"maps"
	"os"

	"benchlingwebhook/internal/cdkfile"
)

// ReadContextFile returns the context of the cdk.json in the working directory.
func ReadContextFile() (map[string]any, error) {
	text, err := os.ReadFile(SettingsFile)
	if err != nil {
		return nil, fmt.Errorf("%w; run this in the folder of %s", err, SettingsFile)
	}
	return cdkfile.Context(text)
}

// The variables by which the CDK CLI passes the context: as JSON, and the file of
// what a variable has no room for.
//
// Source: aws-cdk-lib's cx-api, CONTEXT_ENV and CONTEXT_OVERFLOW_LOCATION_ENV.
const (
	contextVariable  = "CDK_CONTEXT_JSON"
	overflowVariable = "CONTEXT_OVERFLOW_LOCATION_ENV"
)

// ReadContext returns the context that the CDK CLI passes, or that of cdk.json
// where the app runs without the CLI. The CLI has read cdk.json as well, but of a
// key that is there twice it has dropped one.
func ReadContext() (map[string]any, error) {
	passed := os.Getenv(contextVariable)
	if passed == "" {
		return ReadContextFile()
	}
	context, err := cdkfile.ReadObject(contextVariable, []byte(passed))
	if err != nil {
		return nil, err
	}
	if file := os.Getenv(overflowVariable); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; let the CDK CLI set it, or unset it", overflowVariable, err)
		}
		rest, err := cdkfile.ReadObject(file, text)
		if err != nil {
			return nil, err
		}
		maps.Copy(context, rest)
	}
	if _, err := os.Stat(SettingsFile); err == nil {
		if _, err := ReadContextFile(); err != nil {
			return nil, err
		}
	}
	return context, nil
}
