package stacks

import (
	"encoding/json"
	"fmt"
	"os"
)

// ReadContextFile returns the context of the cdk.json in the working directory.
func ReadContextFile() (map[string]any, error) {
	text, err := os.ReadFile(settingsFile)
	if err != nil {
		return nil, fmt.Errorf("%w; run this in the folder of %s", err, settingsFile)
	}
	var file struct {
		Context map[string]any `json:"context"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w; correct the JSON", settingsFile, err)
	}
	return file.Context, nil
}
