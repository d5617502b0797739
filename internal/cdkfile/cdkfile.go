// Package cdkfile reads the JSON of cdk.json, and of what the CDK CLI makes of it. It needs
// no CDK.
package cdkfile

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Name is the file where environments and settings are written.
const Name = "cdk.json"

// Context returns the context of the text of a cdk.json; nil where it has none.
func Context(text []byte) (map[string]any, error) {
	file, err := ReadObject(Name, text)
	if err != nil {
		return nil, err
	}
	context, isObject := file["context"].(map[string]any)
	if file["context"] != nil && !isObject {
		return nil, fmt.Errorf("%s: context: %s is not an object; write {\"environments\": …}", Name, Show(file["context"]))
	}
	return context, nil
}

// Show returns a value as cdk.json writes it.
func Show(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSpace(text.String())
}
